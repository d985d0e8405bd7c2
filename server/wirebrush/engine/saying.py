"""What a node says while it works: the latest word wins, and there are at most ten a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SECONDS = 0.1


class Saying:
    """Passes on what is said last: at once after a pause, else as soon as enough time is over.

    Args:
        tell: Takes a text, in the caller's thread or one that lives only until then.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._next: str | None = None
        self._timer: threading.Timer | None = None
        self._quiet_until = 0.0

    def say(self, text: str) -> None:
        """Tell this next; what was said before and is not told yet is forgotten."""
        with self._lock:
            self._next = text
            if self._timer is not None:
                return
            wait = self._quiet_until - time.monotonic()
            if wait <= 0:
                self._pass_on()
                return
            self._timer = threading.Timer(wait, self._due)
            self._timer.daemon = True
            self._timer.start()

    def end(self) -> None:
        """The work is over: the last word is told now."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._pass_on()

    def _due(self) -> None:
        with self._lock:
            self._pass_on()

    def _pass_on(self) -> None:
        text, self._next, self._timer = self._next, None, None
        if text is not None:
            self._quiet_until = time.monotonic() + SECONDS
            self._tell(text)
