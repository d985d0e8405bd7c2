"""Single flight: a key that two jobs want at once is computed by one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from wirebrush.engine.cache.store import Result

Arrived = Callable[[Result | None], None]


class Flights:
    """Keys that are being computed in this process, and who waits for them."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, list[Arrived]] = {}
        self._lock = threading.Lock()

    def claim(self, key: bytes, arrived: Arrived) -> bool:
        """True: the key is yours to compute, and you must `land` it. False: someone else has it,
        and `arrived` will be called, in their thread, with the result or None if they gave up."""
        with self._lock:
            waiting = self._waiting.get(key)
            if waiting is None:
                self._waiting[key] = []
                return True
            waiting.append(arrived)
            return False

    def land(self, key: bytes, result: Result | None) -> None:
        """Hand the result to those who wait. They try themselves if it is None."""
        with self._lock:
            waiting = self._waiting.pop(key, ())
        for arrived in waiting:
            arrived(result)
