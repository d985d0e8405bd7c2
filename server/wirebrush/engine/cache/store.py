"""What a result is, and what every store of results can do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from wirebrush.events import Output

Shown = tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Many:
    """A list value on a wire: a node below that takes one of them runs once per item."""

    items: tuple[Any, ...]


class Result(NamedTuple):
    """What a node gave: one value per output, what it shows, and what it cost."""

    values: tuple[Any, ...]
    shown: Shown = ()
    seconds: float = 0.0


class Store(Protocol):
    """Results by recipe key. A store may forget anything at any time."""

    def has(self, keys: Iterable[bytes]) -> Mapping[bytes, Shown]:
        """Those of the keys that are here, with what their nodes show."""
        ...

    def get(self, key: bytes) -> Result | None:
        """The result, or None if it is not here (any more)."""
        ...

    def put(self, key: bytes, result: Result) -> None:
        """Keep a result, if there is room and it can be kept."""
        ...

    def drop(self, key: bytes) -> None:
        """Forget a result."""
        ...
