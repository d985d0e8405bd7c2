"""The published JSON Schema of `wirebrush/1`, for editors and other tools.

It says what a file looks like; what it cannot say (that a node type exists, that a value is in
range) is the catalog's business. Further fields are allowed everywhere: they are kept.
"""

from __future__ import annotations

from typing import Any

from wirebrush.graph.migrations import FORMAT

SCHEMA_ID = "urn:wirebrush:schema:workflow:1"


def workflow_schema() -> dict[str, Any]:
    """The schema as JSON data."""
    graph = {
        "nodes": _map(_ref("node"), "Nodes by id; an id has no slash.", "^[^/]+$"),
        "wires": _list(_ref("wire"), "An input has at most one wire."),
        "frames": _list(_ref("frame"), "Titled boxes behind nodes."),
        "notes": _list(_ref("note"), "Texts on the canvas."),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "A Wirebrush workflow",
        "type": "object",
        "required": ["format", "nodes"],
        "properties": {
            "format": {"const": FORMAT},
            "id": _text("A UUID that stays with the document."),
            "name": _text("What the document is called."),
            **graph,
            "subgraphs": _map(_ref("subgraph"), "Definitions by id, for their instances."),
            "view": {"type": "object", "description": "Where the person was looking."},
        },
        "$defs": {**_leaves(), "subgraph": _subgraph(graph)},
    }


def _leaves() -> dict[str, Any]:
    place = {"at": _ref("point"), "size": _ref("point")}
    return {
        "point": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
        "end": {
            "type": "array",
            "description": "Node id and port name; #0 for the first port.",
            "items": {"type": "string"},
            "minItems": 2,
            "maxItems": 2,
        },
        "wire": _object(
            {
                "from": _ref("end"),
                "to": _ref("end"),
                "knots": _list(_ref("point"), "Points that it is drawn through, from its source."),
            },
            ["from", "to"],
        ),
        "frame": _object({"id": _text(), "title": _text(), **place, "color": _text()}),
        "note": _object({"id": _text(), "text": _text(), **place, "color": _text()}),
        "node": _object(
            {
                "type": {
                    "type": "string",
                    "pattern": r"\S",
                    "description": "A node type's id, or subgraph:<id> for an instance.",
                },
                **place,
                "title": _text("Instead of the type's own title."),
                "values": {"type": "object", "description": "Values by input name."},
                "controls": _map(_text(), "What to do with a value before a run: randomize..."),
                "mode": {"enum": ["", "mute", "bypass"]},
                "collapsed": {"type": "boolean"},
                "color": _text(),
            },
            ["type"],
        ),
    }


def _subgraph(graph: dict[str, Any]) -> dict[str, Any]:
    port = {"id": {"type": "string", "minLength": 1}, "name": _text(), "type": _text()}
    inputs = _object({**port, "to": _list(_ref("end"), "The inputs inside.")}, ["id"])
    given = {"$ref": "#/$defs/end", "description": 'The output inside; ["", ""]: none.'}
    outputs = _object({**port, "from": given}, ["id", "from"])
    ports = {
        "inputs": _list(inputs, "Ports of the instances; wires use their ids."),
        "outputs": _list(outputs, "Ports of the instances; wires use their ids."),
    }
    drawn = "Where the nodes stand that stand for the ports inside, and how their wires are drawn."
    border = {"ports": {"type": "object", "description": drawn}}
    return _object({"name": _text(), **ports, **graph, **border}, ["nodes"])


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _text(description: str = "") -> dict[str, Any]:
    return {"type": "string", "description": description} if description else {"type": "string"}


def _list(items: dict[str, Any], description: str) -> dict[str, Any]:
    return {"type": "array", "description": description, "items": items}


def _map(items: dict[str, Any], description: str, names: str = "") -> dict[str, Any]:
    schema = {"type": "object", "description": description, "additionalProperties": items}
    return {**schema, "propertyNames": {"pattern": names}} if names else schema


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema
