"""DPM-Solver-2 in Karras's form (Lu et al. 2022, arXiv:2206.00927): two calls per step."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, Step, no_noise, silent


def dpm_2(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """Second order, deterministic: the slope at the geometric middle serves for the whole step."""
    return dpm_2_ancestral(model, x, sigmas, on_step=on_step, noise=noise, space=space, eta=0.0)


def dpm_2_ancestral(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """The same with a part of the noise renewed after each step."""
    total = len(sigmas) - 1
    plan = [space.split(sigma, after, eta) for sigma, after in itertools.pairwise(sigmas)]
    for i, (down, scale, up) in enumerate(plan):
        sigma = sigmas[i]
        denoised = model(x, sigma)
        on_step(Step(i, total, sigma, x, denoised))
        if down > 0:
            middle = math.sqrt(sigma * down)
            half = torch.lerp(denoised, x, middle / sigma)
            step = (down - sigma) / middle
            x = torch.add(x, half, alpha=step).sub_(model(half, middle), alpha=step)
        else:
            x = denoised
        if up:
            x = x.mul_(scale).add_(noise(sigma, sigmas[i + 1]), alpha=up * s_noise)
    return x
