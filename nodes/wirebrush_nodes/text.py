"""Texts to conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

from wirebrush.api import Clip, Cond, Conditioning, FileRef, Range, Run, Text, node
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.text.embeddings import LearnedWord, read_word, words_in
from wirebrush_diffusion.text.encoder import Encoding
from wirebrush_diffusion.text.reading import Reader
from wirebrush_diffusion.text.t5 import T5Encoder
from wirebrush_nodes.hook_conditions import HOOKS
from wirebrush_nodes.hook_values import clip_hooks
from wirebrush_nodes.live import explained, live_text_encoder

LAYER = "layer"
T5_LEAST, T5_SPARE = "t5_min_length", "t5_min_padding"
SCHEDULED = "scheduled"
"""The option of a condition that says for which part of the sampling its text was read."""
WHOLE = (0.0, 1.0)
EMBEDDINGS = "embeddings"
CONTROL_TEXT = "cross_attn_controlnet"
"""The option of a condition with the text that its ControlNets read instead of its own."""


def mentioned(*ports: str) -> Callable[[Mapping[str, Any]], list[FileRef]]:
    """For `@node(files=)`: the files of learnt words that the texts of these ports name.

    A text that is wired may name any.
    """

    def files(values: Mapping[str, Any]) -> list[FileRef]:
        texts = [values.get(port) for port in ports]
        if None in texts:
            return [FileRef(EMBEDDINGS, "")]
        named = [str(text) for text in texts if "embedding:" in str(text)]
        words = [word for text in named for word in words_in(text)]
        return [FileRef(EMBEDDINGS, _file_name(word)) for word in words]

    return files


@node(
    id="CLIPTextEncode",
    category="conditioning",
    title="CLIP Text Encode (Prompt)",
    files=mentioned("text"),
)
def clip_text_encode(
    text: Annotated[str, Text(multiline=True, placeholder="A prompt, in words")],
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
    return conditioned(clip, text, run)


@node(
    id="CLIPTextEncodeControlnet",
    category="_for_testing/conditioning",
    experimental=True,
    files=mentioned("text"),
)
def clip_text_encode_controlnet(
    clip: Clip,
    conditioning: Conditioning,
    text: Annotated[str, Text(multiline=True)],
    *,
    run: Run,
) -> Conditioning:
    """Let the ControlNets of a condition read another text than the model does.

    Args:
        clip: The text encoder of the model that will paint.
        conditioning: What the model reads.
        text: What the ControlNets read: what they shall see in their picture.
    """
    read = encoded(clip, text, run).context
    return tuple(cond.with_options(**{CONTROL_TEXT: read}) for cond in conditioning)


def conditioned(
    clip: Clip, text: str | Mapping[str, str | None], run: Run, **options: Any
) -> Conditioning:
    """Conditions of what the text encoders make of a text: one, or one for each of their times.

    Hooks of the text encoders go along if they shall; where they change in the course of the
    sampling, the text is read once for each strength.
    """
    hooks = clip_hooks(clip)
    if hooks is not None and hooks.to_conditions:
        options |= {HOOKS: (*options.get(HOOKS, ()), *hooks.hooks)}
    conditions: list[Cond] = []
    for start, end in [WHOLE] if hooks is None else hooks.parts():
        reader = clip if hooks is None else hooks.at(start).on(clip)
        encoding = encoded(reader, text, run)
        part = {} if (start, end) == WHOLE else {SCHEDULED: (start, end)}
        cond = Cond(encoding.context, encoding.pooled, encoding.options)
        conditions.append(cond.with_options(**options, **part))
    return tuple(conditions)


def encoded(clip: Clip, text: str | Mapping[str, str | None], run: Run) -> Encoding:
    """What the text encoders make of one text, or of a text for each of them."""
    layer = clip.option(LAYER)
    words = _learned(text, run)
    with (
        explained("clip"),
        live_text_encoder(clip, run) as reader,
        explained("text"),
        reader.knowing(words),
        _filled(clip, reader),
    ):
        return reader.encode(text, layer if isinstance(layer, int) else None)


@contextmanager
def _filled(clip: Clip, reader: Reader) -> Iterator[None]:
    """How far T5's texts are filled up, where a node says so."""
    least, spare = clip.option(T5_LEAST), clip.option(T5_SPARE)
    with ExitStack() as stack:
        for part in reader.parts.values():
            if isinstance(part, T5Encoder) and isinstance(least, int) and isinstance(spare, int):
                stack.enter_context(part.filled(least, spare))
        yield


def _learned(text: str | Mapping[str, str | None], run: Run) -> dict[str, LearnedWord]:
    """The learnt words that a text names, from their files."""
    texts = [text] if isinstance(text, str) else [part for part in text.values() if part]
    names = dict.fromkeys(name for part in texts for name in words_in(part))
    found: dict[str, LearnedWord] = {}
    for name in names:
        source = run.file(EMBEDDINGS, _file_name(name))
        with explained("text"):
            found[name] = read_word(WeightFile(run.path(source)))
    return found


def _file_name(word: str) -> str:
    return word if Path(word).suffix else f"{word}.safetensors"


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


@node(id="T5TokenizerOptions", category="_for_testing/conditioning", experimental=True)
def t5_tokenizer_options(
    clip: Clip,
    min_padding: Annotated[int, Range(0, 10000, 1)] = 0,
    min_length: Annotated[int, Range(0, 10000, 1)] = 0,
) -> Clip:
    """Say how far T5 fills up texts, instead of what the family was trained with.

    Args:
        clip: Text encoders with a T5 among them; others read as before.
        min_padding: Empty places after each text.
        min_length: How many places it has at least; FLUX.1 has 256 by itself, SD3 has 77.
    """
    return clip.with_option(T5_SPARE, min_padding).with_option(T5_LEAST, min_length)
