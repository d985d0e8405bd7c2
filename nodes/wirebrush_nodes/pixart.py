"""Texts for PixArt-Alpha."""

from __future__ import annotations

from typing import Annotated

from wirebrush.api import Clip, Conditioning, Range, Run, Text, node
from wirebrush_nodes.text import conditioned

Side = Annotated[int, Range(0, 16384, 1)]


@node(id="CLIPTextEncodePixArtAlpha", category="advanced/conditioning")
def clip_text_encode_pixart_alpha(
    width: Side = 1024,
    height: Side = 1024,
    *,
    text: Annotated[str, Text(multiline=True)],
    clip: Clip,
    run: Run,
) -> Conditioning:
    """Turn a text into what PixArt-Alpha understands, with the size of picture it should think of.

    PixArt-Sigma needs no sizes: use CLIPTextEncode.

    Args:
        width: Pixels across.
        height: Pixels down.
        text: What the picture should show.
        clip: T5, from CLIPLoader with type pixart.
    """
    return conditioned(clip, text, run, width=width, height=height)
