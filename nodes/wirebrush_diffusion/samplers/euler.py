"""Euler's method and its two classic relatives (Karras et al. 2022, arXiv:2206.00364).

With `d = (x - denoised) / sigma` the step `x + d * (next - sigma)` is the mixture
`next/sigma * x + (1 - next/sigma) * denoised`: one fused operation per step.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from wirebrush_diffusion.denoiser import Denoiser
from wirebrush_diffusion.noise import StepNoise
from wirebrush_diffusion.samplers.step import (
    OnStep,
    Step,
    ancestral_split,
    no_noise,
    silent,
)


def euler(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    flow: bool = False,
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
    flow: bool = False,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Euler's step to a lower level than asked for, then fresh noise up to it."""
    total = len(sigmas) - 1
    plan = [
        _flow_split(before, after, eta) if flow else (*ancestral_split(before, after, eta), 1.0)
        for before, after in itertools.pairwise(sigmas)
    ]
    for i in range(total):
        denoised = model(x, sigmas[i])
        on_step(Step(i, total, sigmas[i], x, denoised))
        down, up, scale = plan[i]
        x = torch.lerp(denoised, x, down / sigmas[i])
        if up > 0:
            x.mul_(scale).add_(noise(sigmas[i], sigmas[i + 1]), alpha=up * s_noise)
    return x


def _flow_split(sigma: float, sigma_next: float, eta: float) -> tuple[float, float, float]:
    """For flows, where the data's share shrinks as noise grows: down, noise, and rescaling."""
    if sigma_next <= 0 or eta <= 0:
        return sigma_next, 0.0, 1.0
    down = sigma_next * (1 + (sigma_next / sigma - 1) * eta)
    scale = (1 - sigma_next) / (1 - down)
    return down, max(sigma_next**2 - (down * scale) ** 2, 0.0) ** 0.5, scale


def heun(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    flow: bool = False,
) -> Tensor:
    """Second order, two model calls per step (algorithm 2): the mean of both ends' slopes."""
    total = len(sigmas) - 1
    for i in range(total):
        sigma, after = sigmas[i], sigmas[i + 1]
        denoised = model(x, sigma)
        on_step(Step(i, total, sigma, x, denoised))
        ahead = torch.lerp(denoised, x, after / sigma)
        if after > 0:
            # x + (d + d')/2 * (after - sigma), where d' = (ahead - denoised') / after
            half = 0.5 * (after - sigma) / after
            correction = ahead.mul(half).sub_(model(ahead, after), alpha=half)
            ahead = x.add(ahead).mul_(0.5).add_(correction)
        x = ahead
    return x
