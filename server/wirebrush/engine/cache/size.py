"""How many bytes a value holds on to. Roughly: it steers eviction, it does not account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

OVERHEAD = 200
"""Bytes of bookkeeping for one entry, so that a million empty results are not free."""

UNKNOWN = 1 << 20

_SMALL = frozenset({int, float, bool, type(None)})
_TEXTS = frozenset({str, bytes})


def size_of(value: Any) -> int:
    """Bytes, counting tensors, texts, containers and records; shared parts count twice."""
    try:
        return _size_of(value)
    except Exception:  # a value that contains itself, a property that raises: it is a guess anyway
        return UNKNOWN


def _size_of(value: Any) -> int:
    kind: type[Any] = value.__class__
    if kind in _SMALL:
        return 32
    if kind in _TEXTS:
        return 56 + len(value)
    nbytes = getattr(value, "nbytes", None)
    if isinstance(nbytes, int):
        return 128 + nbytes
    if isinstance(value, tuple | list | set | frozenset):
        return 64 + sum(map(_size_of, value))  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, Mapping):
        return 128 + sum(_size_of(k) + _size_of(v) for k, v in value.items())  # pyright: ignore[reportUnknownVariableType]
    if is_dataclass(value):
        return 64 + sum(_size_of(getattr(value, item.name)) for item in fields(value))
    return 256
