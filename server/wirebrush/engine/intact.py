"""Notices a node that changes what it was given.

Inputs are not copied: the tensor that a function gets is the one that the cache keeps and other
nodes read. A function that writes into it would change their values without changing their keys.
torch counts the writes to a tensor, so a look before and after is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, cast

from wirebrush.engine.cache.store import Many

_PLAIN = (str, int, float, bool, bytes, type(None))


class Intact:
    """The tensors among a call's arguments, as they were."""

    __slots__ = ("_seen",)

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._seen = [
            (name, tensor, writes)
            for name, value in arguments.items()
            if type(value) not in _PLAIN
            for tensor, writes in _tensors(value)
        ]

    def changed(self) -> list[str]:
        """The arguments that were written to since, each once."""
        names = [name for name, tensor, writes in self._seen if tensor._version != writes]
        return list(dict.fromkeys(names))


def _tensors(value: Any) -> Iterator[tuple[Any, int]]:
    """The tensors in a value with the number of writes so far; no torch import, no recursion."""
    stack, visited = [value], set[int]()
    while stack:
        item = stack.pop()
        if type(item) in _PLAIN or id(item) in visited:
            continue
        visited.add(id(item))  # a list may hold itself
        writes = _writes(item)
        if writes is None:
            stack.extend(_parts(item))
        else:
            yield item, writes


def _writes(item: Any) -> int | None:
    """How often a tensor was written to; None for what is none, or is not counted by torch."""
    kind = cast("Any", type(item))
    if not (hasattr(kind, "_version") and hasattr(kind, "is_inference")) or item.is_inference():
        return None
    return item._version


def _parts(item: Any) -> Iterable[Any]:
    """What a container or a record of ours holds."""
    kind = cast("Any", type(item))
    if kind is Many:
        return item.items
    if issubclass(kind, dict):
        return item.values()
    if issubclass(kind, list | tuple):
        return item
    if hasattr(kind, "__value_type__") and is_dataclass(kind):
        return [getattr(item, field.name) for field in fields(kind)]
    return ()
