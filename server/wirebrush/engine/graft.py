"""Expansion: the nodes that a node returned become part of the running prompt."""

from __future__ import annotations

from collections.abc import Container, Mapping
from hashlib import blake2b
from typing import Any

from wirebrush.api import Expand, Link, NodeError, NodeSpec
from wirebrush.engine.call import ReceivedLink, listed
from wirebrush.graph.prompt import PromptNode

MAX_ID = 120


def graft(
    nodes: dict[str, PromptNode],
    original: Container[str],
    task: tuple[PromptNode, NodeSpec, int],
    expand: Expand,
    shown: dict[str, str],
) -> tuple[tuple[Any, ...], list[str]]:
    """Add an expansion's nodes to the prompt's.

    Args:
        nodes: The prompt as it is now; grows.
        original: The ids that were there before any expansion.
        task: The node that expanded, its spec, and which item of a mapped call it was.
        expand: What it returned.
        shown: Under which other nodes those of expansions are shown; grows.

    Returns the parent's outputs, as links or plain values, and the ids of the new nodes. Ids are
    the same whenever the same node expands: `parent.local`, or a hash where nested expansions
    (loops) would make them grow without end.
    """
    parent, spec, item = task
    if len(expand.outputs) != len(spec.outputs):
        raise NodeError(
            f"{spec.id} has {len(spec.outputs)} outputs, but its expansion gives "
            f"{len(expand.outputs)}.",
            "This is a bug in the node: Subgraph.result() takes one value per output.",
        )
    prefix = _prefix(parent.id, item)
    while any(f"{prefix}.{local}" in original for local in expand.nodes):
        prefix += "+"  # somebody has named a node of the document like ours
    ids = {local: f"{prefix}.{local}" for local in expand.nodes}
    for local, (class_type, inputs) in expand.nodes.items():
        wired = {name: _linked(value, ids, nodes, parent.id) for name, value in inputs.items()}
        nodes[ids[local]] = PromptNode(ids[local], class_type, wired, parent.title)
        above = expand.shown.get(local, parent.id)
        if local in expand.shown or above in shown:
            shown[ids[local]] = shown.get(above, above)
    outputs = [_linked(value, ids, nodes, parent.id) for value in expand.outputs]
    for index, value in enumerate(outputs):
        if not isinstance(value, Link):
            outputs[index] = listed(spec, index, value)
    return tuple(outputs), list(ids.values())


def _prefix(parent: str, item: int) -> str:
    prefix = f"{parent}.{item}" if item else parent
    if len(prefix) <= MAX_ID:
        return prefix
    root = parent.partition(".")[0][:MAX_ID]
    return f"{root}.~{blake2b(prefix.encode(), digest_size=12).hexdigest()}"


def _linked(
    value: Any, ids: Mapping[str, str], nodes: Mapping[str, PromptNode], parent: str
) -> Any:
    """A link of the fragment, with the id its node has in the prompt; other values as they are."""
    if not isinstance(value, Link):
        return value
    if isinstance(value, ReceivedLink):
        return Link(value.node, value.output)
    if value.node in ids:
        return Link(ids[value.node], value.output)
    if value.node in nodes:
        return value
    raise NodeError(
        f"The expansion of node {parent} is wired to {value.node!r}, which it does not contain.",
        "This is a bug in the node.",
    )
