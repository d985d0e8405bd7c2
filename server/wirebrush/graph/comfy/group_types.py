"""What a group node shows of the nodes inside it: which inputs and outputs, called what, in which
order. A file holds only traces of the answer (values and links by position), so the rules of
ComfyUI's editor are followed here:

- values come node by node, those of inputs that have a slot as well after all others, in the
  order of the slots' numbers *as text* (10 before 4);
- what is wired inside is not shown, except outputs that are wired to the outside too;
- a name that is taken gets the node's title before it, and a number if that is taken too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wirebrush.graph.comfy.reading import as_list, as_object
from wirebrush.graph.comfy.records import (
    INSIDE,
    OUTSIDE,
    PRIMITIVE,
    REROUTE,
    UiGraph,
    UiGroupType,
    UiLink,
    UiNode,
    UiPort,
    UiSlot,
    UiSubgraph,
)
from wirebrush.graph.comfy.widgets import Layout, Layouts, Place, length
from wirebrush.graph.workflow import VALUE_NODE

_TYPES = {"i": "INT", "f": "FLOAT", "s": "STRING", "b": "BOOLEAN", "c": "COMBO"}


@dataclass(frozen=True, slots=True)
class Shown:
    """An input or output that a group node shows. `ends` are the slots inside (node, slot)."""

    name: str
    type: str
    ends: tuple[tuple[str, int], ...]
    place: Place | None = None
    """Where its value stands in the list of an instance, if it has one."""


@dataclass(frozen=True, slots=True)
class Unnamed:
    """Values of a node inside whose names nobody knows: where they stand in the list."""

    node: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class GroupNode:
    """A group node as a subgraph, and how the values of its instances stand in their lists."""

    subgraph: UiSubgraph
    values: frozenset[str]
    """The inputs of the subgraph that are values."""
    layout: Layout
    unnamed: tuple[Unnamed, ...] = ()


@dataclass
class Showing:
    """Finds out what one group node shows. `layouts` says which values a node type has.

    `inner` are the group nodes inside, by the ids of their subgraphs, which are the types of their
    instances by now.
    """

    type: UiGroupType
    layouts: Layouts
    inner: Mapping[str, GroupNode]
    _taken: dict[str, int] = field(default_factory=dict[str, int])
    _added: dict[str, list[UiSlot]] = field(default_factory=dict[str, list[UiSlot]])
    _wired: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    _out: dict[tuple[str, int], list[UiLink]] = field(
        default_factory=dict[tuple[str, int], list[UiLink]]
    )

    _labels: dict[str, dict[str, Any]] = field(default_factory=dict[str, "dict[str, Any]"])

    def __post_init__(self) -> None:
        for node in self.type.graph.nodes:
            self._labels[node.id] = {slot.name: slot.raw.get("label") for slot in node.inputs}
        for link in self.type.graph.links:
            self._wired.add((link.target, link.target_slot))
            self._out.setdefault((link.origin, link.origin_slot), []).append(link)

    def as_subgraph(self, subgraph_id: str) -> GroupNode:
        """The definition, and the layout of its instances' values."""
        values: list[Shown] = []
        ports: list[Shown] = []
        for node in self.type.graph.nodes:
            values += self._plain_values(node)
            ports += self._ports(node)
        for node in self.type.graph.nodes:
            values += self._slotted_values(node)
        shown = _unique([*ports, *values])
        inputs = [item for item in shown if item.ends]
        outputs = list(self._outputs())
        subgraph = UiSubgraph(
            id=subgraph_id,
            name=self.type.name,
            inputs=tuple(UiPort(item.name, item.name, item.type, {}) for item in inputs),
            outputs=tuple(UiPort(item.name, item.name, item.type, {}) for item in outputs),
            graph=self._inside(inputs, outputs),
        )
        return GroupNode(
            subgraph,
            values=frozenset(item.name for item in inputs if item.place is not None),
            layout=tuple(item.place for item in shown if item.place is not None),
            unnamed=tuple(self._unnamed(values)),
        )

    def _plain_values(self, node: UiNode) -> Iterator[Shown]:
        """The values without a slot; each gets one, so that a link can end there."""
        slotted = {slot.name for slot in node.inputs if slot.widget}
        for place in self._places(node):
            if place.own:
                yield Shown("", "*", (), place)
            elif place.name not in slotted:
                name = self._name(node, place.name)
                kind = node.outputs[0].type if node.type == PRIMITIVE and node.outputs else None
                yield _value(name, place, self._ends(node, place), kind)

    def _ends(self, node: UiNode, place: Place) -> tuple[tuple[str, int], ...]:
        """Where a value without a slot goes: that of a Primitive to what it feeds."""
        if node.type == PRIMITIVE:
            links = self._out.get((node.id, 0), [])
            return tuple((link.target, link.target_slot) for link in links)
        slot = _new_slot(place)
        added = self._added.setdefault(node.id, [])
        added.append(slot)
        return ((node.id, len(node.inputs) + len(added) - 1),)

    def _slotted_values(self, node: UiNode) -> Iterator[Shown]:
        places = {place.name: place for place in self._places(node) if not place.own}
        slots = [(at, slot) for at, slot in enumerate(node.inputs) if slot.widget]
        for at, slot in sorted(slots, key=lambda item: str(item[0])):
            place = places.get(slot.name)
            if place is not None and (node.id, at) not in self._wired:
                yield _value(self._name(node, slot.name), place, ((node.id, at),), slot.type)

    def _ports(self, node: UiNode) -> Iterator[Shown]:
        for at, slot in enumerate(node.inputs):
            if slot.widget or (node.id, at) in self._wired:
                continue
            kind = self._type(node, slot)
            name = self._name(node, slot.name or kind)
            if self._config(node, "input", slot.name).get("visible") is not False:
                yield Shown(name, kind, ((node.id, at),))

    def _outputs(self) -> Iterator[Shown]:
        taken: set[str] = set()
        for node in self.type.graph.nodes:
            for at, slot in enumerate(node.outputs):
                end, config = (node.id, at), self._config(node, "output", str(at))
                usual = end not in self._out or end in self.type.handed_out
                if node.type == PRIMITIVE or not config.get("visible", usual):
                    continue
                kind = self._type(node, slot)
                label = str(config.get("name") or slot.raw.get("label") or slot.name or kind)
                name = label if label not in taken else f"{_title(node)} {label}"
                name = name if name not in taken else f"{_title(node)} {node.id} {label}"
                taken.add(name)
                yield Shown(name, kind, (end,))

    def _name(self, node: UiNode, name: str) -> str:
        """What an input is called on the group node."""
        label = self._labels[node.id].get(name)
        found = str(self._config(node, "input", name).get("name") or label or name)
        key = found
        if (node.type == PRIMITIVE and node.title) or found in self._taken:
            key = found = f"{_title(node)} {name}"
            if found in self._taken:
                found = f"{_title(node)} {self._taken[found]} {name}"
        self._taken[key] = self._taken.get(key, 1) + 1
        return found

    def _places(self, node: UiNode) -> Layout:
        group = self.inner.get(node.type)
        if group is not None:
            return group.layout
        if node.type == PRIMITIVE:
            return (Place(VALUE_NODE.port, control=True),)
        known = self.layouts.of(node.type, [slot.name for slot in node.inputs if slot.widget])
        if known is None:
            return tuple(Place(node.id, own=True) for _ in as_list(node.values))
        return tuple(place for place in known if not (place.forced or place.own))

    def _unnamed(self, values: Sequence[Shown]) -> Iterator[Unnamed]:
        ids = {node.id for node in self.type.graph.nodes if node.type not in self.inner}
        found: dict[str, Unnamed] = {}
        at = 0
        for place in (item.place for item in values if item.place is not None):
            end = at + length(place)
            if place.own and place.name in ids:
                first = found.get(place.name)
                found[place.name] = Unnamed(place.name, first.start if first else at, end)
            at = end
        yield from found.values()

    def _inside(self, inputs: Sequence[Shown], outputs: Sequence[Shown]) -> UiGraph:
        """The graph without Primitives: what they held comes from the outside now."""
        nodes = tuple(
            replace(node, inputs=(*node.inputs, *self._added.get(node.id, ())))
            for node in self.type.graph.nodes
            if node.type != PRIMITIVE
        )
        kept = {node.id for node in nodes}
        links = [link for link in self.type.graph.links if link.origin in kept]
        for at, item in enumerate(inputs):
            links += [UiLink("", INSIDE, at, *end, item.type) for end in item.ends]
        for at, item in enumerate(outputs):
            links += [UiLink("", *end, OUTSIDE, at, item.type) for end in item.ends]
        numbered = tuple(replace(link, id=str(at)) for at, link in enumerate(links, 1))
        return replace(self.type.graph, nodes=nodes, links=numbered)

    def _config(self, node: UiNode, side: str, name: str) -> Mapping[str, Any]:
        """What the person set for an input or output."""
        return as_object(as_object(as_object(self.type.config.get(node.id)).get(side)).get(name))

    def _type(self, node: UiNode, slot: UiSlot) -> str:
        """The type of a slot; a reroute has that of its links."""
        if node.type != REROUTE:
            return slot.type
        kinds = [link.type for link in self._out.get((node.id, 0), [])]
        kinds.append(self.type.handed_out.get((node.id, 0), "*"))
        return next((kind for kind in kinds if kind != "*"), "*")


def _title(node: UiNode) -> str:
    return node.title or str(node.raw.get("type"))


def _value(name: str, place: Place, ends: tuple[tuple[str, int], ...], kind: str | None) -> Shown:
    return Shown(name, kind or _TYPES.get(place.kind, "*"), ends, replace(place, name=name))


def _new_slot(place: Place) -> UiSlot:
    kind = _TYPES.get(place.kind, "*")
    raw = {"name": place.name, "type": kind, "widget": {"name": place.name}}
    return UiSlot(place.name, kind, widget=True, raw=raw)


def _unique(shown: Sequence[Shown]) -> list[Shown]:
    """Two that a person called the same need names of their own with us."""
    counts: Counter[str] = Counter()
    found: list[Shown] = []
    taken = {item.name for item in shown}
    for item in shown:
        name = item.name
        counts[name] += 1
        while item.ends and counts[item.name] > 1 and name in taken:
            counts[item.name] += 1
            name = f"{item.name} {counts[item.name] - 1}"
        taken.add(name)
        place = (
            item.place if item.place is None or item.place.own else replace(item.place, name=name)
        )
        found.append(replace(item, name=name, place=place))
    return found
