"""Texts to conditions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from wirebrush.api import Clip, Cond, Conditioning, Range, Run, Text, node
from wirebrush_diffusion.embeddings import LearnedWord, read_word, words_in
from wirebrush_diffusion.text import Encoding
from wirebrush_diffusion.weights import WeightFile
from wirebrush_nodes.live import explained, live_text_encoder

LAYER = "layer"


@node(id="CLIPTextEncode", category="conditioning", title="CLIP Text Encode (Prompt)")
def clip_text_encode(
    text: Annotated[str, Text(multiline=True, placeholder="What the picture should show")],
    clip: Clip,
    *,
    run: Run,
) -> Conditioning:
    r"""Turn a text into what the sampler understands.

    `(red:1.3)` counts more, `(red:0.7)` less, `(red)` is short for 1.1; `\(` is a plain bracket.
    Long texts are read in parts of 75 tokens; `BREAK` begins a new part. `embedding:name` stands
    for a word that was learnt from pictures, a file in `models/embeddings`.

    Args:
        text: What the picture should show (or, as the negative, should not).
        clip: The text encoder of the model that will paint.
    """
    encoding = encoded(clip, text, run)
    return (Cond(encoding.context, encoding.pooled),)


def encoded(clip: Clip, text: str | Mapping[str, str | None], run: Run) -> Encoding:
    """What the text encoders make of one text, or of a text for each of them."""
    layer = clip.option(LAYER)
    words = _learned(text, run)
    with (
        explained("clip"),
        live_text_encoder(clip, run) as reader,
        explained("text"),
        reader.knowing(words),
    ):
        return reader.encode(text, layer if isinstance(layer, int) else None)


def _learned(text: str | Mapping[str, str | None], run: Run) -> dict[str, LearnedWord]:
    """The learnt words that a text names, from their files."""
    texts = [text] if isinstance(text, str) else [part for part in text.values() if part]
    names = dict.fromkeys(name for part in texts for name in words_in(part))
    found: dict[str, LearnedWord] = {}
    for name in names:
        source = run.file("embeddings", name if Path(name).suffix else f"{name}.safetensors")
        with explained("text"):
            found[name] = read_word(WeightFile(run.path(source)))
    return found


@node(id="CLIPSetLastLayer", category="conditioning", title="CLIP Set Last Layer")
def clip_set_last_layer(
    clip: Clip, stop_at_clip_layer: Annotated[int, Range(-24, -1, 1)] = -1
) -> Clip:
    """Stop reading texts some layers early ("CLIP skip"), which some models were trained with.

    Args:
        clip: The text encoder.
        stop_at_clip_layer: -1 is the last layer, -2 the one before ("CLIP skip 2"), and so on.
    """
    return clip.with_option(LAYER, stop_at_clip_layer)
