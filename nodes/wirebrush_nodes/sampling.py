"""The sampler: where pictures come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from wirebrush.api import (
    Choice,
    Conditioning,
    Latent,
    Model,
    Noise,
    Range,
    Run,
    Seed,
    Unit,
    node,
)
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise.schedules import SCHEDULES
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import part_of, run_sigmas, sampler_named
from wirebrush_nodes.painting import cfg_guider, paint

Steps = Annotated[int, Range(1, 10000)]
Cfg = Annotated[float, Range(0.0, 100.0, 0.1)]
SamplerName = Annotated[str, Choice(tuple(SAMPLERS))]
SchedulerName = Annotated[str, Choice(tuple(SCHEDULES))]
OnOff = Annotated[str, Choice(("enable", "disable"))]


@node(id="KSampler", category="sampling")
def ksampler(
    *,
    model: Model,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "simple",
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: Unit = 1.0,
    run: Run,
) -> Latent:
    """Paint: start from noise and take it away, step by step, towards the positive text.

    The same seed and settings give the same picture. A latent with a noise mask is painted inside
    the mask only.

    Args:
        model: The model that paints.
        seed: Which noise to start from; another seed, another picture.
        steps: How many steps to take; more are finer and slower. 20 to 30 are usual.
        cfg: How closely to follow the text; 1 ignores the negative text and is twice as fast.
        sampler_name: How steps are taken. euler and dpmpp_2m are good first choices.
        scheduler: How the noise levels are spread over the steps.
        positive: What the picture should show.
        negative: What it should not show.
        latent_image: The canvas: an empty latent, or an encoded picture to start from.
        denoise: How much of the canvas may change: 1 paints anew, 0.5 keeps the layout.
    """
    sampler = sampler_named(sampler_name)

    def levels(network: DiffusionModel) -> Sequence[float]:
        return run_sigmas(network, sampler, scheduler, steps, denoise)

    guider = cfg_guider(model, positive, negative, cfg)
    return paint(guider, latent_image, levels, sampler, Noise(seed), run)[0]


@node(id="KSamplerAdvanced", category="sampling", title="KSampler (Advanced)")
def ksampler_advanced(
    *,
    model: Model,
    add_noise: OnOff = "enable",
    noise_seed: Seed = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "simple",
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    start_at_step: Annotated[int, Range(0, 10000)] = 0,
    end_at_step: Annotated[int, Range(0, 10000)] = 10000,
    return_with_leftover_noise: Annotated[str, Choice(("disable", "enable"))] = "disable",
    run: Run,
) -> Latent:
    """Paint a part of the steps, to let another model or text take over in between.

    The first part keeps its leftover noise; the next one adds none and starts at the step where
    the first ended.

    Args:
        model: The model that paints.
        add_noise: Whether to start from noise; disable it to go on with another sampler's.
        noise_seed: Which noise to start from.
        steps: How many steps the whole run has, with all its parts.
        cfg: How closely to follow the text; 1 ignores the negative text and is twice as fast.
        sampler_name: How steps are taken.
        scheduler: How the noise levels are spread over the steps.
        positive: What the picture should show.
        negative: What it should not show.
        latent_image: The canvas, or what another sampler has begun.
        start_at_step: The step to start with, counted from 0.
        end_at_step: The step to end before.
        return_with_leftover_noise: Whether to hand on the noise that is left, for another sampler.
    """
    sampler = sampler_named(sampler_name)
    leftover = return_with_leftover_noise == "enable"

    def levels(network: DiffusionModel) -> Sequence[float]:
        whole = run_sigmas(network, sampler, scheduler, steps, 1.0)
        return part_of(whole, start_at_step, end_at_step, leftover=leftover)

    guider = cfg_guider(model, positive, negative, cfg)
    noise = Noise(noise_seed, blank=add_noise == "disable")
    return paint(guider, latent_image, levels, sampler, noise, run)[0]
