"""DPM-Solver++ that looks at the middle of each step (arXiv:2211.01095): two calls per step."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, Step, no_noise, silent

NEARLY_NOISE = 0.9999  # the middle of a flow's step from sigma = 1, where lambda is infinite


def dpmpp_2s_ancestral(
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
    """Second order, ancestral: the estimate at the middle in lambda serves for the whole step."""
    total = len(sigmas) - 1
    plan = [space.split(sigma, after, eta) for sigma, after in itertools.pairwise(sigmas)]
    for i, (down, scale, up) in enumerate(plan):
        sigma = sigmas[i]
        denoised = model(x, sigma)
        on_step(Step(i, total, sigma, x, denoised))
        if down > 0:
            middle = _middle(sigma, down, space)
            denoised = model(torch.lerp(denoised, x, middle / sigma), middle)
        x = torch.lerp(denoised, x, down / sigma)
        if up:
            x = x.mul_(scale).add_(noise(sigma, sigmas[i + 1]), alpha=up * s_noise)
    return x


def _middle(sigma: float, down: float, space: Space) -> float:
    if not space.flow:
        return math.sqrt(sigma * down)
    if sigma >= 1.0:
        return NEARLY_NOISE
    return space.level((space.half_log_snr(sigma) + space.half_log_snr(down)) / 2)


class _Half(NamedTuple):
    """`keep * x + gain * estimate + spread * noise`, which ends at noise level `sigma`."""

    sigma: float
    keep: float
    gain: float
    spread: float


def dpmpp_sde(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r: float = 0.5,
) -> Tensor:
    """Second order, stochastic: a look at the part `r` of each step, then the step itself."""
    sigmas = space.finite(sigmas)
    total = len(sigmas) - 1
    fac = 1 / (2 * r)
    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        denoised = model(x, sigma)
        on_step(Step(i, total, sigma, x, denoised))
        if after == 0:
            return denoised
        look = _part(sigma, after, r, space, eta, s_noise)
        step = _part(sigma, after, 1.0, space, eta, s_noise)
        ahead = _gone(x, denoised, sigma, look, noise)
        estimate = torch.lerp(denoised, model(ahead, look.sigma), fac)
        x = _gone(x, estimate, sigma, step, noise)
    return x


def _part(
    sigma: float, after: float, part: float, space: Space, eta: float, s_noise: float
) -> _Half:
    """The ancestral step over a part of the way in lambda, in units where alpha is 1."""
    start, end = space.half_log_snr(sigma), space.half_log_snr(after)
    reached = start + part * (end - start)
    level = space.level(reached)
    alpha = space.alpha(level)
    down, _, up = DIFFUSION.split(math.exp(-start), math.exp(-reached), eta)
    ratio = down * math.exp(start)
    return _Half(
        sigma=level if part != 1.0 else after,
        keep=alpha / space.alpha(sigma) * ratio,
        gain=alpha * (1.0 - ratio),
        spread=alpha * up * s_noise,
    )


def _gone(x: Tensor, estimate: Tensor, sigma: float, part: _Half, noise: StepNoise) -> Tensor:
    ahead = x.mul(part.keep).add_(estimate, alpha=part.gain)
    if part.spread:
        ahead.add_(noise(sigma, part.sigma), alpha=part.spread)
    return ahead
