"""Texts and canvases for Stable Diffusion 3."""

from __future__ import annotations

from typing import Annotated, Literal

from wirebrush.api import Clip, Conditioning, Latent, Range, Run, Text, node
from wirebrush_diffusion.latent.space import empty_latent
from wirebrush_nodes.live import explained
from wirebrush_nodes.text import conditioned, mentioned

Prompt = Annotated[str, Text(multiline=True)]
Side = Annotated[int, Range(16, 16384, 16)]
CHANNELS = 16


@node(
    id="CLIPTextEncodeSD3",
    category="advanced/conditioning",
    files=mentioned("clip_l", "clip_g", "t5xxl"),
)
def clip_text_encode_sd3(
    clip: Clip,
    clip_l: Prompt,
    clip_g: Prompt,
    t5xxl: Prompt,
    empty_padding: Literal["none", "empty_prompt"] = "none",
    *,
    run: Run,
) -> Conditioning:
    """Give each of Stable Diffusion 3's text encoders a text of its own.

    Args:
        clip: The text encoders of the model.
        clip_l: For the smaller CLIP: key words.
        clip_g: For the larger CLIP: usually the same.
        t5xxl: For T5, which understands whole sentences.
        empty_padding: What an encoder without text says: "none" is nothing at all,
            "empty_prompt" is what it makes of an empty text.
    """
    texts = {"l": clip_l, "g": clip_g, "t5xxl": t5xxl}
    silent = empty_padding == "none"
    said = {role: None if silent and not text else text for role, text in texts.items()}
    return conditioned(clip, said, run)


@node(id="EmptySD3LatentImage", category="latent/sd3")
def empty_sd3_latent_image(
    width: Side = 1024,
    height: Side = 1024,
    batch_size: Annotated[int, Range(1, 4096)] = 1,
) -> Latent:
    """An empty canvas for models with 16 latent channels: Stable Diffusion 3, FLUX and others.

    Args:
        width: Pixels across; sizes near those the model was trained on work best.
        height: Pixels down.
        batch_size: How many pictures to paint at once, each with noise of its own.
    """
    with explained():
        return Latent(empty_latent(width, height, batch_size, CHANNELS))
