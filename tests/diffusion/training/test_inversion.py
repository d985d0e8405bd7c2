"""A word is learnt from pictures, and read from its file by the encoders that learnt it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.checkpoint import Parts
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.text.embeddings import read_word
from wirebrush_diffusion.training.inversion import (
    Captioned,
    InversionSettings,
    WordTraining,
)
from wirebrush_diffusion.training.loop import LoopSettings

CAPTION = "a (red:1.2) house, embedding:home"


def training(parts: Parts, **told: Any) -> WordTraining:
    generator = torch.Generator().manual_seed(1)
    pictures = [Captioned(torch.randn(4, 8, 8, generator=generator), CAPTION) for _ in range(3)]
    settings: dict[str, Any] = {"vectors": 2, "batch_size": 2, "begin": "house"}
    settings["loop"] = LoopSettings(learning_rate=0.05)
    settings = {"word": "home", **settings, **told}
    return WordTraining(parts.model, parts.text_encoder, pictures, InversionSettings(**settings))


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
@pytest.mark.parametrize("layout", ["emb_params", "diffusers"])
def test_the_file_is_the_word_that_was_learnt(
    families: dict[str, Parts], family: str, layout: Any, tmp_path: Path
) -> None:
    parts = families[family]
    networks = (parts.model.network, parts.text_encoder.network)
    before = [tensor.clone() for network in networks for tensor in network.state_dict().values()]
    word = training(parts)
    begun = word.trained().vectors
    word.run(4)
    path = tmp_path / "home.safetensors"
    word.trained().save(path, layout)

    with torch.no_grad(), parts.text_encoder.knowing({"home": word.word}):
        learnt = parts.text_encoder.encode(CAPTION).context
    with parts.text_encoder.knowing({"home": read_word(WeightFile(path))}):
        read = parts.text_encoder.encode(CAPTION).context

    assert torch.equal(learnt, read)
    assert all(not torch.equal(begun[role], rows) for role, rows in word.trained().vectors.items())
    names = {"sd1": ["emb_params" if layout == "emb_params" else "<home>"],
             "sdxl": ["clip_g", "clip_l"]}  # fmt: skip
    assert sorted(WeightFile(path).names()) == names[family]
    after = [tensor for network in networks for tensor in network.state_dict().values()]
    assert all(map(torch.equal, before, after))


def test_halves_are_the_whole(families: dict[str, Parts], tmp_path: Path) -> None:
    whole = training(families["sd1"])
    whole.run(4)
    training(families["sd1"]).run(2, state=tmp_path / "s.safetensors")
    halves = training(families["sd1"])
    halves.run(4, state=tmp_path / "s.safetensors")
    assert halves.trained().losses == whole.trained().losses
    assert torch.equal(halves.trained().vectors["l"], whole.trained().vectors["l"])


def test_it_begins_as_a_word_that_is_known(families: dict[str, Parts]) -> None:
    reader = families["sd1"].text_encoder
    word = training(families["sd1"], vectors=1)
    with torch.no_grad(), reader.knowing({"home": word.word}):
        learnt = reader.encode("red embedding:home").context
    assert (learnt - reader.encode("red house").context).abs().max() < 1e-6


def test_what_cannot_be_learnt_is_said(families: dict[str, Parts]) -> None:
    with pytest.raises(DiffusionError, match="not in 3 of 3 captions"):
        training(families["sd1"], word="other")
    with pytest.raises(DiffusionError, match="1 to 75 vectors, not 80"):
        training(families["sd1"], vectors=80)
