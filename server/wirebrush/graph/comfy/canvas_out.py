"""One canvas on its way to ComfyUI: nodes with slots, links by number, groups and notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wirebrush.graph.comfy.canvas_in import TITLE, below_title
from wirebrush.graph.comfy.colors import comfy_colors
from wirebrush.graph.comfy.links import LinkTable
from wirebrush.graph.comfy.placeholder import COMFY
from wirebrush.graph.comfy.reading import as_list, as_object, as_point
from wirebrush.graph.comfy.records import INSIDE, OUTSIDE, REROUTE_SIZE, UiLink
from wirebrush.graph.comfy.slots import Definitions, Slots
from wirebrush.graph.comfy.widgets import Values, encode
from wirebrush.graph.workflow import End, Frame, Note, Point, Subgraph, Wire, Workflow, WorkflowNode

_MODES = {"": 0, "mute": 2, "bypass": 4}
_SIZE = (270, 120)


@dataclass
class CanvasOut:
    """The graph of a file or definition with its links laid."""

    graph: Workflow | Subgraph
    definitions: Definitions
    links_before: int = 0
    slots: dict[str, Slots] = field(default_factory=dict[str, Slots])
    table: LinkTable = field(init=False)

    def __post_init__(self) -> None:
        self.table = LinkTable(as_object(self.graph.extra.get(COMFY)), self.links_before)
        self.slots = {n.id: self.definitions.slots(n) for n in self.graph.nodes.values()}
        for wire in self.graph.wires:
            self._connect(wire)
        if isinstance(self.graph, Subgraph):
            self._connect_ports(self.graph)

    @property
    def last_node(self) -> int:
        """The highest number that a node has."""
        names = [*self.graph.nodes, *self.table.reroutes, *(note.id for note in self.graph.notes)]
        return max((int(name) for name in names if name.isdecimal()), default=0)

    def _connect(self, wire: Wire) -> None:
        if wire.source.node not in self.slots or wire.target.node not in self.slots:
            return
        slot, kind = self._output(wire.source)
        target = self._input(wire.target, kind)
        link = UiLink("", wire.source.node, slot, wire.target.node, target, kind)
        self.table.connect(link, wire.knots, as_object(wire.extra.get(COMFY)).get("through"))

    def _connect_ports(self, definition: Subgraph) -> None:
        for place, port in enumerate(definition.inputs):
            marks = as_list(as_object(port.extra.get(COMFY)).get("through"))
            for end, through in zip(port.to, [*marks, *[None] * len(port.to)], strict=False):
                if end.node in self.slots:
                    target = self._input(end, port.type)
                    link = UiLink("", INSIDE, place, end.node, target, port.type)
                    self.table.connect(link, self.table.through(through), through)
        for place, port in enumerate(definition.outputs):
            if port.source.node in self.slots:
                slot, kind = self._output(port.source)
                through = as_object(port.extra.get(COMFY)).get("through")
                link = UiLink("", port.source.node, slot, OUTSIDE, place, kind)
                self.table.connect(link, self.table.through(through), through)

    def _output(self, end: End) -> tuple[int, str]:
        slots = self.slots[end.node]
        place = slots.output(end.port)
        return place, str(slots.outputs[place].get("type", "*"))

    def _input(self, end: End, kind: str) -> int:
        return self.slots[end.node].input(end.port, kind)

    def nodes(self) -> list[dict[str, Any]]:
        """All nodes, notes and reroutes, each slot with its links."""
        ends = {(link.target, link.target_slot): int(link.id) for link in self.table.links}
        starts: dict[tuple[str, int], list[int]] = {}
        for link in self.table.links:
            starts.setdefault((link.origin, link.origin_slot), []).append(int(link.id))
        found = [self._node(node, place) for place, node in enumerate(self.graph.nodes.values())]
        found += [self._note(note) for note in self.graph.notes]
        found += [_reroute(raw) for raw in self.table.reroutes.values()]
        for node in found:
            for place, slot in enumerate(node["inputs"]):
                slot["link"] = ends.get((str(node["id"]), place))
            for place, slot in enumerate(node["outputs"]):
                slot["links"] = starts.get((str(node["id"]), place))
        order = {name: at for at, name in enumerate(as_list(self.table.kept.get("nodeOrder")))}
        return sorted(found, key=lambda node: order.get(str(node["id"]), len(order)))

    def _node(self, node: WorkflowNode, place: int) -> dict[str, Any]:
        kept = dict(as_object(node.extra.get(COMFY)))
        slots = self.slots[node.id]
        flags = as_object(kept.pop("flags", {}))
        data: dict[str, Any] = {
            "id": as_number(node.id),
            "type": node.subgraph or node.type,
            "pos": list(below_title(node.at)),
            "size": _without_title(node.size or _SIZE),
            "flags": flags | ({"collapsed": True} if node.collapsed else {}),
            "order": place,
            "mode": _MODES[node.mode],
            "inputs": [dict(slot) for slot in slots.inputs],
            "outputs": [dict(slot) for slot in slots.outputs],
            "properties": {"Node name for S&R": node.type} if node.subgraph is None else {},
        }
        if node.title:
            data["title"] = node.title
        values = self._values(node, kept)
        if values is not None:
            data["widgets_values"] = values
        hidden = {*_OWN, "inputs", "outputs"}
        data |= {name: item for name, item in kept.items() if name not in hidden}
        return data | comfy_colors(node.color, kept)

    def _values(self, node: WorkflowNode, kept: Mapping[str, Any]) -> Any:
        layout, defaults = self.definitions.layout(node)
        if "widgets_values" in kept:
            return kept["widgets_values"]  # they had no names, so nobody has changed them
        if layout is None or kept.get("valuesByName") is True:
            return dict(node.values) or None
        if kept and not node.values:
            return as_list(kept.get("rest")) or None
        while kept and layout and layout[-1].name not in node.values:
            layout = layout[:-1]  # a short list stays short: the rest are its defaults
        if kept and layout and layout[-1].name not in node.controls:
            layout = (*layout[:-1], replace(layout[-1], control=False))
        values = Values(dict(node.values), dict(node.controls), tuple(as_list(kept.get("rest"))))
        return encode(values, layout, defaults)

    def _note(self, note: Note) -> dict[str, Any]:
        kept = dict(as_object(note.extra.get(COMFY)))
        title = kept.pop("title", "")
        data: dict[str, Any] = {
            "id": as_number(note.id),
            "type": kept.pop("type", "MarkdownNote"),
            "pos": list(below_title(note.at)),
            "size": _without_title(note.size),
            "flags": {},
            "order": 0,
            "mode": 0,
            "inputs": [],
            "outputs": [],
            "properties": {},
            "widgets_values": [note.text],
        }
        data |= {name: item for name, item in kept.items() if name not in _OWN}
        data |= {"title": title} if title else {}
        return data | comfy_colors(note.color, kept)

    def groups(self) -> list[dict[str, Any]]:
        """The frames."""
        return [_group(frame, place) for place, frame in enumerate(self.graph.frames, 1)]

    def link_lists(self) -> list[list[Any]]:
        """The links as version 0.4 writes them."""
        return [[*link_fields(link).values()] for link in self.table.links]

    def points(self) -> Iterator[dict[str, Any]]:
        """The points that links run through."""
        for name, point in self.table.points.items():
            data: dict[str, Any] = {"id": as_number(name)}
            if point.parent is not None:
                data["parentId"] = as_number(point.parent)
            yield data | {"pos": list(point.at), "linkIds": [int(link) for link in point.links]}


_OWN = frozenset({"rest", "valuesByName", "color", "bgcolor", "widgets_values"})
"""Fields beside ours that are written in another way."""


def _without_title(size: Point) -> list[float]:
    return [size[0], max(0, size[1] - TITLE)]


def link_fields(link: UiLink) -> dict[str, Any]:
    """A link as version 1 writes it, without its point."""
    return {
        "id": int(link.id),
        "origin_id": as_number(link.origin),
        "origin_slot": link.origin_slot,
        "target_id": as_number(link.target),
        "target_slot": link.target_slot,
        "type": link.type,
    }


def as_number(name: str) -> int | str:
    """An id as ComfyUI writes it: a number if it is one."""
    digits = name.removeprefix("-")
    plain = digits.isascii() and digits.isdecimal() and len(digits) < 16
    return int(name) if plain and (digits == "0" or digits[0] != "0") else name


def _group(frame: Frame, place: int) -> dict[str, Any]:
    number = as_number(frame.id)
    data: dict[str, Any] = {
        "id": number if isinstance(number, int) else place,
        "title": frame.title,
        "bounding": [*frame.at, *frame.size],
    }
    if frame.color.startswith("#"):
        data["color"] = frame.color
    data["flags"] = {}
    return data | as_object(frame.extra.get(COMFY))


def _reroute(raw: Mapping[str, Any]) -> dict[str, Any]:
    sides = {side: [dict(as_object(slot)) for slot in as_list(raw.get(side))] for side in _SIDES}
    at, size = as_point(raw.get("pos")) or (0, 0), as_point(raw.get("size")) or REROUTE_SIZE
    return {**raw, **sides, "pos": list(at), "size": list(size)}


_SIDES = ("inputs", "outputs")
