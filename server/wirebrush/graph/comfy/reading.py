"""Reading what ComfyUI's editor saves: versions 0.4 and 1, links as lists and as objects.

A file is read as far as it makes sense: what does not is a problem with its place, and the rest
is there all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from wirebrush.events import Problem
from wirebrush.graph.codes import Code, problem, quoted
from wirebrush.graph.comfy.records import (
    UiGraph,
    UiGroupType,
    UiLink,
    UiNode,
    UiPort,
    UiSlot,
    UiSubgraph,
    UiWorkflow,
)
from wirebrush.graph.jsontext import DEFAULT_LIMITS, MAX_FAULTS, Limits
from wirebrush.graph.parse import id_problem, too_many_links, too_many_nodes
from wirebrush.graph.workflow import Point

_LINK_FIELDS = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")


def read_ui(
    data: Mapping[str, Any], limits: Limits = DEFAULT_LIMITS
) -> tuple[UiWorkflow, list[Problem]]:
    """The workflow in JSON that `read_json` gave, and what is wrong with it."""
    reader = _Reader(limits)
    graph = reader.graph(data, "")
    subgraphs = {item.id: item for item in reader.subgraphs(data)}
    group_types = {item.name: item for item in reader.group_types(data)}
    if reader.nodes > limits.nodes:
        reader.problems.append(too_many_nodes(reader.nodes, limits))
    if reader.links > limits.links:
        reader.problems.append(too_many_links(reader.links, limits))
    return UiWorkflow(graph, subgraphs, group_types), reader.problems


@dataclass
class _Reader:
    limits: Limits
    problems: list[Problem] = field(default_factory=list[Problem])
    nodes: int = 0
    links: int = 0

    def graph(self, data: Mapping[str, Any], where: str) -> UiGraph:
        """One canvas; `where` names the definition it belongs to."""
        extra = as_object(data.get("extra"))
        parents = {
            as_id(item.get("id")): as_id(item.get("parentId"))
            for item in objects(extra.get("linkExtensions"))
        }
        links = tuple(self._links(data, parents, where))
        points = [*objects(data.get("reroutes")), *objects(extra.get("reroutes"))]
        return UiGraph(
            nodes=tuple(self._nodes(data, where)),
            links=links,
            groups=tuple(objects(data.get("groups"))),
            reroutes={
                as_id(item.get("id")): (
                    as_point(item.get("pos")) or (0, 0),
                    as_id(item.get("parentId")) or None,
                )
                for item in points
            },
            raw=data,
        )

    def subgraphs(self, data: Mapping[str, Any]) -> Iterator[UiSubgraph]:
        """All definitions, those inside definitions too."""
        stack = objects(as_object(data.get("definitions")).get("subgraphs"))
        while stack:
            item = stack.pop(0)
            stack += objects(as_object(item.get("definitions")).get("subgraphs"))
            found = as_id(item.get("id"))
            if not found:
                self._say("A subgraph definition has no id.", "Save the workflow again.")
                continue
            name = item.get("name")
            yield UiSubgraph(
                id=found,
                name=name if isinstance(name, str) else "",
                inputs=tuple(map(_port, objects(item.get("inputs")))),
                outputs=tuple(map(_port, objects(item.get("outputs")))),
                graph=self.graph(item, f" of the subgraph {quoted(name)}"),
            )

    def group_types(self, data: Mapping[str, Any]) -> Iterator[UiGroupType]:
        """All definitions of group nodes."""
        for name, found in as_object(as_object(data.get("extra")).get("groupNodes")).items():
            item = as_object(found)
            links = enumerate(as_list(each) for each in as_list(item.get("links")))
            inside = {
                "nodes": [_inner(at, raw) for at, raw in enumerate(as_list(item.get("nodes")))],
                "links": [[at, *link[:4], *link[5:6]] for at, link in links if _inside(link)],
            }
            ends = [as_list(end) for end in as_list(item.get("external"))]
            yield UiGroupType(
                name=name,
                graph=replace(self.graph(inside, f" of the group node {quoted(name)}"), raw={}),
                handed_out={
                    (as_id(end[0]), end[1]): as_type(end[2])
                    for end in ends
                    if len(end) > 2 and type(end[1]) is int
                },
                config=as_object(item.get("config")),
            )

    def _nodes(self, data: Mapping[str, Any], where: str) -> Iterator[UiNode]:
        seen: set[str] = set()
        for place, item in enumerate(as_list(data.get("nodes")), 1):
            self.nodes += 1
            if self.nodes > self.limits.nodes:
                continue  # they are only counted: the file is refused
            raw = as_object(item)
            node_id = as_id(raw.get("id"))
            if not node_id:
                self._say(f"Node {place}{where} is no node with an id.", "Remove it.")
            elif bad := id_problem(node_id, self.limits, forbidden="/"):
                self.problems.append(bad)
            elif node_id in seen:
                message = f"Two nodes{where} have the id {quoted(node_id)}; the first is kept."
                self._say(message, "Give one of them another id.", node_id)
            else:
                seen.add(node_id)
                yield self._node(node_id, raw)

    def _node(self, node_id: str, raw: Mapping[str, Any]) -> UiNode:
        kind, title, mode = raw.get("type"), raw.get("title"), raw.get("mode")
        if not isinstance(kind, str) or not kind.strip():
            message = f"Node {quoted(node_id)} does not say its type."
            self._say(message, "Remove it, or name its type.", node_id)
            kind = "unknown"
        return UiNode(
            id=node_id,
            type=kind,
            at=as_point(raw.get("pos")) or (0, 0),
            size=as_point(raw.get("size")),
            mode=mode if type(mode) is int else 0,
            title=title if isinstance(title, str) else "",
            inputs=tuple(map(_slot, objects(raw.get("inputs")))),
            outputs=tuple(map(_output, objects(raw.get("outputs")))),
            values=raw.get("widgets_values"),
            raw=raw,
        )

    def _links(
        self, data: Mapping[str, Any], parents: Mapping[str, str], where: str
    ) -> Iterator[UiLink]:
        for item in as_list(data.get("links")):
            if item is None:
                continue  # litegraph leaves holes
            self.links += 1
            if self.links > self.limits.links:
                continue
            link = as_link(item, parents)
            if link is None:
                message = f"A link{where} is {quoted(item)}, which names no two ends."
                self._say(message, "Remove it, and connect the nodes again.")
            else:
                yield link

    def _say(self, message: str, hint: str, node: str | None = None) -> None:
        if len(self.problems) < MAX_FAULTS:
            self.problems.append(problem(Code.BAD_COMFY, message, hint, node, severity="warning"))


def as_link(item: object, parents: Mapping[str, str]) -> UiLink | None:
    """A link as a list or an object; None if it names no two ends."""
    if isinstance(item, list):
        parts = cast("list[Any]", item)
        fields: dict[str, Any] = dict(zip(_LINK_FIELDS, parts, strict=False))
    else:
        fields = as_object(item)
    ends = [as_id(fields.get(name)) for name in ("id", "origin_id", "target_id")]
    slots = [_slot_index(fields.get(name)) for name in ("origin_slot", "target_slot")]
    if not all(ends) or None in slots:
        return None
    parent = as_id(fields.get("parentId")) or parents.get(ends[0])
    return UiLink(
        ends[0], ends[1], slots[0] or 0, ends[2], slots[1] or 0, as_type(fields.get("type")), parent
    )


def _inner(place: int, item: object) -> dict[str, Any]:
    """A node of a group node: its place is its id, and the links into it stand elsewhere."""
    raw = as_object(item)
    slots = [{k: v for k, v in slot.items() if k != "link"} for slot in objects(raw.get("inputs"))]
    return {**raw, "id": place, "inputs": slots}


def _inside(link: Sequence[Any]) -> bool:
    """Whether a link of a group node starts inside it; those from outside start nowhere."""
    return len(link) > 3 and link[0] is not None


def _slot_index(item: object) -> int | None:
    if isinstance(item, str) and item.isdecimal() and len(item) < 6:
        return int(item)
    return item if type(item) is int and 0 <= item < 100_000 else None


def _slot(raw: Mapping[str, Any]) -> UiSlot:
    name, widget = raw.get("name"), raw.get("widget")
    named = name if isinstance(name, str) else ""
    if isinstance(widget, dict):
        named = str(cast("dict[str, Any]", widget).get("name") or named)
    return UiSlot(named, as_type(raw.get("type")), isinstance(widget, dict), raw)


def _output(raw: Mapping[str, Any]) -> UiSlot:
    """An output; that of a Primitive says which widget it feeds, which is not its name."""
    name = raw.get("name")
    return UiSlot(name if isinstance(name, str) else "", as_type(raw.get("type")), False, raw)


def _port(raw: Mapping[str, Any]) -> UiPort:
    name = raw.get("name")
    found = name if isinstance(name, str) else ""
    return UiPort(as_id(raw.get("id")) or found, found, as_type(raw.get("type")), raw)


def as_type(item: object) -> str:
    """A type name; ComfyUI writes 0, -1 and lists of choices where it has none."""
    if isinstance(item, str) and item:
        return item
    return "COMBO" if isinstance(item, list) else "*"


def as_id(item: object) -> str:
    """An id as text; empty if it is none."""
    if isinstance(item, str):
        return item
    return str(item) if type(item) is int else ""


def as_point(item: object) -> Point | None:
    """`[x, y]`, or what a typed array becomes in JSON: `{"0": x, "1": y}`."""
    if isinstance(item, dict):
        fields = cast("dict[str, Any]", item)
        pair: list[Any] = [fields.get("0"), fields.get("1")]
    else:
        pair = as_list(item)[:2]
    right = len(pair) == 2 and all(type(number) in (int, float) for number in pair)
    return (pair[0], pair[1]) if right else None


def as_list(item: object) -> list[Any]:
    """The list, or an empty one."""
    return cast("list[Any]", item) if isinstance(item, list) else []


def as_object(item: object) -> dict[str, Any]:
    """The object, or an empty one."""
    return cast("dict[str, Any]", item) if isinstance(item, dict) else {}


def objects(item: object) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [cast("dict[str, Any]", each) for each in as_list(item) if isinstance(each, dict)]
