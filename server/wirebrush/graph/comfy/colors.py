"""The colours of ComfyUI's node menu and the names that ours have for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NODES: Mapping[str, tuple[str, str]] = {
    "red": ("#322", "#533"),
    "orange": ("#332922", "#593930"),
    "green": ("#232", "#353"),
    "blue": ("#223", "#335"),
    "teal": ("#233", "#355"),
    "violet": ("#323", "#535"),
    "yellow": ("#432", "#653"),
    "grey": ("#000", "#000"),
    "pink": ("#414", "#636"),
}
_NAMES = {title: name for name, (title, _) in _NODES.items()} | {"#2a363b": "blue"}


def node_color(raw: Mapping[str, Any]) -> str:
    """Our colour for a node or note: a name if it is one of the menu's, else the file's own."""
    color = raw.get("color")
    return _NAMES.get(color.lower(), color) if isinstance(color, str) else ""


def comfy_colors(color: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    """`color` and `bgcolor` for our colour: what the file had, if it still means the same."""
    if node_color(kept) == color:
        return {name: kept[name] for name in ("color", "bgcolor") if name in kept}
    title, body = _NODES.get(color, (color, color))
    return {"color": title, "bgcolor": body} if color else {}
