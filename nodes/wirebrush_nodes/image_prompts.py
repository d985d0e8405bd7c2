"""IP-Adapters: pictures that count like texts. The ids are those of the field's pack for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from torch import Tensor

from wirebrush.api import (
    File,
    Handle,
    Image,
    Mask,
    Model,
    NodeError,
    Range,
    Run,
    node,
)
from wirebrush.api import value as wire_value
from wirebrush_diffusion.control.image_prompt import ImageAdapter, ImagePrompt
from wirebrush_diffusion.control.image_prompt_file import check_image_adapter, load_image_adapter
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.vision.encoder import Seen, VisionEncoder
from wirebrush_nodes.carried import carried, carrying, file_of
from wirebrush_nodes.live import explained
from wirebrush_nodes.style import ClipVision, live_vision
from wirebrush_nodes.tweaks import IMAGE_PROMPT

Percent = Annotated[float, Range(0.0, 1.0, 0.001)]
WeightType = Literal["linear", "weak input", "weak output", "weak middle", "strong middle"]
Combination = Literal["concat", "add", "subtract", "average", "norm average"]


@wire_value("IPADAPTER")
@dataclass(frozen=True, slots=True)
class IpAdapter(Handle):
    """An IP-Adapter."""


@node(id="IPAdapterModelLoader", category="ipadapter/loaders", title="IPAdapter Model Loader")
def ip_adapter_model_loader(
    ipadapter_file: Annotated[str, File("ipadapter")], *, run: Run
) -> IpAdapter:
    """Choose an IP-Adapter: it lets pictures count like texts.

    Reads those for Stable Diffusion 1 and XL (plain, plus, full face), not those for FaceID.

    Args:
        ipadapter_file: A file in `models/ipadapter`, of the model's family.
    """
    source = run.file("ipadapter", ipadapter_file)
    with explained("ipadapter_file"):
        check_image_adapter(WeightFile(run.path(source)))
    return IpAdapter(source, "ipadapter")


@node(id="IPAdapterAdvanced", category="ipadapter", title="IPAdapter Advanced")
def ip_adapter_advanced(
    model: Model,
    ipadapter: IpAdapter,
    image: Image,
    weight: Annotated[float, Range(-1.0, 5.0, 0.05)] = 1.0,
    weight_type: WeightType = "linear",
    combine_embeds: Combination = "concat",
    start_at: Percent = 0.0,
    end_at: Percent = 1.0,
    embeds_scaling: Literal["V only"] = "V only",
    image_negative: Image | None = None,
    attn_mask: Mask | None = None,
    clip_vision: ClipVision | None = None,
    *,
    run: Run,
) -> Model:
    """Let the result resemble pictures. Several can be chained; taking one out leaves no trace.

    Args:
        model: The model that paints (Stable Diffusion 1 or XL).
        ipadapter: The IP-Adapter, of the model's family.
        image: The pictures; of each the square in the middle is looked at.
        weight: How strongly they count beside the text; 0 leaves them out.
        weight_type: Where in the model they count less: on the way in, in the middle, on the way
            out. "linear" is the same everywhere.
        combine_embeds: How several pictures become one: "concat" lets all of them count.
        start_at: The part of the sampling before which it does nothing, 0 to 1.
        end_at: The part of the sampling after which it does nothing.
        embeds_scaling: What the weight scales: what is found in the pictures.
        image_negative: Pictures that the result should not resemble.
        attn_mask: White (1) where the pictures count.
        clip_vision: The vision encoder that the IP-Adapter was made for, mostly CLIP ViT-H.
    """
    if clip_vision is None:
        raise NodeError(
            "An IP-Adapter needs a vision encoder, and none is connected.",
            "Connect CLIPVisionLoader, with clip_vision_h for most IP-Adapters.",
            port="clip_vision",
        )
    if weight == 0.0:
        return model
    adapter = live_adapter(ipadapter, run)
    seen, against = _looked(live_vision(clip_vision, run), adapter, image, image_negative, run)
    tensors = {
        "seen": _combined(seen, combine_embeds),
        "against": _combined(against, combine_embeds),
    }
    with explained("ipadapter"):
        adapter.tokens(tensors["seen"])
    if attn_mask is not None:
        tensors["mask"] = attn_mask
    settings = {"weight": weight, "mode": weight_type, "start": start_at, "end": end_at}
    return carrying(model, IMAGE_PROMPT, settings, tensors, file=ipadapter.source)


def _looked(
    encoder: VisionEncoder, adapter: ImageAdapter, image: Image, negative: Image | None, run: Run
) -> tuple[Tensor, Tensor]:
    """What the adapter reads of the pictures, and as much of those that are not wanted."""
    run.check()
    with explained("image"):
        seen = _kind(encoder.encode(image), adapter)
    with explained("image_negative"):
        unwanted = encoder.blank(1) if negative is None else encoder.encode(negative)
        against = _kind(unwanted, adapter)
    if negative is None and adapter.whole:
        against = torch.zeros_like(against)
    times = -(-seen.shape[0] // against.shape[0])
    return seen, against.repeat(times, *[1] * (against.ndim - 1))[: seen.shape[0]]


def image_prompts(handle: Model, run: Run) -> list[ImagePrompt]:
    """The IP-Adapters on a model, with live networks."""
    made: list[ImagePrompt] = []
    for settings, tensors in carried(handle, IMAGE_PROMPT):
        source = file_of(settings, "file")
        made.append(
            ImagePrompt(
                live_adapter(IpAdapter(source, "ipadapter"), run),
                tensors["seen"],
                settings["weight"],
                settings["start"],
                settings["end"],
                mode=settings["mode"],
                mask=tensors.get("mask"),
                against=tensors["against"],
            )
        )
    return made


def live_adapter(handle: IpAdapter, run: Run) -> ImageAdapter:
    """The IP-Adapter's network."""
    path = run.path(handle.source)
    with explained("ipadapter"):
        return run.resident(handle.key, lambda: load_image_adapter(WeightFile(path), run.device))


def _kind(seen: Seen, adapter: ImageAdapter) -> Tensor:
    """What the adapter reads of what was seen."""
    if not adapter.whole:
        return seen.penultimate
    if seen.projected is None:
        raise NodeError(
            "This vision encoder has no projection, which the IP-Adapter reads.",
            "Use a whole CLIP vision encoder, such as clip_vision_h.",
            port="clip_vision",
        )
    return seen.projected


def _combined(seen: Tensor, how: Combination) -> Tensor:
    """Several pictures as one, or side by side."""
    if how == "concat" or seen.shape[0] == 1:
        return seen
    if how == "add":
        return seen.sum(dim=0, keepdim=True)
    if how == "subtract":
        return seen[:1] - seen[1:].mean(dim=0, keepdim=True)
    if how == "norm average":
        seen = seen / seen.norm(dim=0, keepdim=True).clamp_min(1e-12)
    return seen.mean(dim=0, keepdim=True)
