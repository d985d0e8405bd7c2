"""Extended reverse-time SDE solvers (Cui et al. 2023, arXiv:2309.06169): one call per step.

With rho = sigma / alpha and a noise scale phi(rho), a step from s to t is
`x_t = alpha_t/alpha_s * r * x_s + alpha_t * (1 - r) * D` plus noise, r = phi(rho_t) / phi(rho_s);
two more stages add what the first and second derivative of D contribute.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.multistep import LAST, Mix, run_plan
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, no_noise, silent

POINTS = 200  # of the sums that stand for the integrals, as the authors take them

NoiseScale = Callable[[Any], Any]
"""phi: how noise is scaled at rho, for floats and numpy arrays."""


def er_scale(rho: Any) -> Any:
    """The authors' choice, ER-SDE 5."""
    return rho * (np.exp(rho**0.3) + 10.0)


def power_scale(eta: float) -> NoiseScale:
    """`rho^(1 + eta)`: eta = 0 gives the ODE, eta = 1 the usual reverse-time SDE."""
    return lambda rho: rho ** (1.0 + eta)


def er_sde(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    s_noise: float = 1.0,
    scale: NoiseScale = er_scale,
    max_stage: int = 3,
) -> Tensor:
    """Order `max_stage`, stochastic unless `s_noise` is 0 or the scale is the ODE's."""
    sigmas = space.finite(sigmas)
    rhos = [sigma / space.alpha(sigma) for sigma in sigmas]
    plan: list[Mix] = []
    for i, after in enumerate(sigmas[1:]):
        if after == 0:
            plan.append(LAST)
            continue
        stages = min(max_stage, i + 1, _distinct(rhos[: i + 1]))
        r = float(scale(rhos[i + 1]) / scale(rhos[i]))
        alpha = space.alpha(after)
        now, *before = _estimates(rhos, i, r, scale, stages)
        spread = math.sqrt(max(rhos[i + 1] ** 2 - (rhos[i] * r) ** 2, 0.0)) * s_noise
        keep = alpha / space.alpha(sigmas[i]) * r
        plan.append(Mix(keep, alpha * now, tuple(alpha * part for part in before), alpha * spread))
    return run_plan(model, x, sigmas, plan, on_step, noise)


def _estimates(
    rhos: Sequence[float], i: int, r: float, scale: NoiseScale, stages: int
) -> list[float]:
    """Weights of the newest estimate and those before it."""
    weights = [1.0 - r, 0.0, 0.0][:stages]
    if stages < 2:
        return weights
    here, there = rhos[i], rhos[i + 1]
    step = there - here
    width = -step / POINTS
    places = there + np.arange(POINTS) * width
    inverse = float(scale(there)) / scale(places)
    slope = step + float(inverse.sum()) * width
    first = slope / (here - rhos[i - 1])
    weights[0] += first
    weights[1] -= first
    if stages == 3:
        bend = step**2 / 2 + float(((places - here) * inverse).sum()) * width
        bend /= (here - rhos[i - 2]) / 2
        near, far = bend / (here - rhos[i - 1]), bend / (rhos[i - 1] - rhos[i - 2])
        weights[0] += near
        weights[1] -= near + far
        weights[2] += far
    return weights


def _distinct(rhos: Sequence[float]) -> int:
    """How many of the last levels differ from their neighbours: what derivatives can be taken."""
    count = 1
    for earlier, later in zip(rhos[-2::-1], rhos[:0:-1], strict=True):
        if earlier == later:
            break
        count += 1
    return count
