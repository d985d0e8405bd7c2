"""The workflow: the document that people draw and save (`wirebrush/1`), as frozen records.

Values and wires go by name, never by position. What this version does not know (`extra`) is
kept, so that opening and saving loses nothing that another version or tool wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Point: TypeAlias = tuple[float, float]
Mode: TypeAlias = Literal["", "mute", "bypass"]

SUBGRAPH = "subgraph:"
"""A node of type `subgraph:<id>` is an instance of that definition."""


@dataclass(frozen=True, slots=True)
class _ValueNode:
    type: str
    port: str


VALUE_NODE = _ValueNode("PrimitiveNode", "value")
"""A node of this type only holds a value, which its wires write into the inputs they end at; it
never runs."""


def _nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class End:
    """One end of a wire: a port of a node, by name (`#0` for a port that is not known by name)."""

    node: str
    port: str


@dataclass(frozen=True, slots=True)
class Wire:
    """From an output to an input. `knots` are the points that it is drawn through, in order."""

    source: End
    target: End
    knots: tuple[Point, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class WorkflowNode:
    """One node on the canvas. `controls` says what happens to a value before each run.

    A muted node is left out with all that need it; a bypassed one hands its inputs on.
    """

    id: str
    type: str
    at: Point = (0, 0)
    size: Point | None = None
    title: str = ""
    values: Mapping[str, Any] = field(default_factory=_nothing)
    controls: Mapping[str, str] = field(default_factory=dict[str, str])
    mode: Mode = ""
    collapsed: bool = False
    color: str = ""
    extra: Mapping[str, Any] = field(default_factory=_nothing)

    @property
    def subgraph(self) -> str | None:
        """The id of the definition that this node is an instance of."""
        return self.type.removeprefix(SUBGRAPH) if self.type.startswith(SUBGRAPH) else None


@dataclass(frozen=True, slots=True)
class Frame:
    """A titled box behind some nodes."""

    id: str
    title: str = ""
    at: Point = (0, 0)
    size: Point = (0, 0)
    color: str = ""
    extra: Mapping[str, Any] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Note:
    """A text on the canvas."""

    id: str
    text: str = ""
    at: Point = (0, 0)
    size: Point = (0, 0)
    color: str = ""
    extra: Mapping[str, Any] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class SubgraphInput:
    """A port of the instances, and the inputs inside that it feeds.

    An instance may wire it or hold a value for it; else the values inside stand.
    """

    id: str
    name: str = ""
    type: str = "*"
    to: tuple[End, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class SubgraphOutput:
    """A port of the instances, and the output inside that it hands out."""

    id: str
    source: End
    name: str = ""
    type: str = "*"
    extra: Mapping[str, Any] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Subgraph:
    """A definition: a part of a graph that instances share, with ports that have ids."""

    id: str
    name: str = ""
    nodes: Mapping[str, WorkflowNode] = field(default_factory=dict[str, WorkflowNode])
    wires: tuple[Wire, ...] = ()
    inputs: tuple[SubgraphInput, ...] = ()
    outputs: tuple[SubgraphOutput, ...] = ()
    frames: tuple[Frame, ...] = ()
    notes: tuple[Note, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Workflow:
    """The whole document. `view` is where the person was looking."""

    id: str = ""
    name: str = ""
    nodes: Mapping[str, WorkflowNode] = field(default_factory=dict[str, WorkflowNode])
    wires: tuple[Wire, ...] = ()
    frames: tuple[Frame, ...] = ()
    notes: tuple[Note, ...] = ()
    subgraphs: Mapping[str, Subgraph] = field(default_factory=dict[str, Subgraph])
    view: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] = field(default_factory=_nothing)
