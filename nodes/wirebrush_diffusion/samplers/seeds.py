"""SEEDS: exponential SDE solvers (Gonzalez et al. 2023, arXiv:2305.14267), several calls per step.

All stages of a step share one path of noise: what was drawn up to a stage decays on the way to the
next one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.dpmpp import phi_2
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, Step, no_noise, silent


class _Way:
    """One step's way from `sigma` to `after`, of which parts are gone."""

    def __init__(self, sigma: float, after: float, space: Space, eta: float) -> None:
        self.sigma = sigma
        self.after = after
        self.space = space
        self.eta = eta
        self.start = space.half_log_snr(sigma)
        self.h = space.half_log_snr(after) - self.start

    def level(self, part: float) -> float:
        """The noise level after a part of the way in lambda."""
        return self.after if part == 1.0 else self.space.level(self.start + part * self.h)

    def carried(self, part: float) -> float:
        """What remains of x."""
        return self.level(part) / self.sigma * math.exp(-part * self.h * self.eta)

    def gain(self, part: float) -> float:
        """The weight of a constant estimate."""
        reach = part * self.h * (1 + self.eta)
        return -self.space.alpha(self.level(part)) * math.expm1(-reach)

    def slope(self, part: float) -> float:
        """The weight of the estimate's growth over that part."""
        return self.space.alpha(self.level(part)) * phi_2(part * self.h * (1 + self.eta))


class _Path:
    """The noise of one step, in units of sigma."""

    def __init__(self, way: _Way, noise: StepNoise, s_noise: float) -> None:
        self.way = way
        self.noise = noise
        self.s_noise = s_noise
        self.part = 0.0
        self.sum: Tensor | None = None

    def add_to(self, x: Tensor, part: float) -> Tensor:
        """x with the noise gathered from the beginning of the step up to that part; in place."""
        way = self.way
        if way.eta <= 0 or self.s_noise <= 0:
            return x
        gone = (part - self.part) * way.h * way.eta
        fresh = self.noise(way.level(self.part), way.level(part))
        fresh = fresh.mul(math.sqrt(max(-math.expm1(-2 * gone), 0.0)))
        if self.sum is not None:
            fresh.add_(self.sum, alpha=math.exp(-gone))
        self.sum, self.part = fresh, part
        return x.add_(fresh, alpha=way.level(part) * self.s_noise)


def seeds_2(
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
    """Two calls per step: the second at the part `r` of the way."""
    sigmas = space.finite(sigmas)
    total = len(sigmas) - 1
    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        denoised = model(x, sigma)
        on_step(Step(i, total, sigma, x, denoised))
        if after == 0:
            return denoised
        way = _Way(sigma, after, space, eta)
        path = _Path(way, noise, s_noise)
        ahead = x.mul(way.carried(r)).add_(denoised, alpha=way.gain(r))
        ahead = path.add_to(ahead, r)
        estimate = torch.lerp(denoised, model(ahead, way.level(r)), 1 / (2 * r))
        x = x.mul(way.carried(1.0)).add_(estimate, alpha=way.gain(1.0))
        x = path.add_to(x, 1.0)
    return x


def seeds_3(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r_1: float = 1 / 3,
    r_2: float = 2 / 3,
) -> Tensor:
    """Three calls per step: at its start, and after the parts `r_1` and `r_2` of the way."""
    sigmas = space.finite(sigmas)
    total = len(sigmas) - 1
    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        denoised = model(x, sigma)
        on_step(Step(i, total, sigma, x, denoised))
        if after == 0:
            return denoised
        way = _Way(sigma, after, space, eta)
        path = _Path(way, noise, s_noise)
        other = denoised
        for part, looked in ((r_1, 0.0), (r_2, r_1), (1.0, r_2)):
            slope = way.slope(part) * (part / looked) if looked else 0.0
            ahead = x.mul(way.carried(part)).add_(denoised, alpha=way.gain(part) - slope)
            ahead = path.add_to(ahead.add_(other, alpha=slope), part)
            if part != 1.0:
                other = model(ahead, way.level(part))
        x = ahead
    return x
