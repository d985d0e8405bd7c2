"""One of our workflows as ComfyUI's editor saves it (version 0.4), so that it opens there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.canvas_out import CanvasOut
from wirebrush.graph.comfy.links import as_number, link_fields
from wirebrush.graph.comfy.placeholder import COMFY
from wirebrush.graph.comfy.reading import as_object
from wirebrush.graph.comfy.records import INSIDE, OUTSIDE, UiLink
from wirebrush.graph.comfy.slots import Definitions
from wirebrush.graph.comfy.widgets import Layouts
from wirebrush.graph.workflow import Subgraph, SubgraphInput, SubgraphOutput, Workflow

_PORTS_SIZE = (120, 60)
_OWN = frozenset({"rerouteNodes", "nodeOrder", "looseLinks", "reroutes", "extra"})
"""What stands beside our fields for this way back only."""


def export_workflow(workflow: Workflow, catalog: Catalog) -> dict[str, Any]:
    """The JSON that ComfyUI opens. Nothing is refused: what it does not know it shows in red."""
    definitions = Definitions(workflow.subgraphs, catalog, Layouts(catalog))
    canvas = CanvasOut(workflow, definitions)
    last = canvas.table.last
    inner: list[dict[str, Any]] = []
    for item in workflow.subgraphs.values():
        inside = CanvasOut(item, definitions, last)
        last = inside.table.last
        inner.append(_definition(item, inside))
    data: dict[str, Any] = {"id": workflow.id} if workflow.id else {}
    data |= {} if COMFY in workflow.extra else {"revision": 0}
    data |= {
        "last_node_id": canvas.last_node,
        "last_link_id": last,
        "nodes": canvas.nodes(),
        "links": canvas.link_lists(),
        "groups": canvas.groups(),
    }
    if inner:
        data["definitions"] = {"subgraphs": inner}
    data |= {"config": {}, "version": 0.4}
    return data | _kept(workflow.extra) | {"extra": _extra(canvas)}


def _kept(extra: Mapping[str, Any]) -> dict[str, Any]:
    kept = as_object(extra.get(COMFY))
    return {name: item for name, item in kept.items() if name not in _OWN}


def _extra(canvas: CanvasOut) -> dict[str, Any]:
    """The file's `extra`, with the points of the links as they are now."""
    kept = as_object(as_object(canvas.graph.extra.get(COMFY)).get("extra"))
    extra = {k: v for k, v in kept.items() if k not in ("reroutes", "linkExtensions")}
    points = list(canvas.points())
    if points:
        extra["reroutes"] = points
        extra["linkExtensions"] = [
            {"id": int(link.id), "parentId": as_number(link.parent)}
            for link in canvas.table.links
            if link.parent is not None
        ]
    return extra


def _definition(item: Subgraph, canvas: CanvasOut) -> dict[str, Any]:
    nodes, points = canvas.nodes(), list(canvas.points())
    left, right, top = _edges(nodes)
    entering: dict[int, list[int]] = {}
    leaving: dict[int, list[int]] = {}
    for link in canvas.table.links:
        if link.origin == INSIDE:
            entering.setdefault(link.origin_slot, []).append(int(link.id))
        if link.target == OUTSIDE:
            leaving.setdefault(link.target_slot, []).append(int(link.id))
    state = {
        "lastGroupId": len(item.frames),
        "lastNodeId": canvas.last_node,
        "lastLinkId": canvas.table.last,
        "lastRerouteId": max((int(point["id"]) for point in points), default=0),
    }
    data: dict[str, Any] = {
        "id": item.id,
        "version": 1,
        "state": state,
        "revision": 0,
        "config": {},
        "name": item.name or ("" if COMFY in item.extra else "Subgraph"),
        "inputNode": {"id": int(INSIDE), "bounding": [left - 200, top, *_PORTS_SIZE]},
        "outputNode": {"id": int(OUTSIDE), "bounding": [right + 80, top, *_PORTS_SIZE]},
        "inputs": [_port(port, entering.get(at, [])) for at, port in enumerate(item.inputs)],
        "outputs": [_port(port, leaving.get(at, [])) for at, port in enumerate(item.outputs)],
        "widgets": [],
        "nodes": nodes,
        "groups": canvas.groups(),
        "links": [_link(link) for link in canvas.table.links],
    }
    data |= {"reroutes": points} if points else {}
    return data | _kept(item.extra) | {"extra": _extra(canvas)}


def _port(port: SubgraphInput | SubgraphOutput, links: list[int]) -> dict[str, Any]:
    kept = as_object(port.extra.get(COMFY))
    data = {"id": port.id, "name": port.name, "type": port.type, "linkIds": links}
    return data | {name: item for name, item in kept.items() if name not in ("through", "types")}


def _link(link: UiLink) -> dict[str, Any]:
    parent = {} if link.parent is None else {"parentId": as_number(link.parent)}
    return link_fields(link) | parent


def _edges(nodes: Iterable[Mapping[str, Any]]) -> tuple[float, float, float]:
    """The left and right edge of what is inside, and its top."""
    boxes = [(*node["pos"], *node["size"]) for node in nodes] or [(0, 0, 0, 0)]
    return min(b[0] for b in boxes), max(b[0] + b[2] for b in boxes), min(b[1] for b in boxes)
