"""DPM-Solver++ (Lu et al. 2022, arXiv:2211.01095): multistep solvers in lambda = log(alpha/sigma).

For x = data + sigma * noise, alpha is 1; for flows it is 1 - sigma. A step from s to t with
h = lambda_t - lambda_s is `x_t = sigma_t/sigma_s * x_s + alpha_t * (1 - e^-h) * D`, where D is the
clean estimate extrapolated from the last two. All coefficients are worked out before the loop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from wirebrush_diffusion.denoiser import Denoiser
from wirebrush_diffusion.noise import StepNoise
from wirebrush_diffusion.samplers.step import OnStep, Step, no_noise, silent

FLOW_START = 1.0 - 1e-4  # a flow's sigma = 1 has no data left: lambda would be -infinity


class _Step(NamedTuple):
    """x_next = keep * x + now * denoised + before * previous + noise * unit noise."""

    keep: float
    now: float
    before: float
    noise: float


def dpmpp_2m(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    flow: bool = False,
) -> Tensor:
    """Second order, deterministic, one model call per step."""
    plan = [_plan_2m(sigmas, i) for i in range(len(sigmas) - 1)]
    return _run(model, x, sigmas, plan, on_step, noise)


def dpmpp_2m_sde(
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
    """Second order, stochastic: the midpoint rule with the noise of a Brownian path."""
    plan = [_plan_2m_sde(sigmas, i, flow, eta, s_noise) for i in range(len(sigmas) - 1)]
    return _run(model, x, sigmas, plan, on_step, noise)


def _run(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    plan: Sequence[_Step],
    on_step: OnStep,
    noise: StepNoise,
) -> Tensor:
    total = len(plan)
    previous: Tensor | None = None
    for i, step in enumerate(plan):
        denoised = model(x, sigmas[i])
        on_step(Step(i, total, sigmas[i], x, denoised))
        x = x.mul(step.keep).add_(denoised, alpha=step.now)
        if step.before != 0.0 and previous is not None:
            x.add_(previous, alpha=step.before)
        if step.noise != 0.0:
            x.add_(noise(sigmas[i], sigmas[i + 1]), alpha=step.noise)
        previous = denoised
    return x


def half_log_snr(sigma: float, flow: bool) -> float:
    """lambda = log(alpha / sigma)."""
    if not flow:
        return -math.log(sigma)
    sigma = min(sigma, FLOW_START)
    return math.log((1 - sigma) / sigma)


def _extrapolated(lambdas: Sequence[float], gain: float) -> tuple[float, float]:
    """The gain split between the newest estimate and the one before.

    `lambdas` are the last two levels and the next; with a step of size zero among them (more steps
    than levels) there is nothing to extrapolate from.
    """
    if len(lambdas) < 3:
        return gain, 0.0
    before, now, after = lambdas
    if now == before or after == now:
        return gain, 0.0
    slope = 0.5 * (after - now) / (now - before)
    return gain * (1 + slope), -gain * slope


def _plan_2m(sigmas: Sequence[float], i: int) -> _Step:
    """In lambda = -log sigma for flows as well: their ODE has the same form in sigma."""
    sigma, after = sigmas[i], sigmas[i + 1]
    if after == 0:
        return _Step(0.0, 1.0, 0.0, 0.0)
    lambdas = [half_log_snr(level, False) for level in sigmas[max(i - 1, 0) : i + 2]]
    now, before = _extrapolated(lambdas, -math.expm1(lambdas[-2] - lambdas[-1]))
    return _Step(after / sigma, now, before, 0.0)


def _plan_2m_sde(sigmas: Sequence[float], i: int, flow: bool, eta: float, s_noise: float) -> _Step:
    sigma, after = sigmas[i], sigmas[i + 1]
    if after == 0:
        return _Step(0.0, 1.0, 0.0, 0.0)
    lambdas = [half_log_snr(level, flow) for level in sigmas[max(i - 1, 0) : i + 2]]
    h = lambdas[-1] - lambdas[-2]
    alpha = 1.0 - after if flow else 1.0
    now, before = _extrapolated(lambdas, -math.expm1(-h * (1 + eta)) * alpha)
    keep = after / (min(sigma, FLOW_START) if flow else sigma) * math.exp(-h * eta)
    spread = after * math.sqrt(max(-math.expm1(-2 * h * eta), 0.0)) * s_noise
    return _Step(keep, now, before, spread)
