"""Pictures as conditions: vision encoders and style models (FLUX Redux)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import torch
from torch import Tensor

from wirebrush.api import Cond, Conditioning, File, Handle, Image, NodeError, Range, Run, node
from wirebrush.api import value as wire_value
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.text.bias import TEXT_BIAS, with_part
from wirebrush_diffusion.vision.encoder import Seen, VisionEncoder, check_style, load_style, styled
from wirebrush_diffusion.vision.files import check_vision, load_vision, vision_weights
from wirebrush_nodes.live import explained, network_dtype, settled, weights_place


@wire_value("CLIP_VISION")
@dataclass(frozen=True, slots=True)
class ClipVision(Handle):
    """An encoder of pictures."""


@wire_value("STYLE_MODEL")
@dataclass(frozen=True, slots=True)
class StyleHandle(Handle):
    """A model that makes conditions of what a vision encoder saw."""


@wire_value("CLIP_VISION_OUTPUT")
@dataclass(frozen=True, eq=False, slots=True)
class VisionOutput:
    """What a vision encoder saw: states `[B,T,D]` of the last layers, the whole `[B,D]`, that
    beside texts `[B,P]` if the encoder has a projection, and a SigLIP's `early` states `[B,2,T,D]`.
    """

    last: Tensor
    penultimate: Tensor
    pooled: Tensor
    projected: Tensor | None = None
    early: Tensor | None = None


@node(id="CLIPVisionLoader", category="loaders", title="Load CLIP Vision")
def clip_vision_loader(clip_name: Annotated[str, File("clip_vision")], *, run: Run) -> ClipVision:
    """Choose an encoder of pictures, for style models and the like.

    Args:
        clip_name: A file in `models/clip_vision`.
    """
    source = run.file("clip_vision", clip_name)
    with explained("clip_name"):
        check_vision(WeightFile(run.path(source)))
    return ClipVision(source, "vision")


@node(id="CLIPVisionEncode", category="conditioning", title="CLIP Vision Encode")
def clip_vision_encode(
    clip_vision: ClipVision, image: Image, crop: Literal["center", "none"] = "center", *, run: Run
) -> VisionOutput:
    """Let a vision encoder look at a picture.

    Args:
        clip_vision: The encoder.
        image: The picture.
        crop: "center" looks at the square in the middle, "none" squeezes all into a square.
    """
    encoder = live_vision(clip_vision, run)
    run.check()
    with explained("image"):
        seen = encoder.encode(image, crop=crop == "center")
    return VisionOutput(seen.last, seen.penultimate, seen.pooled, seen.projected, seen.early)


def live_vision(clip_vision: ClipVision, run: Run) -> VisionEncoder:
    """The encoder."""
    path, dtype = run.path(clip_vision.source), network_dtype(run.device)
    with explained("clip_vision"):
        place = weights_place(run)
        encoder = run.resident(
            clip_vision.key, lambda: load_vision(vision_weights(path), place, dtype)
        )
        return settled(encoder, run)


@node(id="StyleModelLoader", category="loaders", title="Load Style Model")
def style_model_loader(
    style_model_name: Annotated[str, File("style_models")], *, run: Run
) -> StyleHandle:
    """Choose a style model, such as FLUX Redux: it lets a picture stand beside the text.

    Args:
        style_model_name: A file in `models/style_models`.
    """
    source = run.file("style_models", style_model_name)
    with explained("style_model_name"):
        check_style(WeightFile(run.path(source)))
    return StyleHandle(source, "style")


@node(id="StyleModelApply", category="conditioning/style_model", title="Apply Style Model")
def style_model_apply(
    conditioning: Conditioning,
    style_model: StyleHandle,
    clip_vision_output: VisionOutput,
    strength: Annotated[float, Range(0.0, 10.0, 0.001)] = 1.0,
    strength_type: Literal["multiply", "attn_bias"] = "multiply",
    *,
    run: Run,
) -> Conditioning:
    """Let what a vision encoder saw stand beside the text, so that the picture resembles it.

    Args:
        conditioning: The text.
        style_model: The style model.
        clip_vision_output: What the vision encoder saw.
        strength: How strongly the picture counts; 0 leaves it out.
        strength_type: "multiply" scales its states; "attn_bias" scales how much attention they
            get, which disturbs the text less (FLUX only).
    """
    if strength == 0.0:
        return conditioning
    path, dtype = run.path(style_model.source), network_dtype(run.device)
    with explained("style_model"):
        model = run.resident(
            style_model.key, lambda: load_style(WeightFile(path), run.device, dtype)
        )
    seen = clip_vision_output
    with explained("clip_vision_output"):
        states = styled(model, Seen(seen.last, seen.penultimate, seen.pooled))
    if strength_type == "attn_bias":
        return tuple(_beside(cond, states, math.log(strength)) for cond in conditioning)
    return tuple(_beside(cond, states * strength, 0.0) for cond in conditioning)


def _beside(cond: Cond, states: Tensor, bias: float) -> Cond:
    """The condition with states behind its text, that get so much more attention."""
    text, told = cond.embedding, cond.options.get(TEXT_BIAS)
    both = replace(cond, embedding=torch.cat([text, _rows(states, text)], dim=1))
    if bias == 0.0 and told is None:
        return both
    part = with_part(told, text.shape[1], states.shape[1], bias)
    return both.with_options(**{TEXT_BIAS: part})


def _rows(states: Tensor, like: Tensor) -> Tensor:
    """The states for each text of the batch, if they are as wide as it."""
    if states.shape[-1] != like.shape[-1]:
        raise NodeError(
            f"The style model makes states {states.shape[-1]} wide, the text's are "
            f"{like.shape[-1]}.",
            "Use a style model of the family that paints.",
            port="style_model",
        )
    return states.expand(like.shape[0], -1, -1)
