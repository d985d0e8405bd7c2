"""Following links back to where they come from, through reroutes, which become knots of a wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from wirebrush.graph.comfy.reading import as_point
from wirebrush.graph.comfy.records import REROUTE, REROUTE_SIZE, UiGraph, UiLink, UiNode
from wirebrush.graph.workflow import Point

NODE, POINT = "node:", "point:"
"""How a knot that was a reroute node, or a point of the editor's own kind, is remembered."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an input's value comes from: an output, and the knots on the way, in order.

    `way` are the links to it, in order.
    """

    node: str
    slot: int
    knots: tuple[Point, ...] = ()
    through: tuple[str, ...] = ()
    way: tuple[UiLink, ...] = ()


MOST_STEPS = 300_000
"""How many reroutes and points all links of a canvas may run through together: a short file can
mean a great many."""


@dataclass
class Tracer:
    """The links of one canvas. `steps` counts what they ran through."""

    graph: UiGraph
    steps: int = 0

    @cached_property
    def nodes(self) -> Mapping[str, UiNode]:
        """The nodes by id."""
        return {node.id: node for node in self.graph.nodes}

    @cached_property
    def links(self) -> Mapping[str, UiLink]:
        """The links by id."""
        return {link.id: link for link in self.graph.links}

    @cached_property
    def ends(self) -> Mapping[tuple[str, int], UiLink]:
        """The links by the slot where they end."""
        return {(link.target, link.target_slot): link for link in self.graph.links}

    def into(self, node: UiNode, slot: int) -> UiLink | None:
        """The link that ends at a slot. The slot's own word counts: places in the list change."""
        raw = node.inputs[slot].raw
        if "link" not in raw:
            return self.ends.get((node.id, slot))
        named = raw["link"]
        link = self.links.get(str(named)) if named is not None else None
        return link if link is not None and link.target == node.id else None

    def source(self, link: UiLink) -> Source | None:
        """Where a link really starts; None if it comes from a reroute that nothing enters, or if
        all of them together ran through too many."""
        knots: list[Point] = []
        through: list[str] = []
        passed: set[str] = set()
        way: list[UiLink] = []
        while self.steps <= MOST_STEPS:
            way.append(link)
            self._points(link, knots, through)
            self.steps += 1
            node = self.nodes.get(link.origin)
            if node is None or node.type != REROUTE:
                break
            if node.id in passed:
                return None  # reroutes in a circle
            passed.add(node.id)
            knots.append(middle(node.raw))
            through.append(NODE + node.id)
            before = self.into(node, 0) if node.inputs else None
            if before is None:
                return None
            link = before
        else:
            return None
        order = tuple(reversed(knots)), tuple(reversed(through)), tuple(reversed(way))
        return Source(link.origin, link.origin_slot, *order)

    def loose(self, passed: Set[str]) -> Iterator[tuple[UiLink, tuple[str, ...]]]:
        """The links at reroute nodes that lead from nowhere or to nowhere, with their points:
        those that are not among the ones that lead from an output to an input."""
        for link in self.graph.links:
            ends = (self.nodes.get(link.origin), self.nodes.get(link.target))
            target = ends[1]
            if self.steps > MOST_STEPS:
                return
            if link.id in passed or not any(n and n.type == REROUTE for n in ends):
                continue
            if target is not None and not self._entered(target, link):
                continue
            through: list[str] = []
            self._points(link, [], through)
            yield link, tuple(reversed(through))

    def _entered(self, node: UiNode, link: UiLink) -> bool:
        """Whether a node says that this link ends at it."""
        there = link.target_slot < len(node.inputs)
        return there and self.into(node, link.target_slot) is link

    def _points(self, link: UiLink, knots: list[Point], through: list[str]) -> None:
        """The points of a link, the last first, as the editor chains them."""
        point, passed = link.parent, set[str]()
        while point is not None and point in self.graph.reroutes and point not in passed:
            passed.add(point)
            self.steps += 1
            at, parent = self.graph.reroutes[point]
            knots.append(at)
            through.append(POINT + point)
            point = parent


def middle(raw: Mapping[str, Any]) -> Point:
    """The middle of a reroute node, where its knot is."""
    x, y = as_point(raw.get("pos")) or (0, 0)
    width, height = as_point(raw.get("size")) or REROUTE_SIZE
    return (x + width / 2, y + height / 2)
