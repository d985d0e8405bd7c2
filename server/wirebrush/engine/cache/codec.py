"""Results as bytes and back: a JSON structure, tensors beside it. Never pickle.

Numbers, texts, None, lists, tuples, dicts, tensors, and the frozen records that are marked with
`api.value` (the built-in ones and those of packs) can be written. Anything else is `Unencodable`
and stays in memory. Only known records are ever built, whatever a file says.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

from wirebrush.api import Blocked
from wirebrush.engine.cache.store import Many
from wirebrush.engine.cache.tensors import can_pack, is_tensor, pack, unpack


class Unencodable(Exception):
    """The value cannot be kept on disk; it lives as long as the process."""


Tensors = dict[int, tuple[int, Any]]
"""Tensors by identity, with their place in the file: one that is used twice is written once."""


class Encoded(NamedTuple):
    """A value as bytes; `packed` if they are a safetensors file, else they are JSON."""

    data: bytes
    packed: bool


def record_types(modules: Iterable[object]) -> dict[str, type]:
    """All records of some modules that the disk cache may keep, by qualified name."""
    found: dict[str, type] = {}
    for module in modules:
        for item in vars(module).values():
            if isinstance(item, type) and is_dataclass(item) and hasattr(item, "__value_type__"):
                found[_name(item)] = item
    return found


class Codec:
    """Writes and reads values.

    Args:
        records: The record types that may be written and built, by qualified name.
    """

    def __init__(self, records: Mapping[str, type]) -> None:
        self._records = {**records, _name(Many): Many, _name(Blocked): Blocked}
        self._fields = {
            kind: tuple(item.name for item in fields(kind)) for kind in self._records.values()
        }

    def encode(self, values: tuple[Any, ...]) -> Encoded:
        """The values of a result as bytes; Unencodable if one cannot be written."""
        tensors: Tensors = {}
        try:
            structure = [self._lower(value, tensors) for value in values]
        except RecursionError as error:
            raise Unencodable("The value is nested too deeply.") from error
        text = _dump(structure)
        if tensors:
            return Encoded(pack([tensor for _, tensor in tensors.values()], text), True)
        return Encoded(text.encode("utf-8", "surrogatepass"), False)

    def decode(self, data: bytes | bytearray, packed: bool) -> tuple[Any, ...]:
        """The values that were encoded; ValueError if the bytes are damaged."""
        tensors: list[Any] = []
        if packed:
            tensors, text = unpack(data)
        else:
            text = bytes(data).decode("utf-8", "surrogatepass")
        try:
            return tuple(self._lift(item, tensors) for item in json.loads(text))
        except (KeyError, IndexError, TypeError, RecursionError) as error:
            raise ValueError(f"not a cached value: {error!r}") from error

    def _lower(self, value: Any, tensors: Tensors) -> Any:
        """The value as JSON: plain scalars as they are, everything else as `{tag: ...}`."""
        kind: type[Any] = value.__class__
        if kind in _PLAIN:
            return value
        if kind is list:
            return {"l": [self._lower(item, tensors) for item in value]}
        if kind is tuple:
            return {"t": [self._lower(item, tensors) for item in value]}
        if kind is dict:
            pairs = value.items()
            return {"d": [[self._lower(k, tensors), self._lower(v, tensors)] for k, v in pairs]}
        if is_tensor(value) and can_pack(value):
            return {"T": tensors.setdefault(id(value), (len(tensors), value))[0]}
        if kind is bytes:
            return {"b": base64.b64encode(value).decode("ascii")}
        names = self._fields.get(kind)
        if names is None:
            raise Unencodable(f"A {kind.__module__}.{kind.__qualname__} cannot be kept on disk.")
        return {"v": _name(kind), "f": [self._lower(getattr(value, n), tensors) for n in names]}

    def _lift(self, item: Any, tensors: list[Any]) -> Any:
        if type(item) is not dict:
            return item
        data: dict[str, Any] = item  # pyright: ignore[reportUnknownVariableType] (JSON)
        if "v" in data:
            kind = self._records[data["v"]]
            parts = [self._lift(part, tensors) for part in data["f"]]
            return kind(**dict(zip(self._fields[kind], parts, strict=True)))
        ((tag, body),) = data.items()
        return _LIFTS[tag](body, lambda part: self._lift(part, tensors), tensors)


Lift = Callable[[Any], Any]

_PLAIN = frozenset({int, str, float, bool, type(None)})
_LIFTS: Mapping[str, Callable[[Any, Lift, list[Any]], Any]] = {
    "l": lambda body, lift, _: [lift(part) for part in body],
    "t": lambda body, lift, _: tuple(lift(part) for part in body),
    "d": lambda body, lift, _: {lift(key): lift(value) for key, value in body},
    "T": lambda body, _, tensors: tensors[body],
    "b": lambda body, _lift, _: base64.b64decode(body),
}
_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
