"""LoRAs for a part of a picture, or of the sampling: the style is where it was put."""

from __future__ import annotations

import pytest
import torch
from studio import Studio

from wirebrush.api import Conditioning
from wirebrush_nodes.hook_conditions import conditioning_timesteps_range
from wirebrush_nodes.hook_pairs import (
    Pair,
    pair_conditioning_combine,
    pair_conditioning_set_default_combine,
    pair_conditioning_set_properties,
)
from wirebrush_nodes.hook_values import HookGroup
from wirebrush_nodes.hooks import create_hook_lora_model_only
from wirebrush_nodes.latent import empty_latent_image
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.text import clip_text_encode

PROMPTS = ("a blue house on a meadow by day with the sun on the right", "a boat on the sea by day")
LEFT = torch.zeros(1, 128, 128)
LEFT[:, :, :64] = 1.0


@pytest.fixture(scope="module")
def woodcut(studio: Studio) -> HookGroup:
    return create_hook_lora_model_only("postcards-woodcut.safetensors", run=studio.run)


def texts(studio: Studio, prompt: str) -> tuple[Conditioning, Conditioning]:
    positive, negative = (clip_text_encode(t, studio.clip, run=studio.run) for t in (prompt, ""))
    return positive, negative


def painted(studio: Studio, sides: Pair, seed: int) -> tuple[float, float]:
    """How much style the left and the right half of the latent have: 0 is none, 1 all of it.

    A style is a push along the channels' common direction. The decoder spreads it a little, so that
    it is measured before.
    """
    samples = ksampler(
        model=studio.model,
        seed=seed,
        steps=8,
        cfg=3.0,
        sampler_name="dpmpp_2m",
        scheduler="normal",
        positive=sides.positive,
        negative=sides.negative,
        latent_image=empty_latent_image(128, 128),
        run=studio.run,
    ).samples
    return float(samples[..., :8].mean()), float(samples[..., 8:].mean())


@pytest.mark.parametrize("seed", [0, 1])
def test_a_style_for_the_left_half(studio: Studio, woodcut: HookGroup, seed: int) -> None:
    plain = texts(studio, PROMPTS[seed])
    styled = pair_conditioning_set_properties(*plain, mask=LEFT, hooks=woodcut)
    half = pair_conditioning_set_default_combine(*styled, *plain)
    whole = pair_conditioning_set_properties(*plain, hooks=woodcut)

    assert painted(studio, half, seed) == (pytest.approx(1, abs=0.2), pytest.approx(0, abs=0.2))
    assert painted(studio, whole, seed) == (pytest.approx(1, abs=0.3), pytest.approx(1, abs=0.3))
    assert painted(studio, Pair(*plain), seed) == (pytest.approx(0, abs=0.05),) * 2


@pytest.mark.parametrize("late", [False, True])
def test_a_style_for_a_part_of_the_sampling(studio: Studio, woodcut: HookGroup, late: bool) -> None:
    """The last steps decide about a style."""
    plain = texts(studio, PROMPTS[0])
    first, _, second = conditioning_timesteps_range(0.0, 0.5)
    one = pair_conditioning_set_properties(*plain, hooks=None if late else woodcut, timesteps=first)
    two = pair_conditioning_set_properties(
        *plain, hooks=woodcut if late else None, timesteps=second
    )

    amounts = painted(studio, pair_conditioning_combine(*one, *two), 0)

    assert amounts == (pytest.approx(float(late), abs=0.2),) * 2
