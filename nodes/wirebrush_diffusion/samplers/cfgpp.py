"""CFG++ (Chung et al. 2024, arXiv:2406.08070): towards the guided estimate, noise from the other.

Euler's step keeps `next/sigma` of x minus the guided estimate; here it keeps that part of x minus
the *unconditional* estimate. The same replacement is made in the other samplers.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.res import res_weights
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, Step, no_noise, pairs_of, silent


class _Mix(NamedTuple):
    """keep * x + now * guided + plain * unconditional + before * earlier + noise * unit noise."""

    keep: float
    now: float
    plain: float
    before: float = 0.0
    noise: float = 0.0


_LAST = _Mix(0.0, 1.0, 0.0)


def euler_cfg_pp(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """Euler's step, deterministic."""
    return euler_ancestral_cfg_pp(
        model, x, sigmas, on_step=on_step, noise=noise, space=space, eta=0.0
    )


def euler_ancestral_cfg_pp(
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
    """Euler's step with a part of the noise renewed."""
    sigmas = space.finite(sigmas)
    plan: list[_Mix] = []
    for sigma, after in itertools.pairwise(sigmas):
        if after == 0:
            plan.append(_LAST)
            continue
        before, now = space.alpha(sigma), space.alpha(after)
        down, _, up = DIFFUSION.split(sigma / before, after / now, eta)
        keep = now * down / sigma
        plan.append(_Mix(keep, now, -keep * before, 0.0, now * up * s_noise))
    return _run(model, x, sigmas, plan, on_step, noise)


def euler_cfg_pp_alternative(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """Euler's step along x minus twice the guided estimate plus the unconditional one.

    An earlier form, which the field keeps: it overshoots the guided estimate as far as that is from
    the unconditional one.
    """
    plan: list[_Mix] = []
    for sigma, after in itertools.pairwise(sigmas):
        step = (after - sigma) / sigma
        plan.append(_Mix(1.0 + step, -2.0 * step, step))
    return _run(model, x, sigmas, plan, on_step, noise)


def dpmpp_2m_cfg_pp(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """DPM-Solver++(2M): extrapolated from the unconditional estimate before."""
    plan: list[_Mix] = []
    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        ratio = after / sigma
        slope = 0.0
        if i and after and sigma != sigmas[i - 1]:
            last = math.log(sigmas[i - 1] / sigma) / math.log(1 / ratio) if ratio != 1 else 1.0
            slope = (1 - ratio) / (2 * last)
        plan.append(_Mix(ratio, 1.0 + slope, -ratio, -slope))
    return _run(model, x, sigmas, plan, on_step, noise)


def dpmpp_2s_ancestral_cfg_pp(
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
    """DPM-Solver++(2S), ancestral.

    The field's step takes the middle's unconditional estimate where that of its start belongs. So
    it comes to no exact answer, however many steps there are: a spread of 0.5 becomes 0.40. That is
    how its pictures look, and so do ours. Flows, whose noise the field's step does not know, get
    the right one.
    """
    both = pairs_of(model)
    total = len(sigmas) - 1
    plan = [space.split(sigma, after, eta) for sigma, after in itertools.pairwise(sigmas)]
    for i, (down, scale, up) in enumerate(plan):
        sigma = sigmas[i]
        denoised, plain = both(x, sigma)
        on_step(Step(i, total, sigma, x, denoised))
        if down > 0:
            middle = math.sqrt(sigma * down)
            half = (x - plain).mul_(middle / sigma).add_(denoised)
            estimate, later = both(half, middle)
            start = (x + denoised).sub_(plain if space.flow else later)
            x = start.mul_(down / sigma).add_(estimate, alpha=1 - down / sigma)
        else:
            x = denoised
        if up:
            x = x.mul(scale).add_(noise(sigma, sigmas[i + 1]), alpha=up * s_noise)
    return x


def res_multistep_cfg_pp(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Tensor:
    """The refined exponential solver over unconditional estimates, moved to the guided one."""
    plan: list[_Mix] = []
    splits = [space.split(sigma, after, eta) for sigma, after in itertools.pairwise(sigmas)]
    for i, (down, scale, up) in enumerate(splits):
        keep, now, before = res_weights(sigmas, i, down, splits[i - 1].down if i else 0.0)
        moved = keep if before else 1.0  # Euler's step takes the guided estimate whole
        weights = (keep, moved, now - moved, before)
        plan.append(_Mix(*(scale * weight for weight in weights), up * s_noise))
    return _run(model, x, sigmas, plan, on_step, noise)


def res_multistep_ancestral_cfg_pp(
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
    """The same with a part of the noise renewed."""
    return res_multistep_cfg_pp(
        model, x, sigmas, on_step=on_step, noise=noise, space=space, eta=eta, s_noise=s_noise
    )


def gradient_estimation_cfg_pp(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    gamma: float = 2.0,
) -> Tensor:
    """Gradient estimation along the unconditional slope."""
    plan: list[_Mix] = []
    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        push = (gamma - 1) * (after - sigma) if i else 0.0
        keep = (after + push) / sigma
        plan.append(_LAST if after == 0 else _Mix(keep, 1.0, -keep, -push))
    return _run(model, x, sigmas, plan, on_step, noise, slopes=True)


def _run(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    plan: Sequence[_Mix],
    on_step: OnStep,
    noise: StepNoise,
    *,
    slopes: bool = False,
) -> Tensor:
    """The past is the last unconditional estimate or, with `slopes`, `(x - it) / sigma`."""
    both = pairs_of(model)
    total = len(plan)
    past: deque[Tensor] = deque(maxlen=1)
    for i, mix in enumerate(plan):
        sigma = sigmas[i]
        denoised, plain = both(x, sigma)
        on_step(Step(i, total, sigma, x, denoised))
        ahead = x.mul(mix.keep).add_(denoised, alpha=mix.now).add_(plain, alpha=mix.plain)
        if mix.before:
            ahead.add_(past[0], alpha=mix.before)
        if mix.noise:
            ahead.add_(noise(sigma, sigmas[i + 1]), alpha=mix.noise)
        past.append((x - plain).div_(sigma) if slopes else plain)
        x = ahead
    return x
