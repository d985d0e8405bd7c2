"""One canvas of ComfyUI on its way to ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.colors import node_color
from wirebrush.graph.comfy.kept import (
    MODES,
    kept_of_loose,
    kept_of_node,
    kept_of_note,
    port_extra,
    unlinked,
)
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
from wirebrush.graph.comfy.value_lists import Values, decode
from wirebrush.graph.comfy.widgets import KIND_OF_TYPE, Layout, Layouts, Place, meant
from wirebrush.graph.workflow import (
    SUBGRAPH,
    VALUE_NODE,
    End,
    Frame,
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

_KEPT_ELSEWHERE = frozenset(
    {
        *("id", "name", "version", "nodes", "links", "groups", "definitions", "inputs", "outputs"),
        *("last_node_id", "last_link_id", "state"),
    }
)

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
    used: set[str] = field(default_factory=set[str])
    """The numbers of the links that became wires."""

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
        layout = self._layout(node)
        values = self._values(node, layout)
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
            mode="" if node.type == PRIMITIVE else MODES.get(node.mode, ""),
            collapsed=flags.get("collapsed") is True,
            color=node_color(node.raw),
            extra={COMFY: kept_of_node(node, values, layout, subgraph)},
        )

    def _layout(self, node: UiNode) -> Layout | None:
        if node.type in self.shared.subgraphs:
            return tuple(map(Place, shown_ports(self.shared.subgraphs[node.type])))
        if node.type == PRIMITIVE:
            return (Place(VALUE_NODE.port, control=True),)
        edited = [slot.name for slot in node.inputs if slot.widget]
        return self.shared.layouts.of(node.type, edited)

    def _values(self, node: UiNode, layout: Layout | None) -> Values:
        values = decode(node, layout)
        if node.type == PRIMITIVE:
            kind = KIND_OF_TYPE.get(node.outputs[0].type, "") if node.outputs else ""
            named = {name: meant(kind, item) for name, item in values.named.items()}
            return replace(values, named=named)
        if node.type in self.shared.subgraphs:
            inputs = self.shared.subgraphs[node.type].inputs
            kinds = {port.id: KIND_OF_TYPE.get(port.type, "") for port in inputs}
            given = ((name, item) for name, item in values.named.items() if item is not None)
            held = {name: meant(kinds.get(name, ""), item) for name, item in given}
            return replace(values, named=held)
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
                self._use(source)
                yield Wire(self._output(source), target, source.knots, self._way(source))

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
                    self._use(source)
                    end = End(node.id, self._input(node, slot))
                    fed.setdefault(source.slot, []).append((end, source))
        return fed

    def port_in(self, port: UiPort, fed: Sequence[tuple[End, Source]]) -> SubgraphInput:
        """An input of a definition."""
        through = [list(source.through) for _, source in fed]
        extra = port_extra(port, through if any(through) else None)
        types = [[link.type for link in source.way] for _, source in fed]
        if any(set(each) != {port.type} for each in types):
            extra = {COMFY: {**as_object(extra.get(COMFY)), "types": types}}
        return SubgraphInput(port.id, port.name, port.type, tuple(end for end, _ in fed), extra)

    def port_out(self, port: UiPort, place: int) -> SubgraphOutput:
        """An output of a definition, from no node if nothing inside is wired to it."""
        link = self.tracer.ends.get((OUTSIDE, place))
        source = self.tracer.source(link) if link is not None else None
        if source is None or source.node not in self.tracer.nodes:
            return SubgraphOutput(port.id, End("", ""), port.name, port.type, port_extra(port))
        self._use(source)
        extra = port_extra(port, list(source.through) or None)
        if types := as_object(self._way(source).get(COMFY)).get("types"):
            extra = {COMFY: {**as_object(extra.get(COMFY)), "types": types}}
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

    def _use(self, source: Source) -> None:
        self.used |= {link.id for link in source.way}

    def _way(self, source: Source) -> dict[str, Any]:
        """What a wire remembers of its links: what their knots were, and their types if they say
        another one than the output."""
        outputs = self.tracer.nodes[source.node].outputs
        kept: dict[str, Any] = {"through": list(source.through)} if source.through else {}
        kind = outputs[source.slot].type if source.slot < len(outputs) else "*"
        types = [link.type for link in source.way]
        kept |= {"types": types} if set(types) != {kind} else {}
        return {COMFY: kept} if kept else {}

    def frames(self) -> Iterator[Frame]:
        """The groups."""
        for place, group in enumerate(self.graph.groups, 1):
            x, y, width, height = _bounding(group.get("bounding"))
            title, known = group.get("title"), {"id", "title", "bounding"}
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
                    extra={COMFY: kept_of_note(node)},
                )

    def extra(self) -> dict[str, Any]:
        """The fields of the file that are nothing to us, and its reroutes for the way back."""
        kept = {name: item for name, item in self.graph.raw.items() if name not in _KEPT_ELSEWHERE}
        reroutes = {
            node.id: {**node.raw, **unlinked(node)}
            for node in self.graph.nodes
            if node.type == REROUTE
        }
        kept["nodeOrder"] = [node.id for node in self.graph.nodes]
        kept |= {"rerouteNodes": reroutes} if reroutes else {}
        loose = [kept_of_loose(link, through) for link, through in self.tracer.loose(self.used)]
        return {COMFY: kept | ({"looseLinks": loose} if loose else {})}


def below_title(at: Point, times: int = 1) -> Point:
    """Where ComfyUI says that a node is: below its title, which belongs to the node with us."""
    return (at[0], at[1] + times * TITLE)


def _with_title(size: Point | None) -> Point | None:
    return None if size is None else (size[0], size[1] + TITLE)


def _bounding(item: object) -> tuple[float, float, float, float]:
    at, size = as_point(as_list(item)[:2]), as_point(as_list(item)[2:4])
    return (*at, *size) if at is not None and size is not None else (0, 0, 0, 0)
