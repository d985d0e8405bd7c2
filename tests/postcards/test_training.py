"""The embedded model learns a style from twelve pictures: seen in losses that it was not shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.latent.space import empty_latent
from wirebrush_diffusion.patches.lora import read_lora
from wirebrush_diffusion.patches.lora_names import network_modules
from wirebrush_diffusion.patches.weights import WeightPatch
from wirebrush_diffusion.sampling import sample
from wirebrush_diffusion.training.examples import Example
from wirebrush_diffusion.training.folder import captions_of, pictures_in, read_pictures
from wirebrush_diffusion.training.loop import LoopSettings
from wirebrush_diffusion.training.lora import LoraSettings, LoraTraining
from wirebrush_postcards import models_path
from wirebrush_postcards.captions import caption
from wirebrush_postcards.dataset import picture_number, scene_number
from wirebrush_postcards.styles import INK, PAPER, woodcut

HELD_OUT = range(70_000, 70_008)
TEXT = "a blue house and a tree in the snow with mountains by day with the sun on the right"


@pytest.fixture(scope="module")
def parts() -> Parts:
    return load(models_path() / "checkpoints" / "postcards")


def text(parts: Parts, words: str) -> Condition:
    return Condition(parts.text_encoder.encode(words).context)


@pytest.fixture(scope="module")
def training(parts: Parts) -> LoraTraining:
    pictures = pictures_in(models_path() / "datasets" / "woodcut")
    latents = parts.autoencoder.encode(read_pictures(pictures))
    texts = [text(parts, words) for words in captions_of(pictures)]
    examples = [Example(*pair) for pair in zip(latents, texts, strict=True)]
    settings = LoraSettings(rank=8, batch_size=4, loop=LoopSettings(learning_rate=1e-3))
    return LoraTraining(parts.model, examples, settings)


def held_out_loss(parts: Parts, training: LoraTraining) -> float:
    """For pictures, noise and noise levels that the training never sees."""
    pictures = np.stack([woodcut(picture_number(number)) for number in HELD_OUT])
    latents = parts.autoencoder.encode(torch.from_numpy(pictures).float() / 255)
    data = parts.model.latent.to_network(latents)
    noise = torch.randn(data.shape, generator=torch.Generator().manual_seed(1))
    table = parts.model.schedule.sigmas
    levels = [table[60 + 120 * place] for place in range(len(HELD_OUT))]
    texts = [text(parts, caption(scene_number(number))) for number in HELD_OUT]
    with torch.no_grad():
        return training.loss_at(data, noise, levels, texts).item()


def of_two_colours(picture: Tensor) -> float:
    """The share of a picture `[H,W,3]` that is nearly a woodcut's ink or paper."""
    colours = torch.tensor([INK, PAPER]) / 255
    away = (picture[..., None, :] - colours).abs().amax(-1).amin(-1)
    return (away < 0.12).float().mean().item()


def test_it_learns_what_it_was_not_shown(
    parts: Parts, training: LoraTraining, tmp_path: Path
) -> None:
    before = held_out_loss(parts, training)
    training.run(50)
    with training.attached():
        after = held_out_loss(parts, training)
    assert after < 0.35 * before

    training.trained().save(tmp_path / "woodcut.safetensors")
    model = parts.model
    modules = network_modules("UNet2DConditionModel", model.patches.shapes(), 1)
    deltas = read_lora(WeightFile(tmp_path / "woodcut.safetensors"), modules)
    shares: list[float] = []
    for strength in (0.0, 1.0):
        with model.patches.held([WeightPatch("woodcut", deltas, strength)]):
            empty = text(parts, "")
            latent = sample(
                model, empty_latent(128, 128), [text(parts, TEXT)], [empty],
                seed=5, steps=12, cfg=3.0, sampler="dpmpp_2m",
            )  # fmt: skip
        shares.append(of_two_colours(parts.autoencoder.decode(latent)[0]))
    model.patches.remove()
    assert shares[0] < 0.2
    assert shares[1] > 0.6
