"""`node_helpers`, and our nodes under the modules of `comfy_extras` in which ComfyUI has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeVar

from PIL import ImageFile, UnidentifiedImageError

from wirebrush_comfy.shims.missing import missing
from wirebrush_comfy.world import World

A = TypeVar("A")
R = TypeVar("R")


def pillow(fn: Callable[[A], R], arg: A) -> R:
    """`fn(arg)`; a picture that is cut off is read as far as it goes."""
    try:
        return fn(arg)
    except (OSError, UnidentifiedImageError, ValueError):
        before = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            return fn(arg)
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def node_helpers(_world: World) -> Mapping[str, Any]:
    """The module `node_helpers`. What changes ComfyUI's conditions is missing."""
    return {"pillow": pillow}


def extra_node(module: str, name: str) -> Any:
    """A node class that ComfyUI has in a module of `comfy_extras`, if we have the node."""
    nodes: Any = import_module("nodes")
    return nodes.NODE_CLASS_MAPPINGS.get(name) or missing(f"{module}.{name}")
