"""Group nodes, which ComfyUI had before subgraphs, become subgraphs.

Their definitions stand in `extra.groupNodes`; an instance is a node of type `workflow>NAME` (or
`workflow/NAME`) that holds the values of all nodes inside in one list. Nodes inside keep their
places as ids, so a prompt names them as ComfyUI does: `10:2`.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from uuid import NAMESPACE_URL, uuid5

from wirebrush.graph.codes import quoted
from wirebrush.graph.comfy.group_types import GroupNode, Showing
from wirebrush.graph.comfy.reading import as_list, as_object
from wirebrush.graph.comfy.records import (
    UiGraph,
    UiGroupType,
    UiNode,
    UiSlot,
    UiSubgraph,
    UiWorkflow,
)
from wirebrush.graph.comfy.value_lists import Values, decode
from wirebrush.graph.comfy.widgets import Layouts, length

_PREFIXES = ("workflow>", "workflow/")
_ID = "wirebrush:comfyui-group-node:"

Say = Callable[[str, str, str], None]


def without_group_nodes(ui: UiWorkflow, layouts: Layouts, most: int, say: Say) -> UiWorkflow:
    """The file with subgraphs in place of its group nodes.

    `most` is how many inputs the definitions may show in all: each shows those of the ones inside
    it, which a short text can multiply without end. Nodes whose definition is not there, contains
    itself or shows too much stay as they are.
    """
    if not ui.group_types:
        return ui
    unfolding = _Unfolding(ui.group_types, layouts, most, say)
    graphs = [ui.graph, *(item.graph for item in ui.subgraphs.values())]
    unfolding.prepare(name for graph in graphs for name in _used(graph, ui.group_types))
    subgraphs = {
        item.id: replace(item, graph=unfolding.graph(item.graph)) for item in ui.subgraphs.values()
    }
    graph = replace(unfolding.graph(ui.graph), raw=_without(ui.graph.raw, unfolding.known))
    return UiWorkflow(graph, subgraphs | unfolding.subgraphs())


@dataclass
class _Unfolding:
    types: Mapping[str, UiGroupType]
    layouts: Layouts
    most: int
    say: Say
    known: dict[str, GroupNode] = field(default_factory=dict[str, GroupNode])
    by_id: dict[str, GroupNode] = field(default_factory=dict[str, GroupNode])
    refused: set[str] = field(default_factory=set[str])
    shown: int = 0

    def prepare(self, names: Iterable[str]) -> None:
        """Make the definitions, those inside others first, with a stack of our own."""
        begun: set[str] = set()
        for start in names:
            stack = [start]
            while stack:
                name = stack[-1]
                if name not in begun:
                    begun.add(name)
                    inside = _used(self.types[name].graph, self.types)
                    stack += [each for each in inside if each not in begun]
                    continue
                stack.pop()
                if name not in self.known:
                    self._define(self.types[name])

    def _define(self, kind: UiGroupType) -> None:
        names = list(_used(kind.graph, self.types))
        inner = [self.known.get(name) for name in names]
        if self.refused.isdisjoint(names) and None in inner:
            message = f"The group node {quoted(kind.name)} contains itself."
            self.say(message, "Its nodes inside are left as they are. Make it anew.", "")
        self.shown += sum(len(item.subgraph.inputs) for item in inner if item is not None)
        self.shown += len(kind.graph.nodes)
        if self.shown > self.most:
            message = f"The group node {quoted(kind.name)} shows more inputs than can be read."
            self.say(message, "Open it in ComfyUI, and take it apart there.", "")
            self.refused.add(kind.name)
            return
        showing = Showing(replace(kind, graph=self.graph(kind.graph)), self.layouts, self.by_id)
        found = showing.as_subgraph(str(uuid5(NAMESPACE_URL, _ID + kind.name)))
        self.known[kind.name] = self.by_id[found.subgraph.id] = found

    def graph(self, graph: UiGraph) -> UiGraph:
        """A canvas whose group nodes are instances."""
        nodes: list[UiNode] = []
        places: dict[tuple[str, int], int] = {}
        for node in graph.nodes:
            group = self.known.get(_group_name(node.type))
            if group is not None:
                group = self._variant(node, group)
                places |= {(node.id, at): now for at, now in _places(node, group).items()}
                node = self._instance(node, group)
            nodes.append(node)
        links = (
            replace(link, target_slot=places.get((link.target, link.target_slot), link.target_slot))
            for link in graph.links
        )
        return replace(graph, nodes=tuple(nodes), links=tuple(links))

    def _instance(self, node: UiNode, group: GroupNode) -> UiNode:
        found = decode(node, group.layout)
        misfits = {} if found.raw is None else {"groupValues": found.raw}
        if misfits:
            message = f"The values of {node.title or node.type} (node {node.id}) do not fit it."
            self.say(message, "It has those of its definition; set what matters again.", node.id)
        named = {name: item for name, item in found.named.items() if name in group.values}
        held = {name: item for name, item in named.items() if item is not None}
        controls = {name: word for name, word in found.controls.items() if name in group.values}
        properties = {k: v for k, v in node.properties.items() if k != "Node name for S&R"}
        was = {now: node.inputs[at] for at, now in _places(node, group).items()}
        ports = enumerate(group.subgraph.inputs)
        return replace(
            node,
            type=group.subgraph.id,
            inputs=tuple(
                _slot(port.name, port.type, port.name in group.values, was.get(at))
                for at, port in ports
            ),
            outputs=tuple(_slot(port.name, port.type) for port in group.subgraph.outputs),
            values=Values(held, controls),
            raw={**node.raw, "properties": properties} | misfits,
        )

    def _variant(self, node: UiNode, group: GroupNode) -> GroupNode:
        """The definition with the values that this instance has for nodes whose values have no
        names: they can be no inputs, so each set of them needs a definition of its own."""
        items = as_list(node.values)
        if not group.unnamed or len(items) != length(*group.layout):
            return group
        own = {item.node: items[item.start : item.end] for item in group.unnamed}
        graph = group.subgraph.graph
        nodes = tuple(replace(each, values=own.get(each.id, each.values)) for each in graph.nodes)
        if nodes == graph.nodes:
            return group
        key = f"{_ID}{group.subgraph.name}\n{json.dumps(own, sort_keys=True)}"
        changed = replace(
            group.subgraph, id=str(uuid5(NAMESPACE_URL, key)), graph=replace(graph, nodes=nodes)
        )
        return self.by_id.setdefault(changed.id, replace(group, subgraph=changed))

    def subgraphs(self) -> dict[str, UiSubgraph]:
        """The definitions that were made."""
        return {name: item.subgraph for name, item in self.by_id.items()}


def _group_name(type_name: str) -> str:
    """The name in the type of an instance; empty if it is none."""
    prefix = next((each for each in _PREFIXES if type_name.startswith(each)), None)
    return "" if prefix is None else type_name.removeprefix(prefix)


def _used(graph: UiGraph, types: Mapping[str, UiGroupType]) -> Iterator[str]:
    names = dict.fromkeys(_group_name(node.type) for node in graph.nodes)
    return (name for name in names if name in types)


def _places(node: UiNode, group: GroupNode) -> dict[int, int]:
    """Which input of the definition each slot of an instance is: by name, else the next one that
    nothing has, of the same kind."""
    ports = group.subgraph.inputs
    names = {port.name: at for at, port in enumerate(ports)}
    found = {at: names[slot.name] for at, slot in enumerate(node.inputs) if slot.name in names}
    taken = set(found.values())
    left: dict[tuple[str, bool], deque[int]] = {}
    for at, port in enumerate(ports):
        if at not in taken:
            left.setdefault((port.type, port.name in group.values), deque()).append(at)
    for at, slot in enumerate(node.inputs):
        fits = left.get((slot.type, slot.widget))
        if at not in found and fits:
            found[at] = fits.popleft()
    return found


def _slot(name: str, kind: str, value: bool = False, was: UiSlot | None = None) -> UiSlot:
    raw: dict[str, object] = {"name": name, "type": kind}
    if value:
        raw["widget"] = {"name": name}
    if was is not None and "link" in was.raw:
        raw["link"] = was.raw["link"]
    return UiSlot(name, kind, value, raw)


def _without(raw: Mapping[str, object], used: Mapping[str, GroupNode]) -> dict[str, object]:
    """The file's own fields without the definitions that are subgraphs now."""
    extra = as_object(raw.get("extra"))
    rest = {k: v for k, v in as_object(extra.get("groupNodes")).items() if k not in used}
    extra = {k: v for k, v in extra.items() if k != "groupNodes"}
    return {**raw, "extra": extra | ({"groupNodes": rest} if rest else {})}
