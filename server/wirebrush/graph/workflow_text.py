"""Writing a workflow: the same document always gives the same text, and small edits small diffs.

One line per field of a node, per value and per wire. Nodes stand in the order that JavaScript
gives to the keys of an object (numbers first, ascending), so that a browser writes them alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from wirebrush.graph.migrations import FORMAT
from wirebrush.graph.workflow import (
    End,
    Frame,
    Note,
    Subgraph,
    SubgraphInput,
    SubgraphOutput,
    Wire,
    Workflow,
    WorkflowNode,
)


def dump_workflow(workflow: Workflow) -> str:
    """The canonical text. ValueError if a value is NaN or infinite."""
    return _block(workflow_to_json(workflow), "", _LAYOUT) + "\n"


def workflow_to_json(workflow: Workflow) -> dict[str, Any]:
    """The document as JSON data, keys in canonical order; empty fields are left out."""
    data: dict[str, Any] = {"format": FORMAT, "id": workflow.id, "name": workflow.name}
    data.update(_graph(workflow))
    if workflow.subgraphs:
        data["subgraphs"] = {
            name: _subgraph(workflow.subgraphs[name]) for name in sorted(workflow.subgraphs)
        }
    if workflow.view is not None:
        data["view"] = _sorted(workflow.view)
    return data | _sorted(workflow.extra)


def _graph(graph: Workflow | Subgraph) -> dict[str, Any]:
    data: dict[str, Any] = {
        "nodes": {name: _node(graph.nodes[name]) for name in sorted(graph.nodes, key=natural)},
        "wires": [_wire(wire) for wire in graph.wires],
    }
    if graph.frames:
        data["frames"] = [_frame(frame) for frame in graph.frames]
    if graph.notes:
        data["notes"] = [_note(note) for note in graph.notes]
    return data


def _subgraph(graph: Subgraph) -> dict[str, Any]:
    data: dict[str, Any] = {"name": graph.name} if graph.name else {}
    data["inputs"] = [_input(port) for port in graph.inputs]
    data["outputs"] = [_output(port) for port in graph.outputs]
    return data | _graph(graph) | _sorted(graph.extra)


def _node(node: WorkflowNode) -> dict[str, Any]:
    data: dict[str, Any] = {"type": node.type, "at": list(node.at)}
    if node.size is not None:
        data["size"] = list(node.size)
    if node.title:
        data["title"] = node.title
    if node.values:
        data["values"] = _sorted(node.values)
    if node.controls:
        data["controls"] = _sorted(node.controls)
    if node.mode:
        data["mode"] = node.mode
    if node.collapsed:
        data["collapsed"] = True
    if node.color:
        data["color"] = node.color
    return data | _sorted(node.extra)


def _wire(wire: Wire) -> dict[str, Any]:
    data: dict[str, Any] = {"from": _end(wire.source), "to": _end(wire.target)}
    if wire.knots:
        data["knots"] = [list(knot) for knot in wire.knots]
    return data | _sorted(wire.extra)


def _end(end: End) -> list[str]:
    return [end.node, end.port]


def _frame(frame: Frame) -> dict[str, Any]:
    data: dict[str, Any] = {"id": frame.id, "title": frame.title}
    data |= {"at": list(frame.at), "size": list(frame.size)}
    if frame.color:
        data["color"] = frame.color
    return data | _sorted(frame.extra)


def _note(note: Note) -> dict[str, Any]:
    data: dict[str, Any] = {"id": note.id, "text": note.text}
    data |= {"at": list(note.at), "size": list(note.size)}
    if note.color:
        data["color"] = note.color
    return data | _sorted(note.extra)


def _input(port: SubgraphInput) -> dict[str, Any]:
    data: dict[str, Any] = {"id": port.id, "name": port.name, "type": port.type}
    return data | {"to": [_end(end) for end in port.to]} | _sorted(port.extra)


def _output(port: SubgraphOutput) -> dict[str, Any]:
    data: dict[str, Any] = {"id": port.id, "name": port.name, "type": port.type}
    return data | {"from": _end(port.source)} | _sorted(port.extra)


def natural(name: str) -> tuple[int, int, str]:
    """Numbers first and ascending, as JavaScript orders keys that look like array indexes."""
    index = name.isascii() and name.isdecimal() and (name == "0" or name[0] != "0")
    if index and len(name) <= 10 and int(name) < 2**32 - 1:
        return 0, int(name), ""
    return 1, 0, name


def _sorted(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _tidy(data[name]) for name in sorted(data)}


def _tidy(item: Any) -> Any:
    """The same value with the keys of all objects in it sorted."""
    if isinstance(item, dict):
        return _sorted(cast("dict[str, Any]", item))
    if isinstance(item, list):
        return [_tidy(element) for element in cast("list[Any]", item)]
    return item


_GRAPH: Mapping[str, Any] = {
    "nodes": {"*": {"values": {}}},
    "wires": [],
    "frames": [],
    "notes": [],
    "inputs": [],
    "outputs": [],
}
_LAYOUT: Mapping[str, Any] = {**_GRAPH, "subgraphs": {"*": _GRAPH}}
"""Which objects and lists are broken into lines; all others stand in one line."""


def _block(data: Any, indent: str, layout: Mapping[str, Any] | list[Any] | None) -> str:
    if layout is None or not data:
        return _line(data)
    deeper = indent + "  "
    if isinstance(layout, list):
        return _enclosed("[]", (_line(item) for item in data), indent)
    every = layout.get("*")
    entries = (
        f"{_line(name)}: {_block(item, deeper, layout.get(name, every))}"
        for name, item in data.items()
    )
    return _enclosed("{}", entries, indent)


def _enclosed(brackets: str, entries: Iterable[str], indent: str) -> str:
    lines = f",\n{indent}  ".join(entries)
    return f"{brackets[0]}\n{indent}  {lines}\n{indent}{brackets[1]}"


def _line(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False)
