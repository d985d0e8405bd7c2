"""What is resident: objects by key, what each cost and weighs, and which of their leaves may go."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from wirebrush.api.memory import Leaf
from wirebrush.engine.weighing import weights_of


@dataclass(slots=True)
class Resident:
    """An object that is kept.

    `size`: its bytes, wherever they are; `seconds`: what it took to build; `on_device`: bytes on
    the device, of what has no leaves; `holders`: how many use it now.
    """

    object: Any
    size: int
    seconds: float
    on_device: int = 0
    uses: int = 1
    age: float = 0.0
    used_at: float = field(default_factory=time.monotonic)
    holders: int = 0

    @property
    def worth(self) -> float:
        """What its bytes are worth as a whole, frequency and cost against size (GDSF)."""
        return self.age + self.uses * self.seconds / max(self.size, 1)

    def leaves(self) -> Sequence[Leaf]:
        """Its parts that can leave by themselves."""
        leaves = getattr(self.object, "leaves", None)
        return leaves() if callable(leaves) else ()  # pyright: ignore[reportReturnType]

    def touched(self) -> None:
        """It was used again."""
        self.uses += 1
        self.used_at = time.monotonic()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Something that could leave the device."""

    worth: float
    size: int
    key: str
    leaf: Leaf | None


class Residents:
    """All that is kept in one process for one device. Safe in several threads."""

    def __init__(self, kind: str) -> None:
        self.items: dict[str, Resident] = {}
        self.lock = threading.RLock()
        self._kind = kind

    @property
    def used(self) -> int:
        """Bytes of all objects, wherever they are."""
        return sum(item.size for item in list(self.items.values()))

    def add(self, key: str, item: Any, size: int | None, seconds: float, age: float) -> None:
        """Keep an object; without a size its tensors are weighed."""
        weights = weights_of(item)
        kept = Resident(item, sum(weights.values()) if size is None else size, seconds, age=age)
        if not kept.leaves() and (self._kind != "cpu" or hasattr(item, "parameters")):
            kept.on_device = weights.get(self._kind, 0)  # what is no network stays with the host
        with self.lock:
            self.items[key] = kept

    def on_device(self, *, free_only: bool = False) -> int:
        """Bytes on the device; or of those only that nobody holds."""
        with self.lock:
            items = [item for item in self.items.values() if not (free_only and item.holders)]
        return sum(item.on_device + sum(leaf.size for leaf in item.leaves()) for item in items)

    def shed(self, wanted: int) -> tuple[int, int]:
        """Let go of `wanted` bytes on the device, least worth first; what went, and its bytes."""
        gone = freed = 0
        with self.lock:
            for candidate in sorted(self._candidates(), key=_order):
                if freed >= wanted:
                    break
                if candidate.leaf is None:
                    del self.items[candidate.key]
                else:
                    candidate.leaf.leave()
                gone, freed = gone + 1, freed + candidate.size
        return gone, freed

    @contextmanager
    def held(self, objects: Sequence[object]) -> Generator[None]:
        """Nothing of these leaves while the block runs."""
        with self.lock:
            wanted = {id(item) for item in objects}
            mine = [item for item in self.items.values() if id(item.object) in wanted]
            for item in mine:
                item.holders += 1
        try:
            yield
        finally:
            with self.lock:
                for item in mine:
                    item.holders -= 1
                    item.touched()

    def _candidates(self) -> Iterator[_Candidate]:
        now = time.monotonic()
        for key, item in self.items.items():
            if item.holders:
                continue
            calm = item.uses / (1.0 + now - item.used_at)  # often and lately is worth more
            if item.on_device:
                worth = calm * item.seconds / item.on_device
                yield _Candidate(worth, item.on_device, key, None)
            for leaf in item.leaves():
                if leaf.size:
                    yield _Candidate(calm * leaf.seconds / leaf.size, leaf.size, key, leaf)


def _order(candidate: _Candidate) -> tuple[float, int]:
    """By worth; of equals the largest first, so that few have to come back."""
    return candidate.worth, -candidate.size
