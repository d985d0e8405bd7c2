"""Linear multistep methods over slopes d = (x - denoised) / sigma: one model call per step.

They differ in the polynomial laid through the last slopes: in sigma itself (LMS), as if steps were
equal (iPNDM), with corrections for unequal steps (iPNDM-v), in diffusion time (DEIS).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.multistep import LAST, Mix, along_slopes, run_plan
from wirebrush_diffusion.samplers.quadrature import interpolated
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, no_noise, silent

ADAMS_BASHFORTH = (
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)
"""By order, for equal steps; newest slope first."""

EDM_LOW, EDM_HIGH, EDM_FIRST_TIME = 0.002, 80.0, 1e-3
"""Sigma's range, and the first time, by which DEIS' time is defined."""


def lms(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    order: int = 4,
) -> Tensor:
    """Adams-Bashforth for the levels as they are, up to `order` slopes (Karras's k-diffusion)."""

    def weights(i: int) -> list[float]:
        levels = sigmas[max(i - order + 1, 0) : i + 1][::-1]
        return interpolated(levels, sigmas[i], sigmas[i + 1], points=len(levels) // 2 + 1)

    return _follow(model, x, sigmas, weights, on_step, noise)


def ipndm(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """Adams-Bashforth of order 4 as if steps were equal (Zhang & Chen 2022, arXiv:2204.13902)."""
    return _follow(model, x, sigmas, lambda i: ADAMS_BASHFORTH[min(i, 3)], on_step, noise)


def ipndm_v(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """iPNDM with weights for unequal steps, as the field computes them (see `_unequal`)."""
    steps = [after - before for before, after in itertools.pairwise(sigmas)]

    def weights(i: int) -> Sequence[float]:
        latest = steps[max(i - 3, 0) : i + 1][::-1]
        return ADAMS_BASHFORTH[len(latest) - 1] if 0.0 in latest else _unequal(latest)

    return _follow(model, x, sigmas, weights, on_step, noise)


def deis(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    order: int = 3,
) -> Tensor:
    """tAB-DEIS (Zhang & Chen 2022, arXiv:2204.13902): slopes as polynomials in diffusion time."""
    times: list[float] = _vp_time(np.array(sigmas)).tolist()

    def weights(i: int) -> list[float]:
        past = times[max(i - order + 1, 0) : i + 1][::-1]
        return interpolated(past, sigmas[i], sigmas[i + 1], points=24, time=_vp_time)

    return _follow(model, x, sigmas, weights, on_step, noise)


def _follow(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    weights: Callable[[int], Sequence[float]],
    on_step: OnStep,
    noise: StepNoise,
) -> Tensor:
    """The step to 0 is the clean estimate, whatever the past says."""
    plan: list[Mix] = []
    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        last = after == 0.0
        still = sigma == after
        plan.append(
            LAST if last else along_slopes(sigma, after - sigma, [1.0] if still else weights(i))
        )
    return run_plan(model, x, sigmas, plan, on_step, noise, slopes=True)


def _unequal(steps: Sequence[float]) -> list[float]:
    """Weights of up to four slopes for the given steps, newest first.

    Newton's form: differences of first, second and third order of the slopes, each with a factor.
    The factors of the last two are those that every implementation in use computes; they are exact
    for equal steps, and off by a term of higher order for others.
    """
    h, *past = steps
    weights = [1.0]
    if past:
        ratio = h / past[0]
        weights = _sum(weights, [ratio / 2, -ratio / 2])
    if len(past) > 1:
        h1, h2 = past[:2]
        second = (1 - h * h / (3 * h1 * (h1 + h2))) / 2
        k = h1 / h2
        weights = _sum(weights, [second, -second * (1 + k), second * k])
    if len(past) > 2:
        h1, h2, h3 = past
        reach = h * (h + h1) * (h + h1 + h2) / (h1 * (h1 + h2) * (h1 + h2 + h3))
        near, far = h / (h + h1), h / (h + h1 + h2)
        third = ((1 - near / 3) / 2 + (1 - near / 2) * far / 6) * reach
        k, q = h1 / h2, h1 * (h1 + h2) / (h2 * (h2 + h3))
        parts = (1.0, -(1 + k + q), k + q * (1 + h2 / h3), -q * k)
        weights = _sum(weights, [third * part for part in parts])
    return weights


def _sum(shorter: Sequence[float], longer: Sequence[float]) -> list[float]:
    padded = [*shorter, *([0.0] * (len(longer) - len(shorter)))]
    return [a + b for a, b in zip(padded, longer, strict=True)]


def _vp_time(sigma: Any) -> Any:
    """The time of the variance-preserving process (Song et al. 2020) at which sigma is reached."""
    high, low = math.log(EDM_HIGH**2 + 1), math.log(EDM_LOW**2 + 1)
    slope = 2 * (low / EDM_FIRST_TIME - high) / (EDM_FIRST_TIME - 1)
    start = high - 0.5 * slope
    return (np.sqrt(start**2 + 2 * slope * np.log1p(sigma * sigma)) - start) / slope
