"""The memory tier: live objects, bounded by bytes; what was dear to make and is small stays.

GreedyDual-Size-Frequency (Cherkasova 1998): an entry is worth `age + uses * seconds / bytes`, the
least worthy leave first, and `age` rises to the worth of whoever left last, so that old favourites
fade. Evicting in sweeps of a tenth keeps a put at O(1) amortised, without a heap.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from wirebrush.engine.cache.size import OVERHEAD, size_of
from wirebrush.engine.cache.store import Result, Shown

SWEEP_TO = 0.9


@dataclass(slots=True)
class _Entry:
    result: Result
    size: int
    worth: float
    uses: int = 1


class MemoryStore:
    """Results as live objects. Safe for threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self._age = 0.0
        self._entries: dict[bytes, _Entry] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: bytes) -> bool:
        return key in self._entries

    def has(self, keys: Iterable[bytes]) -> dict[bytes, Shown]:
        """Those of the keys that are here."""
        entries = self._entries
        found = ((key, entries.get(key)) for key in keys)
        return {key: entry.result.shown for key, entry in found if entry is not None}

    def get(self, key: bytes) -> Result | None:
        """The result; each use makes it worth more."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        entry.uses += 1
        entry.worth = self._worth(entry)
        return entry.result

    def put(self, key: bytes, result: Result) -> None:
        """Keep it, unless it alone would fill the store."""
        size = OVERHEAD + size_of(result.values)
        if size > self.limit:
            return
        entry = _Entry(result, size, 0.0)
        entry.worth = self._worth(entry)
        with self._lock:
            old = self._entries.pop(key, None)
            self._entries[key] = entry
            self.bytes += size - (old.size if old else 0)
            if self.bytes > self.limit:
                self._sweep(int(self.limit * SWEEP_TO))

    def drop(self, key: bytes) -> None:
        """Forget a result."""
        with self._lock:
            entry = self._entries.pop(key, None)
            if entry is not None:
                self.bytes -= entry.size

    def shrink(self, to: int) -> int:
        """Evict down to so many bytes; returns how many were freed."""
        with self._lock:
            before = self.bytes
            self._sweep(to)
            return before - self.bytes

    def _worth(self, entry: _Entry) -> float:
        return self._age + entry.uses * entry.result.seconds / entry.size

    def _sweep(self, to: int) -> None:
        for key, entry in sorted(self._entries.items(), key=lambda item: item[1].worth):
            if self.bytes <= to:
                break
            del self._entries[key]
            self.bytes -= entry.size
            self._age = max(self._age, entry.worth)
