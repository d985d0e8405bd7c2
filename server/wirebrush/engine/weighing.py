"""How many bytes an object's tensors take: each storage once, wherever it hangs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

DEPTH = 5

Extents = dict[str, list[tuple[int, int]]]
"""By kind of device: where tensors begin and end."""


def weights_of(item: Any) -> Mapping[str, int]:
    """Bytes of the tensors that an object holds, by the kind of device they are on ("cpu", "cuda").

    They are a module's parameters and buffers, or those in its attributes and items, a few levels
    deep. What they share is counted once.
    """
    extents: Extents = {}
    _weigh(item, extents, set(), DEPTH)
    return {kind: _covered(found) for kind, found in extents.items()}


def _covered(extents: Iterable[tuple[int, int]]) -> int:
    """How much the extents cover together."""
    total, reached = 0, 0
    for start, end in sorted(extents):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total


def _weigh(item: Any, extents: Extents, seen: set[int], depth: int) -> None:
    nbytes = getattr(item, "nbytes", None)
    if isinstance(nbytes, int):
        kind, start = _place(item, nbytes)
        extents.setdefault(kind, []).append((start, start + nbytes))
        return
    if depth == 0 or id(item) in seen or isinstance(item, str | bytes | type):
        return
    seen.add(id(item))
    for part in _parts(item):
        _weigh(part, extents, seen, depth - 1)


def _place(item: Any, nbytes: int) -> tuple[str, int]:
    """Where a tensor or array lies. What has no address stands for itself."""
    kind = str(getattr(getattr(item, "device", None), "type", "cpu"))
    pointer = getattr(item, "data_ptr", None)
    address = int(pointer()) if callable(pointer) and kind != "meta" else 0  # pyright: ignore[reportArgumentType]
    return (kind, address) if address else (f"{kind} {id(item)}", 1)


def _parts(item: Any) -> list[Any]:
    """What an object consists of, as far as it may hold weights."""
    if callable(getattr(item, "parameters", None)) and callable(getattr(item, "buffers", None)):
        return [*item.parameters(), *item.buffers()]
    if isinstance(item, Mapping):
        return list(item.values())  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(item, list | tuple | set):
        return list(item)  # pyright: ignore[reportUnknownArgumentType]
    slots = [getattr(item, name, None) for name in getattr(item, "__slots__", ())]
    return [*slots, *getattr(item, "__dict__", {}).values()]
