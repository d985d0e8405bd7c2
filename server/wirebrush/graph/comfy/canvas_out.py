"""One canvas on its way to ComfyUI: nodes with slots, links by number, groups and notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, cast

from wirebrush.graph.comfy.canvas_in import TITLE, below_title
from wirebrush.graph.comfy.colors import comfy_colors
from wirebrush.graph.comfy.links import LinkTable, as_number, link_fields
from wirebrush.graph.comfy.placeholder import COMFY
from wirebrush.graph.comfy.reading import as_list, as_object, as_point
from wirebrush.graph.comfy.records import INSIDE, OUTSIDE, REROUTE_SIZE, UiLink
from wirebrush.graph.comfy.slots import Definitions, Slots
from wirebrush.graph.comfy.value_lists import Values, encode, encode_short, renamed, rewritten
from wirebrush.graph.comfy.widgets import Layout
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
        self.table.connect_loose(self._sides())

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
        self.table.connect(link, wire.knots, as_object(wire.extra.get(COMFY)))

    def _connect_ports(self, definition: Subgraph) -> None:
        for place, port in enumerate(definition.inputs):
            kept = as_object(port.extra.get(COMFY))
            marks, types = as_list(kept.get("through")), as_list(kept.get("types"))
            for end, through, kinds in zip_longest(port.to, marks, types):
                if end is not None and end.node in self.slots:
                    target = self._input(end, port.type)
                    link = UiLink("", INSIDE, place, end.node, target, port.type)
                    self._connect_unseen(link, through, kinds)
        for place, port in enumerate(definition.outputs):
            if port.source.node in self.slots:
                slot, kind = self._output(port.source)
                kept = as_object(port.extra.get(COMFY))
                link = UiLink("", port.source.node, slot, OUTSIDE, place, kind)
                self._connect_unseen(link, kept.get("through"), kept.get("types"))

    def _connect_unseen(self, link: UiLink, through: object, types: object) -> None:
        """A link whose knots only their marks are known of."""
        self.table.connect(link, self.table.through(through), {"through": through, "types": types})

    def _sides(self) -> dict[str, tuple[int, int]]:
        """How many inputs and outputs each node has, those for the ports of a definition too."""
        found = {name: (len(s.inputs), len(s.outputs)) for name, s in self.slots.items()}
        if isinstance(self.graph, Subgraph):
            found |= {INSIDE: (0, len(self.graph.inputs)), OUTSIDE: (len(self.graph.outputs), 0)}
        return found

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
        data |= self._values(node, kept)
        hidden = {*_OWN, "inputs", "outputs"}
        data |= {name: item for name, item in kept.items() if name not in hidden}
        return data | comfy_colors(node.color, kept)

    def _values(self, node: WorkflowNode, kept: Mapping[str, Any]) -> dict[str, Any]:
        layout, defaults = self.definitions.layout(node)
        values = Values(dict(node.values), dict(node.controls), tuple(as_list(kept.get("rest"))))
        named = as_object(kept.get("named"))
        found = {"widgets_values_named": renamed(named, values, layout or ())} if named else {}
        items = _value_list(values, kept, layout, defaults)
        return found if items is None else {"widgets_values": items, **found}

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
        return self.table.written_points()


_OWN = frozenset({"rest", "list", "named", "valuesByName", "color", "bgcolor", "widgets_values"})
"""Fields beside ours that are written in another way."""


def _value_list(
    values: Values, kept: Mapping[str, Any], layout: Layout | None, defaults: Mapping[str, Any]
) -> Any:
    """`widgets_values`: as the file had it, but for what has changed; None if there is nothing."""
    if "widgets_values" in kept:
        return kept["widgets_values"]  # they had no names, so nobody has changed them
    items = kept.get("list")
    if isinstance(items, list):
        own, named = as_list(cast("object", items)), as_object(kept.get("named"))
        return own if layout is None else rewritten(own, values, layout, defaults, named)
    if layout is None or kept.get("valuesByName") is True:
        return dict(values.named) or None
    if not kept:
        return encode(values, layout, defaults)
    return encode_short(values, layout, defaults) if values.named else [*values.rest] or None


def _without_title(size: Point) -> list[float]:
    return [size[0], max(0, size[1] - TITLE)]


def _group(frame: Frame, place: int) -> dict[str, Any]:
    number = as_number(frame.id)
    data: dict[str, Any] = {
        "id": number if isinstance(number, int) else place,
        "title": frame.title,
        "bounding": [*frame.at, *frame.size],
    }
    kept = as_object(frame.extra.get(COMFY))
    if frame.color.startswith("#"):
        data["color"] = frame.color
    elif frame.color != kept.get("color"):
        kept = {name: item for name, item in kept.items() if name != "color"}
    data["flags"] = {}
    return data | {name: item for name, item in kept.items() if name not in data or name != "color"}


def _reroute(raw: Mapping[str, Any]) -> dict[str, Any]:
    sides = {side: [dict(as_object(slot)) for slot in as_list(raw.get(side))] for side in _SIDES}
    at, size = as_point(raw.get("pos")) or (0, 0), as_point(raw.get("size")) or REROUTE_SIZE
    return {**raw, **sides, "pos": list(at), "size": list(size)}


_SIDES = ("inputs", "outputs")
