"""Previews are made beside the work: in a thread, the newest wins, and nobody waits for one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

Make = Callable[[], bytes | None]

log = logging.getLogger(__name__)


class Previews:
    """Makes what is offered last and shows it.

    A thread lives only while there is something to make, and rests after each as long as it took:
    a slow decoder gets half of a core at most.

    Args:
        show: Takes the encoded picture, in the thread.
    """

    def __init__(self, show: Callable[[bytes], None]) -> None:
        self._show = show
        self._lock = threading.Lock()
        self._next: Make | None = None
        self._working = False
        self._dropped = threading.Event()

    def offer(self, make: Make) -> None:
        """Make this next; what was offered before and is not begun is forgotten."""
        with self._lock:
            self._next = make
            if self._working:
                return
            self._working, self._dropped = True, threading.Event()
            dropped = self._dropped
        threading.Thread(target=self._work, args=[dropped], name="previews", daemon=True).start()

    def drop(self) -> None:
        """The work is over: nothing more is shown, not even what is being made."""
        with self._lock:
            self._next, self._working = None, False
            self._dropped.set()

    def _work(self, dropped: threading.Event) -> None:
        while (make := self._take(dropped)) is not None:
            started = time.monotonic()
            try:
                data = make()
            except Exception as error:  # a picture less is no reason to stop the work
                log.info("A preview could not be made: %r", error)
                data = None
            with self._lock:
                if data and not dropped.is_set():
                    self._show(data)
            dropped.wait(time.monotonic() - started)

    def _take(self, dropped: threading.Event) -> Make | None:
        with self._lock:
            if dropped.is_set():
                return None
            make, self._next = self._next, None
            self._working = make is not None
            return make
