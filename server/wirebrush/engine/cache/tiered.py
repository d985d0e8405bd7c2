"""Memory in front of disk: what is taken from disk stays in memory for the next question."""

from __future__ import annotations

from collections.abc import Iterable

from wirebrush.engine.cache.disk import DiskStore
from wirebrush.engine.cache.memory import MemoryStore
from wirebrush.engine.cache.store import Result, Shown


class TieredStore:
    """Both tiers as one store. `put` keeps in memory; the recorder writes to `disk` in batches."""

    def __init__(self, memory: MemoryStore, disk: DiskStore | None) -> None:
        self.memory = memory
        self.disk = disk

    def has(self, keys: Iterable[bytes]) -> dict[bytes, Shown]:
        """Those of the keys that are in either tier: the index on disk is asked once."""
        wanted = list(keys)
        found = self.memory.has(wanted)
        if self.disk is not None and len(found) < len(wanted):
            found.update(self.disk.has(key for key in wanted if key not in found))
        return found

    def get(self, key: bytes) -> Result | None:
        """The result, from memory or else from disk."""
        result = self.memory.get(key)
        if result is None and self.disk is not None:
            result = self.disk.get(key)
            if result is not None:
                self.disk.touch(key)
                self.memory.put(key, result)
        return result

    def put(self, key: bytes, result: Result) -> None:
        """Keep it in memory."""
        self.memory.put(key, result)

    def drop(self, key: bytes) -> None:
        """Forget it everywhere."""
        self.memory.drop(key)
        if self.disk is not None:
            self.disk.drop(key)
