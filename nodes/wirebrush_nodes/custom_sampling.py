"""Sampling taken apart: noise, guider, sampler and noise levels come from nodes of their own."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from wirebrush.api import (
    Conditioning,
    Guider,
    Latent,
    Model,
    Noise,
    Range,
    Run,
    Sampler,
    Seed,
    Sigmas,
    node,
)
from wirebrush_nodes.levels import levels_of
from wirebrush_nodes.painting import cfg_guider, noised, paint
from wirebrush_nodes.samplers import sampler_from

Cfg = Annotated[float, Range(0.0, 100.0, 0.1)]


class Sampled(NamedTuple):
    """The end of a run, and the last estimate of what it leads to."""

    output: Latent
    denoised_output: Latent


@node(id="SamplerCustom", category="sampling/custom_sampling")
def sampler_custom(
    *,
    model: Model,
    add_noise: bool = True,
    noise_seed: Seed = 0,
    cfg: Cfg = 8.0,
    positive: Conditioning,
    negative: Conditioning,
    sampler: Sampler,
    sigmas: Sigmas,
    latent_image: Latent,
    run: Run,
) -> Sampled:
    """Paint with a sampler and noise levels of your choice.

    Args:
        model: The model that paints.
        add_noise: Whether to start from noise, or from what is in the latent.
        noise_seed: Which noise to start from.
        cfg: How closely to follow the text; 1 ignores the negative text.
        positive: What the picture should show.
        negative: What it should not show.
        sampler: How steps are taken: from KSamplerSelect or a Sampler node.
        sigmas: The noise levels to visit: from a scheduler node.
        latent_image: The canvas: an empty latent, or an encoded picture.
    """
    levels = levels_of(sigmas)
    guider = cfg_guider(model, positive, negative, cfg)
    noise = Noise(noise_seed, blank=not add_noise)
    steps = sampler_from(sampler)
    return Sampled(*paint(guider, latent_image, lambda _: levels, steps, noise, run))


@node(id="SamplerCustomAdvanced", category="sampling/custom_sampling")
def sampler_custom_advanced(
    noise: Noise,
    guider: Guider,
    sampler: Sampler,
    sigmas: Sigmas,
    latent_image: Latent,
    *,
    run: Run,
) -> Sampled:
    """Paint, with everything that there is to choose chosen by other nodes.

    Args:
        noise: Where to start: RandomNoise or DisableNoise.
        guider: The model and its conditions: BasicGuider, CFGGuider, DualCFGGuider...
        sampler: How steps are taken: from KSamplerSelect or a Sampler node.
        sigmas: The noise levels to visit: from a scheduler node.
        latent_image: The canvas: an empty latent, or an encoded picture.
    """
    levels = levels_of(sigmas)
    steps = sampler_from(sampler)
    ends = paint(guider, latent_image, lambda _: levels, steps, noise, run, port="guider")
    return Sampled(*ends)


@node(id="RandomNoise", category="sampling/custom_sampling/noise")
def random_noise(noise_seed: Seed = 0) -> Noise:
    """The noise that a picture starts from.

    Args:
        noise_seed: Another seed, another picture.
    """
    return Noise(noise_seed)


@node(id="DisableNoise", category="sampling/custom_sampling/noise")
def disable_noise() -> Noise:
    """No noise at the start: to go on with a latent that has its noise already."""
    return Noise(blank=True)


@node(id="AddNoise", category="_for_testing/custom_sampling/noise")
def add_noise(
    model: Model, noise: Noise, sigmas: Sigmas, latent_image: Latent, *, run: Run
) -> Latent:
    """Add noise to a latent without painting: as much as the run from these levels would take away.

    Args:
        model: The model for which the noise is.
        noise: The noise to add.
        sigmas: The noise levels of the run; the first less the last is added.
        latent_image: The latent to add it to.
    """
    return noised(model, noise, levels_of(sigmas), latent_image, run)
