"""One spelling for every value, so that equal values give equal recipe keys.

Each value is written as a tag, a length where needed, and its content: no two different values
share a spelling (1, 1.0, True and "1" all differ), and nothing depends on `repr` or on the order
of a dict. Tensors are spelled by dtype, shape and content.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import blake2b
from typing import Any


class Unkeyable(TypeError):
    """The value has no spelling: it is an object of which nothing is known."""


def digest(*parts: bytes) -> bytes:
    """blake2b-128 over the parts, joined; the parts must say themselves where they end."""
    return blake2b(b"".join(parts), digest_size=16).digest()


def canonical(value: Any) -> bytes:
    """The spelling of a value; Unkeyable for objects that are no records, numbers, texts..."""
    kind: type[Any] = value.__class__
    spell = _SPELLINGS.get(kind)
    return spell(value) if spell is not None else _other(value)


def _text(value: str) -> bytes:
    raw = value.encode("utf-8", "surrogatepass")
    return b"s%d:%b" % (len(raw), raw)


def _bytes(value: bytes) -> bytes:
    return b"b%d:%b" % (len(value), value)


def _sequence(tag: bytes, items: list[bytes]) -> bytes:
    return b"%b%d:%b" % (tag, len(items), b"".join(items))


def _mapping(value: Mapping[Any, Any]) -> bytes:
    pairs = sorted((canonical(key), canonical(item)) for key, item in value.items())
    return _sequence(b"m", [key + item for key, item in pairs])


def _record(value: Any) -> bytes:
    kind: type[Any] = value.__class__
    parts = [_text(f"{kind.__module__}.{kind.__qualname__}")]
    for item in fields(value):
        parts += (_text(item.name), canonical(getattr(value, item.name)))
    return _sequence(b"r", parts)


def _tensor(value: Any) -> bytes:
    raw = value.detach().cpu().contiguous().reshape(-1).view(sys.modules["torch"].uint8).numpy()
    shape = ",".join(str(size) for size in value.shape)
    return _sequence(b"T", [_text(str(value.dtype)), _text(shape), digest(raw)])


def _array(value: Any) -> bytes:
    shape = ",".join(str(size) for size in value.shape)
    return _sequence(b"A", [_text(str(value.dtype)), _text(shape), digest(value.tobytes())])


def _other(value: Any) -> bytes:
    kind: type[Any] = value.__class__
    if is_dataclass(value):
        return _record(value)
    if isinstance(value, Enum):
        return _sequence(b"e", [_text(f"{kind.__module__}.{kind.__qualname__}"), _text(value.name)])
    if isinstance(value, Mapping):
        return _mapping(value)  # pyright: ignore[reportUnknownArgumentType]
    if kind.__module__.partition(".")[0] == "torch" and hasattr(value, "untyped_storage"):
        return _tensor(value)
    if kind.__module__ == "numpy" and hasattr(value, "tobytes"):
        return _array(value)
    raise Unkeyable(f"A {kind.__name__} has no content that a key could be made of.")


_SPELLINGS: Mapping[type, Callable[[Any], bytes]] = {
    str: _text,
    int: lambda value: b"i%d;" % value,
    float: lambda value: b"f" + value.hex().encode() + b";",
    bool: lambda value: b"t" if value else b"u",
    type(None): lambda _value: b"n",
    bytes: _bytes,
    list: lambda value: _sequence(b"l", [canonical(item) for item in value]),
    tuple: lambda value: _sequence(b"p", [canonical(item) for item in value]),
    set: lambda value: _sequence(b"S", sorted(canonical(item) for item in value)),
    frozenset: lambda value: _sequence(b"S", sorted(canonical(item) for item in value)),
    dict: _mapping,
}
