"""Subgraphs made while a prompt runs: a node returns nodes instead of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Link:
    """One output of one node. A parameter annotated `Link` receives this instead of the value."""

    node: str
    output: int = 0


@dataclass(frozen=True, slots=True)
class Expand:
    """Returned by a node: run these nodes and take these outputs as mine.

    `nodes` is a prompt fragment `{id: (node type, inputs)}`; ids are local to the expansion.
    Inputs are links (to nodes of the fragment, or links the node received) or plain values.
    `shown`: under which node of the prompt to show a node of the fragment, if not under this one.
    """

    nodes: Mapping[str, tuple[str, Mapping[str, Any]]]
    outputs: tuple[Any, ...] = ()
    shown: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass
class Subgraph:
    """Builds an `Expand`::

    g = Subgraph()
    a = g.node("ImageInvert", image=image_link)
    return g.result(a)
    """

    _nodes: dict[str, tuple[str, Mapping[str, Any]]] = field(
        default_factory=dict[str, tuple[str, Mapping[str, Any]]]
    )

    def node(self, node_type: str, node_id: str | None = None, /, **inputs: Any) -> Link:
        """Add a node; returns the link to its first output."""
        name = node_id if node_id is not None else str(len(self._nodes) + 1)
        if name in self._nodes:
            raise ValueError(f"Node id {name!r} is used twice in one expansion.")
        self._nodes[name] = (node_type, inputs)
        return Link(name, 0)

    def result(self, *outputs: Any) -> Expand:
        """The expansion, with links or plain values as the node's outputs."""
        return Expand(dict(self._nodes), outputs)
