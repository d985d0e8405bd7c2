"""What a file says of the ports of a node whose type no pack declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wirebrush.api import NodeSpec, Output, Port, Widget
from wirebrush.graph.comfy.reading import as_object, as_type, objects

COMFY = "comfy"
"""The field of a node, wire or graph for what only ComfyUI knows of it."""

SEARCHED = "Node name for S&R"
"""The property of a node by which tokens in names of files find it."""


def placeholder(type_name: str, extra: Mapping[str, Any]) -> NodeSpec | None:
    """The type of an imported node as far as its file tells; None if it was not imported.

    Which inputs it needs is not known, so none is required.
    """
    kept = as_object(extra.get(COMFY))
    if "inputs" not in kept and "outputs" not in kept:
        return None
    inputs = tuple(
        Port(
            str(item.get("name", "")),
            as_type(item.get("type")),
            widget=Widget("text") if item.get("widget") else None,
            optional=True,
        )
        for item in objects(kept.get("inputs"))
    )
    outputs = tuple(
        Output(str(item.get("name", "")), as_type(item.get("type")))
        for item in objects(kept.get("outputs"))
    )
    return NodeSpec(id=type_name, title=type_name, inputs=inputs, outputs=outputs)


def searched_name(type_name: str, extra: Mapping[str, Any]) -> str:
    """What ComfyUI's "Node name for S&R" says of a node; its type if nobody chose another."""
    kept = as_object(as_object(extra.get(COMFY)).get("properties"))
    found = kept.get(SEARCHED)
    return found if isinstance(found, str) and found else type_name
