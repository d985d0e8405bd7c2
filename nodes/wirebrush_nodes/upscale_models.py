"""Pictures enlarged by networks that were trained to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from wirebrush.api import File, Handle, Image, Run, node
from wirebrush.api import value as wire_value
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.pictures.upscaling import load_upscaler
from wirebrush_nodes.live import explained, network_dtype, settled, weights_place


@wire_value("UPSCALE_MODEL")
@dataclass(frozen=True, slots=True)
class UpscaleModel(Handle):
    """A network that enlarges pictures."""


@node(id="UpscaleModelLoader", category="loaders", title="Load Upscale Model")
def upscale_model_loader(
    model_name: Annotated[str, File("upscale_models")], *, run: Run
) -> UpscaleModel:
    """Choose a network that enlarges pictures, such as Real-ESRGAN.

    Args:
        model_name: A file in `models/upscale_models`.
    """
    source = run.file("upscale_models", model_name)
    with explained("model_name"):
        WeightFile(run.path(source))
    return UpscaleModel(source, "upscaler")


@node(
    id="ImageUpscaleWithModel",
    category="image/upscaling",
    title="Upscale Image (using Model)",
)
def image_upscale_with_model(upscale_model: UpscaleModel, image: Image, *, run: Run) -> Image:
    """Enlarge pictures with a network. Large ones go through it in tiles.

    Args:
        upscale_model: The network; it knows how many times it enlarges.
        image: The pictures.
    """
    path, dtype = run.path(upscale_model.source), network_dtype(run.device)
    with explained("upscale_model"):
        place = weights_place(run)
        upscaler = run.resident(
            upscale_model.key, lambda: load_upscaler(WeightFile(path), place, dtype)
        )
        settled(upscaler, run)
    run.check()
    with explained("image"):
        return upscaler.enlarged(image, run.step)
