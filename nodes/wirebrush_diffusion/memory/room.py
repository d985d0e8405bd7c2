"""What the library must know of a device's memory, from whoever owns the device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Room(Protocol):
    """The memory of one device, shared by everything on it."""

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
        """What a person said about the limit, such as an option; empty: it is the hardware's."""
        ...

    @property
    def apart(self) -> bool:
        """Whether weights have to be brought here from the host's memory."""
        ...

    def available(self) -> int:
        """Bytes that are free now."""
        ...

    def reachable(self) -> int:
        """Bytes that would be free if all left that nobody is using."""
        ...

    def make_room(self, wanted: int) -> int:
        """Let what is least worth leave until `wanted` bytes are free; returns `available`."""
        ...

    def held(self, *items: object) -> AbstractContextManager[None]:
        """Nothing of these leaves while the block runs."""
        ...


class Plenty:
    """The processor's memory, without any limit: for scripts."""

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
    def held(self, *items: object) -> Iterator[None]:
        yield
