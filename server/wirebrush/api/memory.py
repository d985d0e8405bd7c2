"""A device's memory, as nodes that bring weights there see it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Leaf(Protocol):
    """A part of something resident that can leave the device by itself."""

    @property
    def size(self) -> int:
        """Bytes on the device now; 0 while it is away."""
        ...

    @property
    def seconds(self) -> float:
        """About how long it takes to have it back."""
        ...

    def leave(self) -> None:
        """Free those bytes."""
        ...


class Memory(Protocol):
    """What there is and how to get more of it. Things with a method `leaves()` that are kept by
    `run.resident` leave in parts, others as a whole: what is least worth its bytes first."""

    @property
    def device(self) -> str:
        """The torch device: "cpu", "cuda:0"..."""
        ...

    @property
    def limit(self) -> int:
        """Bytes that may be used."""
        ...

    @property
    def limited_by(self) -> str:
        """The option by which a person set the limit; empty if it is the hardware's."""
        ...

    @property
    def apart(self) -> bool:
        """Whether weights have to be brought here: a card, or a simulated one (`--vram-limit`)."""
        ...

    def available(self) -> int:
        """Bytes that are free now."""
        ...

    def reachable(self) -> int:
        """Bytes that would be free if all left that nobody holds."""
        ...

    def make_room(self, wanted: int) -> int:
        """Let go of what is least worth until `wanted` bytes are free; returns `available`."""
        ...

    def held(self, *items: object) -> AbstractContextManager[None]:
        """Nothing of these leaves while the block runs."""
        ...


class PlentyOfMemory:
    """The processor's memory, without any limit."""

    device = "cpu"
    limit = 2**62
    limited_by = ""
    apart = False

    def available(self) -> int:
        return self.limit

    def reachable(self) -> int:
        return self.limit

    def make_room(self, wanted: int) -> int:
        return self.limit

    @contextmanager
    def held(self, *items: object) -> Generator[None]:
        yield
