"""One canvas of ComfyUI on its way to ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.colors import node_color
from wirebrush.graph.comfy.placeholder import COMFY
from wirebrush.graph.comfy.promoted import shown_ports
from wirebrush.graph.comfy.reading import as_id, as_list, as_object, as_point
from wirebrush.graph.comfy.records import (
    INSIDE,
    NOTES,
    OUTSIDE,
    PRIMITIVE,
    REROUTE,
    UiGraph,
    UiNode,
    UiPort,
    UiSubgraph,
)
from wirebrush.graph.comfy.tracing import MOST_STEPS, Source, Tracer
from wirebrush.graph.comfy.widgets import Layouts, Place, Values, decode
from wirebrush.graph.workflow import (
    SUBGRAPH,
    VALUE_NODE,
    End,
    Frame,
    Mode,
    Note,
    Point,
    SubgraphInput,
    SubgraphOutput,
    Wire,
    WorkflowNode,
)
from wirebrush.graph.workflow_text import natural

TITLE = 30
"""How high ComfyUI draws the title of a node."""

_MODES: Mapping[int, Mode] = {2: "mute", 4: "bypass"}
_KEPT_ELSEWHERE = frozenset(
    {
        *("id", "name", "version", "nodes", "links", "groups", "definitions", "inputs", "outputs"),
        *("last_node_id", "last_link_id", "state"),
    }
)
_NODE_FIELDS = frozenset(
    {
        *("id", "type", "pos", "size", "mode", "title", "inputs", "outputs"),
        *("widgets_values", "widgets_values_named"),
    }
)
_PORT_FIELDS = frozenset({"id", "name", "type", "linkIds"})

Say: TypeAlias = Callable[[str, str, str], None]
"""Is told a message, a hint and a node: what could not be taken over as it was."""


@dataclass(frozen=True)
class Shared:
    """What all canvases of a file are read with."""

    subgraphs: Mapping[str, UiSubgraph]
    catalog: Catalog
    layouts: Layouts
    say: Say

    @cached_property
    def input_ids(self) -> Mapping[str, Mapping[str, str]]:
        """By definition: the ids of its inputs by name, of two with one name that of the first."""
        return {
            item.id: {port.name: port.id for port in reversed(item.inputs)}
            for item in self.subgraphs.values()
        }


@dataclass
class CanvasIn:
    """One canvas on its way to ours."""

    graph: UiGraph
    shared: Shared
    tracer: Tracer = field(init=False)

    def __post_init__(self) -> None:
        self.tracer = Tracer(self.graph)

    def nodes(self) -> dict[str, WorkflowNode]:
        """What stays a node: all but notes and reroutes."""
        return {node.id: self._node(node) for node in self._real_nodes()}

    def _real_nodes(self) -> Iterator[UiNode]:
        """In the order of our files, so that the same graph always gives the same document."""
        nodes = (node for node in self.graph.nodes if node.type not in NOTES | {REROUTE})
        return iter(sorted(nodes, key=lambda node: natural(node.id)))

    def _node(self, node: UiNode) -> WorkflowNode:
        values = self._values(node)
        subgraph = node.type in self.shared.subgraphs
        flags = as_object(node.raw.get("flags"))
        return WorkflowNode(
            id=node.id,
            type=SUBGRAPH + node.type if subgraph else node.type,
            at=below_title(node.at, -1),
            size=_with_title(node.size),
            title=node.title,
            values=values.named,
            controls=values.controls,
            mode=_MODES.get(node.mode, ""),
            collapsed=flags.get("collapsed") is True,
            color=node_color(node.raw),
            extra={COMFY: _kept(node, values)},
        )

    def _values(self, node: UiNode) -> Values:
        if node.type in self.shared.subgraphs:
            shown = shown_ports(self.shared.subgraphs[node.type])
            values = decode(node, tuple(map(Place, shown)))
            held = {name: item for name, item in values.named.items() if item is not None}
            return replace(values, named=held)
        if node.type == PRIMITIVE:
            return decode(node, (Place(VALUE_NODE.port, control=True),))
        edited = [slot.name for slot in node.inputs if slot.widget]
        layout = self.shared.layouts.of(node.type, edited)
        values = decode(node, layout)
        if values.raw is not None and layout is not None:
            message = f"The values of {node.title or node.type} (node {node.id}) do not fit it."
            hint = "Its pack may have changed since. They are kept; set those that matter again."
            self.shared.say(message, hint, node.id)
        return values

    def wires(self) -> Iterator[Wire]:
        """A wire for each connected input, from where the value really comes."""
        for node in self._real_nodes():
            for slot in range(len(node.inputs)):
                link = self.tracer.into(node, slot)
                source = self.tracer.source(link) if link is not None else None
                if source is None or source.node in (INSIDE, OUTSIDE):
                    continue
                if source.node not in self.tracer.nodes:
                    message = f"A link into node {node.id} starts at no node; it is left out."
                    self.shared.say(message, "Connect the input again.", node.id)
                    continue
                target = End(node.id, self._input(node, slot))
                yield Wire(self._output(source), target, source.knots, _through(source))

        if self.tracer.steps > MOST_STEPS:
            message = "The links run through more reroutes than can be followed."
            self.shared.say(message, "Links are missing. Take some of the reroutes away.", "")

    def fed_from_outside(self) -> dict[int, list[tuple[End, Source]]]:
        """The inputs that each input of the definition feeds."""
        fed: dict[int, list[tuple[End, Source]]] = {}
        for node in self._real_nodes():
            for slot in range(len(node.inputs)):
                link = self.tracer.into(node, slot)
                source = self.tracer.source(link) if link is not None else None
                if source is not None and source.node == INSIDE:
                    end = End(node.id, self._input(node, slot))
                    fed.setdefault(source.slot, []).append((end, source))
        return fed

    def port_in(self, port: UiPort, fed: Sequence[tuple[End, Source]]) -> SubgraphInput:
        """An input of a definition."""
        through = [list(source.through) for _, source in fed]
        extra = _port_extra(port, through if any(through) else None)
        return SubgraphInput(port.id, port.name, port.type, tuple(end for end, _ in fed), extra)

    def port_out(self, port: UiPort, place: int) -> SubgraphOutput:
        """An output of a definition, from no node if nothing inside is wired to it."""
        link = self.tracer.ends.get((OUTSIDE, place))
        source = self.tracer.source(link) if link is not None else None
        if source is None or source.node not in self.tracer.nodes:
            return SubgraphOutput(port.id, End("", ""), port.name, port.type, _port_extra(port))
        extra = _port_extra(port, list(source.through) or None)
        return SubgraphOutput(port.id, self._output(source), port.name, port.type, extra)

    def _input(self, node: UiNode, slot: int) -> str:
        """The name of an input; an instance's are known by the ids of its definition."""
        definition = self.shared.subgraphs.get(node.type)
        name = node.inputs[slot].name
        if definition is None:
            return name
        otherwise = definition.inputs[slot].id if slot < len(definition.inputs) else name
        return self.shared.input_ids[definition.id].get(name, otherwise)

    def _output(self, source: Source) -> End:
        node = self.tracer.nodes[source.node]
        definition = self.shared.subgraphs.get(node.type)
        if definition is not None:
            known = [port.id for port in definition.outputs]
        else:
            spec = self.shared.catalog.spec(node.type)
            known = [output.name for output in (node if spec is None else spec).outputs]
        unique = source.slot < len(known) and known.count(known[source.slot]) == 1
        return End(node.id, known[source.slot] if unique else f"#{source.slot}")

    def frames(self) -> Iterator[Frame]:
        """The groups."""
        for place, group in enumerate(self.graph.groups, 1):
            x, y, width, height = _bounding(group.get("bounding"))
            title, known = group.get("title"), {"id", "title", "bounding", "color"}
            yield Frame(
                id=as_id(group.get("id")) or str(place),
                title=title if isinstance(title, str) else "",
                at=(x, y),
                size=(width, height),
                color=color if isinstance(color := group.get("color"), str) else "",
                extra={COMFY: {name: item for name, item in group.items() if name not in known}},
            )

    def notes(self) -> Iterator[Note]:
        """The notes."""
        for node in self.graph.nodes:
            if node.type in NOTES:
                text = next(iter(as_list(node.values)), "")
                if not isinstance(text, str) or not text:
                    text = node.properties.get("text", "")
                yield Note(
                    id=node.id,
                    text=text if isinstance(text, str) else "",
                    at=below_title(node.at, -1),
                    size=_with_title(node.size) or (0, 0),
                    color=node_color(node.raw),
                    extra={COMFY: _note_kept(node)},
                )

    def extra(self) -> dict[str, Any]:
        """The fields of the file that are nothing to us, and its reroutes for the way back."""
        kept = {name: item for name, item in self.graph.raw.items() if name not in _KEPT_ELSEWHERE}
        reroutes = {
            node.id: {**node.raw, **_unlinked(node)}
            for node in self.graph.nodes
            if node.type == REROUTE
        }
        kept["nodeOrder"] = [node.id for node in self.graph.nodes]
        return {COMFY: kept | ({"rerouteNodes": reroutes} if reroutes else {})}


def below_title(at: Point, times: int = 1) -> Point:
    """Where ComfyUI says that a node is: below its title, which belongs to the node with us."""
    return (at[0], at[1] + times * TITLE)


def _with_title(size: Point | None) -> Point | None:
    return None if size is None else (size[0], size[1] + TITLE)


def _kept(node: UiNode, values: Values) -> dict[str, Any]:
    """What of a node has no field with us."""
    kept = {name: item for name, item in node.raw.items() if name not in _NODE_FIELDS}
    flags = as_object(kept.get("flags"))
    kept["flags"] = {name: item for name, item in flags.items() if name != "collapsed"}
    kept |= _unlinked(node)
    if values.raw is not None:
        kept["widgets_values"] = values.raw
    elif isinstance(node.values, dict):
        kept["valuesByName"] = True
    elif values.rest:
        kept["rest"] = list(values.rest)
    return kept


def _note_kept(node: UiNode) -> dict[str, Any]:
    own = {"type": node.type, "title": node.title, "mode": node.mode}
    return own | _kept(node, Values())


def _unlinked(node: UiNode) -> dict[str, Any]:
    """The slots without their links, which the wires say."""
    sides = (("inputs", node.inputs), ("outputs", node.outputs))
    return {
        side: [{k: v for k, v in slot.raw.items() if k not in ("link", "links")} for slot in slots]
        for side, slots in sides
    }


def _port_extra(port: UiPort, through: Sequence[Any] | None = None) -> dict[str, Any]:
    kept = {name: item for name, item in port.raw.items() if name not in _PORT_FIELDS}
    if through is not None:
        kept["through"] = list(through)
    return {COMFY: kept} if kept else {}


def _through(source: Source) -> dict[str, Any]:
    return {COMFY: {"through": list(source.through)}} if source.through else {}


def _bounding(item: object) -> tuple[float, float, float, float]:
    at, size = as_point(as_list(item)[:2]), as_point(as_list(item)[2:4])
    return (*at, *size) if at is not None and size is not None else (0, 0, 0, 0)
