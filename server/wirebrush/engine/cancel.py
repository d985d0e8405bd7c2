"""A flag that says "stop", and wakes whoever waits for something else."""

from __future__ import annotations

import threading
from collections.abc import Callable

from wirebrush.api import Cancelled


class Cancellation:
    """Set once, from any thread."""

    def __init__(self) -> None:
        self._set = False
        self._listeners: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def is_set(self) -> bool:
        """Whether the job was cancelled."""
        return self._set

    def set(self) -> None:
        """Cancel: listeners are called in this thread, once."""
        with self._lock:
            self._set = True
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()

    def on_set(self, listener: Callable[[], None]) -> None:
        """Call `listener` when it is set; at once if it is already."""
        with self._lock:
            if not self._set:
                self._listeners.append(listener)
                return
        listener()

    def check(self) -> None:
        """Raise Cancelled if it is set."""
        if self._set:
            raise Cancelled
