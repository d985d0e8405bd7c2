"""A workflow of ComfyUI's editor as records: what its versions spell differently is one here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from wirebrush.graph.workflow import Point

INSIDE = "-10"
"""The node that stands for a subgraph's inputs, seen from inside."""

OUTSIDE = "-20"
"""The node that stands for a subgraph's outputs, seen from inside."""

REROUTE, PRIMITIVE = "Reroute", "PrimitiveNode"
REROUTE_SIZE = (75, 26)
"""How large a reroute node is that does not say it."""

NOTES = frozenset({"Note", "MarkdownNote"})


@dataclass(frozen=True, slots=True)
class UiSlot:
    """An input or output of a node: its place in the list is what links name it by."""

    name: str
    type: str
    widget: bool
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UiLink:
    """From an output slot to an input slot; `parent` is the last reroute point before its end."""

    id: str
    origin: str
    origin_slot: int
    target: str
    target_slot: int
    type: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class UiNode:
    """One node. `values` is whatever stands in `widgets_values`; `raw` is all of it."""

    id: str
    type: str
    at: Point
    size: Point | None
    mode: int
    title: str
    inputs: tuple[UiSlot, ...]
    outputs: tuple[UiSlot, ...]
    values: Any
    raw: Mapping[str, Any]

    @property
    def properties(self) -> Mapping[str, Any]:
        """What the editor keeps beside the values."""
        found = self.raw.get("properties")
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class UiPort:
    """An input or output of a subgraph definition."""

    id: str
    name: str
    type: str
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UiGraph:
    """The canvas, or the inside of a definition. `reroutes` are points with their parents."""

    nodes: tuple[UiNode, ...]
    links: tuple[UiLink, ...]
    groups: tuple[Mapping[str, Any], ...]
    reroutes: Mapping[str, tuple[Point, str | None]]
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UiSubgraph:
    """A definition: its ports, and what is inside."""

    id: str
    name: str
    inputs: tuple[UiPort, ...]
    outputs: tuple[UiPort, ...]
    graph: UiGraph


@dataclass(frozen=True, slots=True)
class UiGroupType:
    """The definition of a group node, which ComfyUI had before subgraphs. Its nodes have no ids:
    their places in the list, from 0, are their names.

    `handed_out` are outputs (node, slot) that were wired to the outside when it was made, with
    their types; `config` says by node what is hidden or called otherwise.
    """

    name: str
    graph: UiGraph
    handed_out: Mapping[tuple[str, int], str]
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UiWorkflow:
    """The whole file."""

    graph: UiGraph
    subgraphs: Mapping[str, UiSubgraph] = field(default_factory=dict[str, UiSubgraph])
    group_types: Mapping[str, UiGroupType] = field(default_factory=dict[str, UiGroupType])
