"""Words learnt from pictures, in every layout of their files, and BREAK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from wirebrush.api import NodeError, SilentRun
from wirebrush_diffusion.text.embeddings import split_words, words_in
from wirebrush_diffusion.text.prompt import parse_prompt, split_breaks, without_breaks
from wirebrush_nodes.live import live_text_encoder
from wirebrush_nodes.loaders import checkpoint_loader_simple
from wirebrush_nodes.text import clip_text_encode

WIDTH = 32


@pytest.fixture
def clip(run: SilentRun) -> Any:
    return checkpoint_loader_simple("tiny", run=run).CLIP


def saved(models: Path, name: str, **tensors: torch.Tensor) -> None:
    (models / "embeddings").mkdir(exist_ok=True)
    save_file(tensors, models / "embeddings" / f"{name}.safetensors")


def context(clip: Any, text: str, run: SilentRun) -> torch.Tensor:
    return clip_text_encode(text, clip, run=run)[0].embedding


def token_vectors(clip: Any, text: str, run: SilentRun) -> torch.Tensor:
    """What the encoder's own table has for a text's tokens."""
    with live_text_encoder(clip, run) as reader:
        (part,) = reader.parts.values()
        ids = part.tokenizer.vocabulary.ids(text)  # type: ignore[attr-defined]
        return part.network.get_submodule("embeddings.token_embedding").weight[ids].clone()  # type: ignore[index]


@pytest.mark.parametrize("layout", ["emb_params", "clip_l", "<red-house>"])
def test_a_word_with_a_texts_own_vectors_is_that_text(
    clip: Any, models: Path, run: SilentRun, layout: str
) -> None:
    saved(models, "own", **{layout: token_vectors(clip, "red", run)})

    plain = context(clip, "a red b", run)
    assert torch.allclose(context(clip, "a embedding:own b", run), plain, atol=1e-5)
    assert torch.allclose(context(clip, "a embedding:own.safetensors b", run), plain, atol=1e-5)
    weighted = context(clip, "a (red:1.3), b", run)
    assert torch.allclose(context(clip, "a (embedding:own:1.3), b", run), weighted, atol=1e-5)


def test_one_vector_and_encoders_of_several_widths(clip: Any, models: Path, run: SilentRun) -> None:
    vector = torch.randn(WIDTH, generator=torch.Generator().manual_seed(0))
    saved(models, "single", word=vector)
    saved(models, "wide", clip_g=torch.zeros(2, 80), clip_l=vector.repeat(1, 1))

    one = context(clip, "embedding:single", run)
    assert torch.equal(one, context(clip, "embedding:wide", run))
    assert not torch.equal(one, context(clip, "", run))
    assert torch.equal(context(clip, "", run), context(clip, "", run))


def test_what_is_no_learnt_word(clip: Any, models: Path, run: SilentRun) -> None:
    saved(models, "narrow", emb_params=torch.zeros(2, 7))
    saved(models, "long", emb_params=torch.zeros(76, WIDTH))
    saved(models, "broken", emb_params=torch.full((1, WIDTH), float("nan")))
    saved(models, "picture", image=torch.zeros(2, 3, 4))
    for text, message in (
        ("embedding:nowhere", r"no 'nowhere\.safetensors' in embeddings"),
        ("embedding:narrow", r"'narrow' is 7 wide, this model's text encoders read 32"),
        ("embedding:long", "has 76 vectors; at most 75"),
        ("embedding:broken", "not finite"),
        ("embedding:picture", "holds no learnt word"),
    ):
        with pytest.raises(NodeError, match=message):
            context(clip, text, run)


def test_breaks_begin_windows(clip: Any, run: SilentRun) -> None:
    apart = context(clip, "red BREAK blue", run)

    assert apart.shape[1] == 2 * 77
    assert torch.allclose(apart[:, :77], context(clip, "red", run), atol=1e-5)
    assert torch.allclose(apart[:, 77:], context(clip, "blue", run), atol=1e-5)
    assert context(clip, "BREAKFAST break", run).shape[1] == 77
    assert context(clip, "(a BREAK b:1.2)", run).shape[1] == 2 * 77


def test_words_and_breaks_in_texts() -> None:
    assert words_in("(embedding:a/b:1.2), embedding:c, embedding:c x") == ["a/b", "c"]
    assert split_words("x embedding:a, y") == [("x ", "a"), (", y", None)]
    assert list(split_breaks(parse_prompt("a BREAK (b:2)"))) == [
        ("a", 1.0, False),
        ("", 1.0, True),
        ("b", 2.0, False),
    ]
    assert without_breaks("a BREAK b") == "a b"
