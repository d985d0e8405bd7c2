"""Latent consistency sampling (Luo et al. 2023, arXiv:2310.04378)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import IndependentNoise, StepNoise
from wirebrush_diffusion.noise.spacings import linspace
from wirebrush_diffusion.pictures.resize import resize
from wirebrush_diffusion.samplers.multistep import Mix, run_plan
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, Step, no_noise, silent


def lcm(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """Jump to the clean estimate, then noise it to the next level: for models distilled for it."""
    plan = [Mix(0.0, space.alpha(after), (), after) for _, after in itertools.pairwise(sigmas)]
    return run_plan(model, x, sigmas, plan, on_step, noise)


def lcm_upscale(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    scale_ratio: float = 2.0,
    scale_steps: int = -1,
    upscale_method: str = "bislerp",
) -> Tensor:
    """LCM that enlarges its clean estimate after each of the first steps.

    In equal parts up to `scale_ratio` over `scale_steps` steps; -1 takes half of all.
    """
    total = len(sigmas) - 1
    growing = max(len(sigmas) // 2, 1) if scale_steps < 0 else min(scale_steps, total + 1)
    ratios = linspace(1.0, scale_ratio, growing + 1)[1:]
    height, width = x.shape[-2:]
    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        denoised = model(x, sigma)
        on_step(Step(i, total, sigma, x, denoised))
        x = denoised
        if i < len(ratios):
            size = (round(width * ratios[i]), round(height * ratios[i]))
            x = resize(x, *size, upscale_method)
        if after > 0:
            drawn = noise.shaped(x.shape) if isinstance(noise, IndependentNoise) else None
            fresh = noise(sigma, after) if drawn is None else drawn
            x = x.mul(space.alpha(after)).add_(fresh, alpha=after)
    return x
