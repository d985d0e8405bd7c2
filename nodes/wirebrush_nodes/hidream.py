"""HiDream: a text for each of its four encoders."""

from __future__ import annotations

from typing import Annotated

from wirebrush.api import Clip, Conditioning, Run, Text, node
from wirebrush_nodes.text import conditioned, mentioned

Prompt = Annotated[str, Text(multiline=True)]


@node(
    id="CLIPTextEncodeHiDream",
    category="advanced/conditioning",
    files=mentioned("clip_l", "clip_g", "t5xxl", "llama"),
)
def clip_text_encode_hidream(
    clip: Clip, clip_l: Prompt, clip_g: Prompt, t5xxl: Prompt, llama: Prompt, *, run: Run
) -> Conditioning:
    """Turn a text for each encoder into what HiDream understands.

    Args:
        clip: The text encoders, from QuadrupleCLIPLoader.
        clip_l: What the picture should show, for CLIP L: it gives the whole of it.
        clip_g: The same for CLIP G.
        t5xxl: The same for T5: it reads sentences.
        llama: The same for Llama: it reads sentences, and counts most.
    """
    texts = {"l": clip_l, "g": clip_g, "t5xxl": t5xxl, "llama": llama}
    return conditioned(clip, texts, run)
