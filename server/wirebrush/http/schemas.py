"""JSON Schema from annotations: what a dataclass looks like as JSON."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin

_SCALARS: Mapping[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
    object: {},
}


class Schemas:
    """Schemas of annotations; dataclasses become named definitions, referred to by `prefix`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.definitions: dict[str, dict[str, Any]] = {}

    def of(self, shape: Any) -> dict[str, Any]:
        """The schema of an annotation, or of a mapping of names to annotations."""
        if isinstance(shape, Mapping):
            named: dict[str, Any] = {str(name): item for name, item in shape.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            return self._object({name: (item, _may_lack(item)) for name, item in named.items()})
        if shape in _SCALARS:
            return dict(_SCALARS[shape])
        if isinstance(shape, type) and is_dataclass(shape):
            return self._definition(shape)
        return self._generic(shape)

    def _generic(self, shape: Any) -> dict[str, Any]:
        origin, arguments = get_origin(shape), get_args(shape)
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(item) for item in arguments]}
        if origin in (list, tuple, set, frozenset, Sequence):
            return {"type": "array", "items": self.of(arguments[0]) if arguments else {}}
        if origin in (dict, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        raise TypeError(f"{shape!r} has no JSON Schema here")

    def _definition(self, kind: type[Any]) -> dict[str, Any]:
        name = kind.__name__ if kind.__module__ != "wirebrush.api.spec" else f"Node{kind.__name__}"
        name = "NodeSpec" if name == "NodeNodeSpec" else name
        if name not in self.definitions:
            self.definitions[name] = {}  # stands for itself while its fields are looked at
            hints = typing.get_type_hints(kind)
            known = {
                item.name: (hints[item.name], _has_default(item))
                for item in fields(kind)
                if not item.name.startswith("_")
            }
            schema = self._object(known)
            if kind.__doc__:
                schema["description"] = kind.__doc__.strip().partition("\n\n")[0]
            self.definitions[name] = schema
        return {"$ref": self._prefix + name}

    def _object(self, known: Mapping[str, tuple[Any, bool]]) -> dict[str, Any]:
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {name: self.of(item) for name, (item, _) in known.items()},
        }
        required = [name for name, (_, may_lack) in known.items() if not may_lack]
        if required:
            schema["required"] = required
        return schema


def _may_lack(shape: Any) -> bool:
    return type(None) in get_args(shape)


def _has_default(item: Any) -> bool:
    return item.default is not MISSING or item.default_factory is not MISSING
