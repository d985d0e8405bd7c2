"""Hypernetworks: small networks that change what a model sees in its text and picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch

from wirebrush.api import File, Handle, Model, Range, Run, node
from wirebrush_diffusion.control.controlnet import Control
from wirebrush_diffusion.control.hypernetwork import HypernetworkModel, Unseen
from wirebrush_diffusion.control.hypernetwork_file import check_hypernetwork, load_hypernetwork
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_nodes.carried import carried, carrying, file_of
from wirebrush_nodes.live import explained, settled, weights_place
from wirebrush_nodes.tweaks import HYPERNETWORK


@dataclass(frozen=True, slots=True)
class HypernetworkHandle(Handle):
    """A hypernetwork."""


@node(id="HypernetworkLoader", category="loaders")
def hypernetwork_loader(
    model: Model,
    hypernetwork_name: Annotated[str, File("hypernetworks")],
    strength: Annotated[float, Range(-10.0, 10.0, 0.01)] = 1.0,
    *,
    run: Run,
) -> Model:
    """Change a model with a hypernetwork. Several can be chained; taking one out leaves no trace.

    For Stable Diffusion 1 and 2. The field has them as pickles (.pt): convert them once.

    Args:
        model: The model that paints.
        hypernetwork_name: A .safetensors file in `models/hypernetworks`.
        strength: How strongly it counts; 0 changes nothing.
    """
    if strength == 0.0:
        return model
    source = run.file("hypernetworks", hypernetwork_name)
    with explained("hypernetwork_name"):
        check_hypernetwork(WeightFile(run.path(source)))
    return carrying(model, HYPERNETWORK, {"strength": strength}, file=source)


def hypernetworks(handle: Model, run: Run) -> list[Control]:
    """The hypernetworks on a model, with live networks."""
    made: list[Control] = []
    for settings, _ in carried(handle, HYPERNETWORK):
        live = _live(HypernetworkHandle(file_of(settings, "file"), "hypernetwork"), run)
        made.append(Unseen(live, torch.zeros(0), settings["strength"]))
    return made


def _live(handle: HypernetworkHandle, run: Run) -> HypernetworkModel:
    path, place = run.path(handle.source), weights_place(run)
    with explained("model"):
        found = run.resident(handle.key, lambda: load_hypernetwork(WeightFile(path), place))
    return settled(found, run)
