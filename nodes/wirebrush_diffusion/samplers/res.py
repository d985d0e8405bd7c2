"""Two samplers that improve Euler's step by the last estimate: one model call per step."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.multistep import LAST, Mix, run_plan
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, no_noise, silent


def res_multistep(
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
    """Refined exponential solver, second order (Zhang et al. 2023, arXiv:2308.02157)."""
    plan: list[Mix] = []
    splits = [space.split(sigma, after, eta) for sigma, after in itertools.pairwise(sigmas)]
    for i, (down, scale, up) in enumerate(splits):
        keep, now, before = res_weights(sigmas, i, down, splits[i - 1].down if i else 0.0)
        plan.append(Mix(scale * keep, scale * now, (scale * before,), up * s_noise))
    return run_plan(model, x, sigmas, plan, on_step, noise)


def res_multistep_ancestral(
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
    """The same, towards a lower level than asked for and with fresh noise up to it."""
    return res_multistep(
        model, x, sigmas, on_step=on_step, noise=noise, space=space, eta=eta, s_noise=s_noise
    )


def res_weights(
    sigmas: Sequence[float], i: int, down: float, last_down: float
) -> tuple[float, float, float]:
    """What a step from level i to `down` takes of x, the newest estimate and the one before.

    Euler's step where there is no past or no way to go.
    """
    sigma = sigmas[i]
    ratio = down / sigma
    if i == 0 or down <= 0 or down == sigma or last_down in (0.0, sigmas[i - 1]):
        return ratio, 1.0 - ratio, 0.0
    h = math.log(sigma / down)
    past = math.log(last_down / sigmas[i - 1]) / h  # the last step, backwards, in units of h
    phi_1 = -math.expm1(-h) / h
    phi_2 = (1.0 - phi_1) / h
    return ratio, h * (phi_1 - phi_2 / past), h * phi_2 / past


def gradient_estimation(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    gamma: float = 2.0,
) -> Tensor:
    """Euler's step along a slope pushed away from the last one (Permenter & Yuan 2023).

    arXiv:2306.04848; gamma = 1 is Euler.
    """
    plan: list[Mix] = []
    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        step, push = after - sigma, gamma if i else 1.0
        mix = Mix(1.0 + push * step / sigma, -push * step / sigma, ((1.0 - push) * step,))
        plan.append(LAST if after == 0 else mix)
    return run_plan(model, x, sigmas, plan, on_step, noise, slopes=True)
