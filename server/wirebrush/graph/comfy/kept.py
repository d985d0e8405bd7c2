"""What of ComfyUI's nodes, ports and links has no field with us: it stands beside the fields, and
the way back finds it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wirebrush.graph.comfy.links import link_fields
from wirebrush.graph.comfy.placeholder import COMFY
from wirebrush.graph.comfy.reading import as_list, as_object
from wirebrush.graph.comfy.records import PRIMITIVE, UiLink, UiNode, UiPort
from wirebrush.graph.comfy.value_lists import Values, by_rule
from wirebrush.graph.comfy.widgets import Layout
from wirebrush.graph.workflow import Mode

MODES: Mapping[int, Mode] = {2: "mute", 4: "bypass"}
"""Our modes by ComfyUI's numbers. It has others, which mean nothing today."""

_NODE_FIELDS = frozenset(
    {
        *("id", "type", "pos", "size", "mode", "title", "inputs", "outputs"),
        *("widgets_values", "widgets_values_named"),
    }
)
_PORT_FIELDS = frozenset({"id", "name", "type", "linkIds"})


def kept_of_node(
    node: UiNode, values: Values, layout: Layout | None, instance: bool
) -> dict[str, Any]:
    """What of a node has no field with us; `instance` if it stands for a subgraph."""
    kept = {name: item for name, item in node.raw.items() if name not in _NODE_FIELDS}
    flags = as_object(kept.get("flags"))
    kept["flags"] = {name: item for name, item in flags.items() if name != "collapsed"}
    kept |= unlinked(node)
    if node.mode and (node.mode not in MODES or node.type == PRIMITIVE):
        kept["mode"] = node.mode
    return kept | _values(node, values, layout, instance)


def _values(node: UiNode, values: Values, layout: Layout | None, instance: bool) -> dict[str, Any]:
    """How the file had the values, where our names do not tell it."""
    if values.raw is not None:
        return {"widgets_values": values.raw}
    if isinstance(node.values, dict):
        return {"valuesByName": True}
    if isinstance(node.values, Values):
        return {"rest": list(values.rest)} if values.rest else {}
    items, named = as_list(node.values), as_object(node.raw.get("widgets_values_named"))
    known = layout is None or by_rule(items, values, layout)
    if named or not known or (items and instance):
        return {"list": items} | ({"named": named} if named else {})
    return {"rest": list(values.rest)} if values.rest else {}


def kept_of_note(node: UiNode) -> dict[str, Any]:
    """What of a note has no field with us."""
    rest = {name: item for name, item in node.raw.items() if name not in _NODE_FIELDS}
    return {"type": node.type, "title": node.title, "mode": node.mode, **rest, **unlinked(node)}


def kept_of_loose(link: UiLink, through: Sequence[str]) -> dict[str, Any]:
    """A link that leads from nowhere or to nowhere, and the points it runs through."""
    return {**link_fields(link), "through": list(through)}


def unlinked(node: UiNode) -> dict[str, Any]:
    """The slots without their links, which the wires say."""
    sides = (("inputs", node.inputs), ("outputs", node.outputs))
    return {
        side: [{k: v for k, v in slot.raw.items() if k not in ("link", "links")} for slot in slots]
        for side, slots in sides
    }


def port_extra(port: UiPort, through: Sequence[Any] | None = None) -> dict[str, Any]:
    """What of a definition's port has no field with us, and what its links run through."""
    kept = {name: item for name, item in port.raw.items() if name not in _PORT_FIELDS}
    if through is not None:
        kept["through"] = list(through)
    return {COMFY: kept} if kept else {}
