"""What acts on every condition of a model, because its handle carries it."""

from __future__ import annotations

from wirebrush.api import Model, Run
from wirebrush_diffusion.control.controlnet import Control
from wirebrush_nodes.hypernetworks import hypernetworks
from wirebrush_nodes.image_prompts import image_prompts


def ambient_controls(handle: Model, run: Run) -> list[Control]:
    """The controls on a model, with live networks."""
    return [*image_prompts(handle, run), *hypernetworks(handle, run)]
