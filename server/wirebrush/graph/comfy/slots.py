"""The slots of a node as ComfyUI lists them: what its links count by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wirebrush.api import MISSING, NodeSpec, Port
from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.placeholder import COMFY, placeholder
from wirebrush.graph.comfy.reading import as_object, objects
from wirebrush.graph.comfy.widgets import Layout, Layouts, Place
from wirebrush.graph.workflow import VALUE_NODE, Subgraph, SubgraphInput, WorkflowNode

_NUMBERS = frozenset({"int", "float", "seed"})


@dataclass
class Slots:
    """`keys` are our names for the inputs, `outs` for the outputs, place by place."""

    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    keys: list[str] = field(default_factory=list[str])
    outs: list[str] = field(default_factory=list[str])
    _places: dict[str, int] = field(default_factory=dict[str, int])

    def input(self, key: str, type_name: str) -> int:
        """The place of an input, which is added if it is not there."""
        if not self._places:
            self._places = {known: at for at, known in reversed([*enumerate(self.keys)])}
        if key not in self._places:
            self._places[key] = len(self.keys)
            self.keys.append(key)
            self.inputs.append({"name": key, "type": type_name})
        return self._places[key]

    def output(self, key: str) -> int:
        """The place of an output (`#2` is the third), which is added if it is not there."""
        counted = key[1:] if key.startswith("#") and key[1:].isdecimal() and len(key) < 6 else ""
        if not counted and key not in self.outs:
            self.outs.append(key)
        place = int(counted) if counted else self.outs.index(key)
        while len(self.outputs) <= place:
            here = len(self.outputs)
            name = self.outs[here] if here < len(self.outs) else "*"
            self.outputs.append({"name": name, "type": "*"})
        return place


@dataclass(frozen=True)
class Definitions:
    """What says which slots a node has: the definitions of the file, and the node types."""

    subgraphs: Mapping[str, Subgraph]
    catalog: Catalog
    layouts: Layouts
    held: dict[tuple[str, str], tuple[bool, Any]] = field(
        default_factory=dict[tuple[str, str], "tuple[bool, Any]"], compare=False
    )
    """What inputs of definitions lead to, as far as somebody asked."""
    own: dict[tuple[str, str], tuple[frozenset[str], dict[str, Any]]] = field(
        default_factory=dict[tuple[str, str], "tuple[frozenset[str], dict[str, Any]]"],
        compare=False,
    )
    """Which inputs of nodes in definitions are values, and what stands there if nothing does."""

    def spec(self, node: WorkflowNode) -> NodeSpec | None:
        """The type of a node: by the catalog, else as its file said."""
        return self.catalog.spec(node.type) or placeholder(node.type, node.extra)

    def slots(self, node: WorkflowNode) -> Slots:
        """The slots as the node's file had them, else as its type has them."""
        kept = as_object(node.extra.get(COMFY))
        found = self._of_type(node)
        if "inputs" not in kept and "outputs" not in kept:
            return found
        inputs, outputs = (
            [{"name": "", "type": "*", **item} for item in objects(kept.get(n))] for n in _SIDES
        )
        names = [_name(item) for item in inputs]
        ours = {item["name"]: key for item, key in zip(found.inputs, found.keys, strict=False)}
        places = found.keys if node.subgraph in self.subgraphs else []
        usual = [*places[: len(names)], *names[len(places) :]]
        keys = [ours.get(name, otherwise) for name, otherwise in zip(names, usual, strict=True)]
        return Slots(inputs, outputs, keys, found.outs)

    def _of_type(self, node: WorkflowNode) -> Slots:
        definition = self.subgraphs.get(node.subgraph or "")
        if definition is not None:
            return Slots(
                [{"name": port.name, "type": port.type} for port in definition.inputs],
                [{"name": port.name, "type": port.type} for port in definition.outputs],
                [port.id for port in definition.inputs],
                [port.id for port in definition.outputs],
            )
        if node.type == VALUE_NODE.type:
            return Slots([], [{"name": "connect to widget input", "type": "*"}])
        spec = self.spec(node)
        if spec is None:
            return Slots([], [])
        ports = sorted(spec.inputs, key=lambda port: port.widget is not None)
        return Slots(
            [_port_slot(port) for port in ports],
            [{"name": output.name, "type": output.type} for output in spec.outputs],
            [port.name for port in ports],
            [output.name for output in spec.outputs],
        )

    def layout(self, node: WorkflowNode) -> tuple[Layout | None, dict[str, Any]]:
        """Where the node's values stand, and what stands there if it has none."""
        definition = self.subgraphs.get(node.subgraph or "")
        if definition is not None:
            shown = [port for port in definition.inputs if self.edited(definition, port)]
            inner = {port.id: self._held(definition, port)[1] for port in shown}
            return tuple(Place(port.id) for port in shown), inner
        if node.type == VALUE_NODE.type:
            return (Place(VALUE_NODE.port, control=True),), {}
        spec = self.spec(node)
        edited = [port for port in spec.inputs if port.widget is not None] if spec else []
        names = [item["name"] for item in self.slots(node).inputs if item.get("widget")]
        layout = self.layouts.of(node.type, names)
        return layout, {port.name: _default(port) for port in edited}

    def edited(self, definition: Subgraph, port: SubgraphInput) -> bool:
        """Whether an input of a definition is a value that its instances edit in place."""
        return self._held(definition, port)[0]

    def _held(self, definition: Subgraph, port: SubgraphInput) -> tuple[bool, Any]:
        """Whether an input leads to a value, through instances inside instances, and which one
        stands there."""
        way: list[tuple[tuple[str, str], WorkflowNode, str]] = []
        at: tuple[Subgraph, SubgraphInput] | None = (definition, port)
        found: tuple[bool, Any] = (False, None)
        seen: set[tuple[str, str]] = set()
        while at is not None:
            key = (at[0].id, at[1].id)
            if key in self.held or key in seen:  # or in a circle
                found = self.held.get(key, found)
                break
            seen.add(key)
            step = self._first(*at)
            if step is None:
                self.held[key] = found
                break
            node, name = step
            way.append((key, node, name))
            inner = self.subgraphs.get(node.subgraph or "")
            if inner is None:
                found = self._own(at[0], node, name)
                break
            at = next(((inner, item) for item in inner.inputs if item.id == name), None)
        for key, node, name in reversed(way):
            found = (found[0], node.values.get(name, found[1]))
            self.held[key] = found
        return found

    def _first(self, definition: Subgraph, port: SubgraphInput) -> tuple[WorkflowNode, str] | None:
        """The first input inside that a port feeds."""
        ends = ((definition.nodes.get(end.node), end.port) for end in port.to)
        return next(((node, name) for node, name in ends if node is not None), None)

    def _own(self, definition: Subgraph, node: WorkflowNode, name: str) -> tuple[bool, Any]:
        key = (definition.id, node.id)
        if key not in self.own:
            slots = self.slots(node)
            named = zip(slots.keys, slots.inputs, strict=False)
            edited = frozenset(name for name, slot in named if slot.get("widget"))
            self.own[key] = edited, self.layout(node)[1]
        edited, defaults = self.own[key]
        return name in edited, defaults.get(name)


_SIDES = ("inputs", "outputs")


def _name(slot: Mapping[str, Any]) -> str:
    """What a slot is called: by its widget, if it stands for one."""
    return str(as_object(slot.get("widget")).get("name") or slot.get("name", ""))


def _port_slot(port: Port) -> dict[str, Any]:
    slot: dict[str, Any] = {"name": port.name, "type": port.type}
    if port.widget is not None:
        slot["widget"] = {"name": port.name}
    elif not port.required:
        slot["shape"] = 7  # how the editor draws what may stay open
    return slot


def _default(port: Port) -> Any:
    """What a new node has there."""
    if port.default is not MISSING:
        return port.default
    if isinstance(hint := port.hints.get("default"), str | int | float):
        return hint
    if port.widget is not None and port.widget.choices:
        return port.widget.choices[0]
    return 0 if port.widget is not None and port.widget.kind in _NUMBERS else ""
