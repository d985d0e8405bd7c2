"""Texts for Stable Diffusion XL, which is told sizes besides."""

from __future__ import annotations

from typing import Annotated

from wirebrush.api import Clip, Conditioning, Range, Run, Text, node
from wirebrush_nodes.text import conditioned, mentioned

Pixels = Annotated[int, Range(0, 16384, 1)]
Prompt = Annotated[str, Text(multiline=True)]


@node(
    id="CLIPTextEncodeSDXL",
    category="advanced/conditioning",
    files=mentioned("text_g", "text_l"),
)
def clip_text_encode_sdxl(
    *,
    clip: Clip,
    width: Pixels = 1024,
    height: Pixels = 1024,
    crop_w: Pixels = 0,
    crop_h: Pixels = 0,
    target_width: Pixels = 1024,
    target_height: Pixels = 1024,
    text_g: Prompt,
    text_l: Prompt,
    run: Run,
) -> Conditioning:
    """Turn texts into what Stable Diffusion XL understands, with the sizes it was told in training.

    Args:
        clip: The text encoders of the model.
        width: The width of the picture that this one is said to come from; small ones look blurred.
        height: Its height.
        crop_w: Where it is said to have been cut: 0 keeps things in the middle.
        crop_h: The same, from the top.
        target_width: The width of the picture to paint.
        target_height: Its height.
        text_g: What the picture should show, for the larger encoder.
        text_l: The same for the smaller one; usually the same text.
    """
    return conditioned(
        clip,
        {"g": text_g, "l": text_l},
        run,
        width=width,
        height=height,
        crop_w=crop_w,
        crop_h=crop_h,
        target_width=target_width,
        target_height=target_height,
    )


@node(
    id="CLIPTextEncodeSDXLRefiner",
    category="advanced/conditioning",
    files=mentioned("text"),
)
def clip_text_encode_sdxl_refiner(
    *,
    ascore: Annotated[float, Range(0.0, 1000.0, 0.01)] = 6.0,
    width: Pixels = 1024,
    height: Pixels = 1024,
    text: Prompt,
    clip: Clip,
    run: Run,
) -> Conditioning:
    """Turn a text into what Stable Diffusion XL's refiner understands.

    Args:
        ascore: How good the picture should look: 6 for the positive text, 2.5 for the negative.
        width: The width of the picture.
        height: Its height.
        text: What the picture should show.
        clip: The refiner's text encoder.
    """
    return conditioned(clip, text, run, aesthetic_score=ascore, width=width, height=height)
