"""Values as ComfyUI takes them: `"20"` and `20.0` for 20, and 1 for true.

Our own doors are strict. The ComfyUI-compatible one puts a prompt through here before it is
validated, because clients written for ComfyUI rely on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from wirebrush.api import Link, Port
from wirebrush.catalog import Catalog
from wirebrush.graph.prompt import Prompt, PromptNode

_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "INT": int,
    "FLOAT": float,
    "STRING": str,
    "BOOLEAN": bool,
}


def coerced(prompt: Prompt, catalog: Catalog) -> Prompt:
    """A prompt whose values have the types of their inputs wherever Python can convert them.

    What cannot be converted stays as it is: validation says so.
    """
    return Prompt({node.id: _node(node, catalog) for node in prompt.nodes.values()})


def _node(node: PromptNode, catalog: Catalog) -> PromptNode:
    spec = catalog.spec(node.class_type)
    if spec is None:
        return node
    return replace(
        node,
        inputs={name: _converted(item, spec.port(name)) for name, item in node.inputs.items()},
    )


def _converted(item: Any, port: Port | None) -> Any:
    convert = _CONVERT.get(port.type) if port is not None and not port.list else None
    if convert is None or item is None or isinstance(item, Link):
        return item
    try:
        return convert(item)
    except (ValueError, TypeError, OverflowError):
        return item
