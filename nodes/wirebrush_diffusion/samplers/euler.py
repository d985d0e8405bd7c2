"""Euler's method and its classic relatives (Karras et al. 2022, arXiv:2206.00364).

With `d = (x - denoised) / sigma` the step `x + d * (next - sigma)` is the mixture
`next/sigma * x + (1 - next/sigma) * denoised`: one fused operation per step.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.multistep import Mix, run_plan
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, Step, no_noise, silent


def euler(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """First order, deterministic (algorithm 2 without the second stage); DDIM with eta = 0."""
    total = len(sigmas) - 1
    ratios = [after / before for before, after in itertools.pairwise(sigmas)]
    for i in range(total):
        denoised = model(x, sigmas[i])
        on_step(Step(i, total, sigmas[i], x, denoised))
        x = torch.lerp(denoised, x, ratios[i])
    return x


def euler_ancestral(
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
    """Euler's step below the level asked for, then fresh noise up to it; DDPM with eta = 1."""
    plan: list[Mix] = []
    for sigma, after in itertools.pairwise(sigmas):
        down, scale, up = space.split(sigma, after, eta)
        plan.append(Mix(scale * down / sigma, scale * (1 - down / sigma), (), up * s_noise))
    return run_plan(model, x, sigmas, plan, on_step, noise)


def heun(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """Second order, two model calls per step (algorithm 2): the mean of both ends' slopes."""
    total = len(sigmas) - 1
    for i in range(total):
        sigma, after = sigmas[i], sigmas[i + 1]
        denoised = model(x, sigma)
        on_step(Step(i, total, sigma, x, denoised))
        ahead = torch.lerp(denoised, x, after / sigma)
        if after > 0:
            # x + (d + d')/2 * (after - sigma), where d' = (ahead - denoised') / after, as one sum
            half = 0.5 * (after - sigma) / after
            share = 0.5 + half  # of `ahead`
            keep, ratio = 0.5 + share * (after / sigma), 1.0 - after / sigma
            second = model(ahead, after)
            ahead = x.mul(keep).add_(denoised, alpha=share * ratio).sub_(second, alpha=half)
        x = ahead
    return x


def heunpp2(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """Heun++: slopes up to two levels ahead, weighted by their noise level against the first's.

    Two slopes before the last step, one for it (Zhou et al. 2023, arXiv:2312.00094, their code).
    """
    total = len(sigmas) - 1
    for i in range(total):
        sigma, step = sigmas[i], sigmas[i + 1] - sigmas[i]
        denoised = model(x, sigma)
        on_step(Step(i, total, sigma, x, denoised))
        slope = (x - denoised).div_(sigma)
        looks = min(2, total - 1 - i)  # further levels whose slope counts
        weights = [sigmas[i + k] / ((looks + 1) * sigmas[0]) for k in range(1, looks + 1)]
        mean = slope.mul(1.0 - sum(weights))
        ahead = x
        for k, weight in enumerate(weights, start=1):
            ahead = ahead.add(slope, alpha=sigmas[i + k] - sigmas[i + k - 1])
            slope = (ahead - model(ahead, sigmas[i + k])).div_(sigmas[i + k])
            mean.add_(slope, alpha=weight)
        x = x.add(mean, alpha=step)
    return x
