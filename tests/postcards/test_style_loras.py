"""The shipped style LoRAs: the style grows with the strength, the scene stays, 0 is the base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from studio import Studio

from wirebrush.api import Latent
from wirebrush_nodes.live import live_model
from wirebrush_postcards import models_path
from wirebrush_postcards.measure_effects import blockiness, off_ink
from wirebrush_postcards.obedience import compare

STYLES = ("woodcut", "pixel")
STRENGTHS = (0.0, 0.4, 0.7, 1.0)
PROMPTS = [
    "a red house and two trees on a meadow with mountains at sunset with the sun on the left",
    "a boat with a yellow sail on the sea by day",
    "a blue house in the snow at night with the moon on the right",
    "a white house and a cactus in the desert at dawn",
]
MEASURES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "woodcut": lambda pictures: 1 - off_ink(pictures) / 255,
    "pixel": blockiness,
}


def painted(studio: Studio, style: str, strength: float) -> list[Latent]:
    """A latent for each prompt, each with a seed of its own."""
    model = studio.styled(style, strength)
    return [studio.latents(text, model=model, seed=seed) for seed, text in enumerate(PROMPTS)]


def decoded(studio: Studio, latents: list[Latent]) -> np.ndarray:
    return np.concatenate([studio.decoded(latent) for latent in latents])


@pytest.fixture(scope="module")
def latents(studio: Studio) -> dict[tuple[str, float], list[Latent]]:
    plain = painted(studio, STYLES[0], 0.0)
    styled = {(s, n): painted(studio, s, n) for s in STYLES for n in STRENGTHS[1:]}
    return styled | {(style, 0.0): plain for style in STYLES}


@pytest.mark.parametrize(("style", "least"), [("woodcut", 0.1), ("pixel", 0.3)])
def test_the_style_grows_with_the_strength(
    studio: Studio, latents: dict[tuple[str, float], list[Latent]], style: str, least: float
) -> None:
    amounts = [
        float(MEASURES[style](decoded(studio, latents[style, strength])).mean())
        for strength in STRENGTHS
    ]
    steps = np.diff(amounts)
    assert (steps > least / 10).all(), amounts
    assert steps.sum() > least, amounts


@pytest.mark.parametrize("style", STYLES)
def test_the_scene_under_the_style_is_what_the_prompt_says(
    studio: Studio, latents: dict[tuple[str, float], list[Latent]], style: str
) -> None:
    """A style is a push along the channels' common direction: without it the scene is plain."""
    whole = [latent.samples for latent in latents[style, 1.0]]
    assert all(abs(float(samples.mean())) > 0.9 for samples in whole)
    plain = [Latent(samples - samples.mean((1, 2, 3), keepdim=True)) for samples in whole]
    shares, faults = compare(PROMPTS, decoded(studio, plain))
    assert min(shares.values()) == 1.0, faults


def test_pixel_art_can_be_read_with_its_style(
    studio: Studio, latents: dict[tuple[str, float], list[Latent]]
) -> None:
    shares, faults = compare(PROMPTS, decoded(studio, latents["pixel", 1.0]))
    assert min(shares.values()) >= 0.75, faults


@pytest.mark.parametrize("style", STYLES)
def test_at_strength_0_and_when_it_is_gone_the_base_is_what_it_was(
    studio: Studio, style: str
) -> None:
    def weights(strength: float) -> dict[str, torch.Tensor]:
        with live_model(studio.styled(style, strength), studio.run) as network:
            return {name: w.clone() for name, w in network.network.named_parameters()}

    before, styled, after = weights(0.0), weights(1.0), weights(0.0)
    assert sum(not torch.equal(before[name], styled[name]) for name in before) > 40
    assert all(torch.equal(before[name], after[name]) for name in before)
    picture = studio.latents(PROMPTS[0], model=studio.styled(style, 0.0)).samples
    assert torch.equal(picture, studio.latents(PROMPTS[0]).samples)


@pytest.mark.parametrize("style", STYLES)
def test_diffusers_reads_the_file_alike(studio: Studio, style: str) -> None:
    file = models_path() / "loras" / f"postcards-{style}.safetensors"
    theirs = _with_diffusers(models_path() / "checkpoints" / "postcards" / "unet", file)
    x = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    text = torch.randn(1, 77, 128, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode(), live_model(studio.styled(style, 1.0), studio.run) as ours:
        times = torch.tensor([500])
        expected = theirs(x, times, text).sample
        assert torch.allclose(ours.network(x, times, text).sample, expected, atol=1e-4)


def _with_diffusers(folder: Path, file: Path) -> UNet2DConditionModel:
    unet = UNet2DConditionModel.from_pretrained(folder).float().eval()
    state, alphas, *_ = StableDiffusionPipeline.lora_state_dict(
        str(file.parent), weight_name=file.name, unet_config=unet.config
    )
    StableDiffusionPipeline.load_lora_into_unet(state, alphas, unet)
    return unet
