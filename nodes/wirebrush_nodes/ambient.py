"""What acts on every condition of a model, because its handle carries it."""

from __future__ import annotations

from wirebrush.api import Model, Run
from wirebrush_diffusion.control.controlnet import Control
from wirebrush_nodes.hypernetworks import hypernetworks
from wirebrush_nodes.image_prompts import image_prompts
from wirebrush_nodes.model_patches import patching_controls


def ambient_controls(handle: Model, run: Run) -> list[Control]:
    """The controls on a model, with live networks."""
    found = (make(handle, run) for make in (image_prompts, hypernetworks, patching_controls))
    return [control for controls in found for control in controls]
