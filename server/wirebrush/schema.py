"""JSON Schema of what travels between processes and to the browser, derived from the dataclasses.

Nothing is written twice: types for TypeScript and the OpenAPI document come from here.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, Union, cast, get_args, get_origin

from wirebrush import events
from wirebrush.api import spec

_SCALARS: Mapping[Any, Mapping[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
    object: {},
}
_NAMES: Mapping[type[Any], str] = {
    spec.Output: "NodeOutput",  # there is another Output: a file or text that a node shows
    spec.Port: "NodePort",
    spec.Widget: "NodeWidget",
}
_ALWAYS: Mapping[type[Any], frozenset[str]] = {
    spec.NodeSpec: frozenset(
        {"id", "title", "category", "help", "version", "cache", "pack", "source"}
        | {"inputs", "outputs"}
    ),
    spec.Port: frozenset({"name", "type"}),
    spec.Output: frozenset({"name", "type"}),
    spec.Widget: frozenset({"kind"}),
}
"""Records whose JSON leaves out what is at its default, and the fields that are always there."""


class Schemas:
    """Schemas of annotations; each dataclass becomes one named definition.

    Args:
        prefix: Before the names of definitions in a `$ref`.
        instead: Annotations to use in the place of a field's own, by "Class.field": where a
            record carries JSON that was made before.
        merged: "Class.field" whose record's fields stand beside the others instead of inside.
    """

    def __init__(
        self,
        prefix: str = "#/$defs/",
        instead: Mapping[str, Any] | None = None,
        merged: Iterable[str] = (),
    ) -> None:
        self._prefix = prefix
        self._instead = dict(instead or {})
        self._merged = frozenset(merged)
        self._kinds: dict[str, type[Any]] = {}
        self.definitions: dict[str, dict[str, Any]] = {}

    def of(self, shape: Any) -> dict[str, Any]:
        """The schema of an annotation; or of an object, given as annotations by field name.

        Fields of such an object that may be None may also be left out.
        """
        if isinstance(shape, Mapping):
            return self._object(cast("Mapping[str, Any]", shape))
        if shape in _SCALARS:
            return dict(_SCALARS[shape])
        if isinstance(shape, type) and is_dataclass(shape):
            return self.record(shape)
        return self._generic(shape)

    def _generic(self, shape: Any) -> dict[str, Any]:
        origin, arguments = get_origin(shape), get_args(shape)
        if origin is typing.Annotated:
            return self.of(arguments[0])
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(item) for item in arguments]}
        if origin in (list, tuple, Sequence):
            return {"type": "array", "items": self.of(arguments[0])}
        if origin in (dict, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        raise TypeError(f"{shape!r} has no JSON Schema here.")

    def record(self, kind: type[Any], tag: str | None = None, sparse: bool = False) -> Any:
        """A reference to a dataclass. With a `tag`, its JSON also has `"type": tag`.

        `sparse` records may lack the fields that have a default; others always have them all.
        """
        name = _NAMES.get(kind, kind.__name__)
        if self._kinds.setdefault(name, kind) is not kind:
            raise TypeError(f"{kind!r} and {self._kinds[name]!r} would have the same name.")
        if name not in self.definitions:
            self.definitions[name] = {}  # stands for itself while its fields are looked at
            self.definitions[name] = self._definition(kind, tag, sparse)
        return {"$ref": self._prefix + name}

    def union(self, name: str, kinds: Mapping[str, type[Any]], sparse: bool = False) -> None:
        """Define `name` as one of several records that their "type" tells apart."""
        self.definitions[name] = {
            "oneOf": [self.record(kind, tag, sparse) for tag, kind in kinds.items()]
        }

    def _object(self, shapes: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {name: self.of(shape) for name, shape in shapes.items()},
            "required": [
                name for name, shape in shapes.items() if type(None) not in get_args(shape)
            ],
        }

    def _definition(self, kind: type[Any], tag: str | None, sparse: bool) -> dict[str, Any]:
        hints = typing.get_type_hints(kind, include_extras=True)
        properties: dict[str, Any] = {} if tag is None else {"type": {"const": tag}}
        required = list(properties)
        inside: list[Any] = []
        for item in fields(kind):
            path = f"{kind.__name__}.{item.name}"
            shape = self._instead.get(path, hints[item.name])
            if item.name.startswith("_") or shape is bytes:  # bytes travel beside the JSON
                continue
            if path in self._merged:
                inside.append(self.of(shape))
                continue
            properties[item.name] = self.of(shape)
            if _always_there(kind, item, sparse):
                required.append(item.name)
        schema: dict[str, Any] = {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        if inside:
            schema["allOf"] = inside
        if kind.__doc__ and not kind.__doc__.startswith(f"{kind.__name__}("):
            schema["description"] = " ".join(kind.__doc__.partition("\n\n")[0].split())
        return schema


def wire_schema(
    records: Iterable[type[Any]] = (),
    client: Mapping[str, type[Any]] | None = None,
    server: Mapping[str, type[Any]] | None = None,
    instead: Mapping[str, Any] | None = None,
    merged: Iterable[str] = (),
) -> dict[str, Any]:
    """The JSON Schema document of the catalog, the events, and what the upper floors add.

    Args:
        records: Further records that travel, such as a job's.
        client: The messages of a browser, by their "type".
        server: The messages to a browser, by their "type".
        instead: See `Schemas`.
        merged: See `Schemas`.
    """
    schemas = Schemas(instead=instead, merged=merged)
    schemas.definitions["JobState"] = schemas.of(events.JobState)
    schemas.of(spec.NodeSpec)
    schemas.definitions["Catalog"] = _catalog(schemas)
    schemas.union("Event", {_snake(kind.__name__): kind for kind in get_args(events.Event)})
    for kind in records:
        schemas.of(kind)
    if client:
        schemas.union("ClientMessage", client, sparse=True)
    if server:
        schemas.union("ServerMessage", server)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Wirebrush: what travels between its processes and to the browser",
        "$defs": dict(sorted(schemas.definitions.items())),
    }


def _catalog(schemas: Schemas) -> dict[str, Any]:
    text = {"type": "string"}
    failure = {"pack": text, "error": text, "traceback": text}
    return {
        "type": "object",
        "description": "Every node type, and the packs that failed to load.",
        "properties": {
            "digest": text,
            "nodes": schemas.of(tuple[spec.NodeSpec, ...]),
            "failures": {
                "type": "array",
                "items": {"type": "object", "properties": failure, "required": list(failure)},
            },
        },
        "required": ["digest", "nodes", "failures"],
    }


def _always_there(kind: type[Any], item: Field[Any], sparse: bool) -> bool:
    if kind in _ALWAYS:
        return item.name in _ALWAYS[kind]
    has_default = item.default is not MISSING or item.default_factory is not MISSING
    return not (sparse and has_default)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
