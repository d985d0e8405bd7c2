"""DPM-Solver (Lu et al. 2022, arXiv:2206.00927): singlestep solvers in t = -log sigma.

`dpm_fast` spends a given number of model calls on steps of order 3, 2 and 1. `dpm_adaptive` chooses
its own steps, so that two orders agree within a tolerance; to see whether they do, it has to wait
for the device once per step.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.euler import euler
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, Step, no_noise, silent

CLOSE_ENOUGH = 1e-5  # of the end, in t
TINY = 1e-8  # keeps the inverse of an error finite


def dpm_fast(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """As many model calls as there are steps, from the first level to the last above 0.

    Levels between are the solver's own: equal steps in log sigma.
    """
    start, end = _ends(sigmas)
    if start == end:
        return euler(model, x, sigmas, on_step=on_step)
    calls = len(sigmas) - 1
    whole = calls // 3
    rest = [2, 1] if calls % 3 == 0 else [calls % 3]
    orders = [3] * (whole - 1 if calls % 3 == 0 else whole) + rest
    times = [start + (end - start) * i / len(orders) for i in range(len(orders) + 1)]
    solver = _Solver(model)
    for i, (order, (t, after)) in enumerate(zip(orders, itertools.pairwise(times), strict=True)):
        denoised, slope = solver.slope(x, t)
        on_step(Step(i, len(orders), math.exp(-t), x, denoised))
        x = solver.step(x, slope, t, after, order, 0.5 if order == 2 else 1 / 3)
    return x


def dpm_adaptive(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    order: int = 3,
    rtol: float = 0.05,
    atol: float = 0.0078,
    h_init: float = 0.05,
    pcoeff: float = 0.0,
    icoeff: float = 1.0,
    dcoeff: float = 0.0,
    accept_safety: float = 0.81,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Orders `order` and `order - 1` must agree within `rtol`, `atol`; a PID rule sizes the steps.

    Only the first level and the last above 0 of `sigmas` count. Levels may rise, to find the noise
    that leads to x, but not with `eta`.
    """
    start, end = _ends(sigmas)
    if start == end:
        return euler(model, x, sigmas, on_step=on_step)
    solver, total, way = _Solver(model), len(sigmas) - 1, _way(start, end, eta)
    control = _Control(way * h_init, pcoeff, icoeff, dcoeff, 1.5 if eta else order, accept_safety)
    t, previous = start, x
    while way * (end - t) > CLOSE_ENOUGH:
        after = way * min(way * end, way * (t + control.h))
        down, _, up = DIFFUSION.split(math.exp(-t), math.exp(-after), eta)
        reached = way * min(way * end, -way * math.log(down))
        denoised, slope = solver.slope(x, t)
        done = int((t - start) / (end - start) * total)
        on_step(Step(min(done, total - 1), total, math.exp(-t), x, denoised))
        low = solver.step(x, slope, t, reached, order - 1, 1 / 3)
        high = solver.step(x, slope, t, reached, order, 1 / 3 if order == 3 else 0.5)
        if control.accepts(_disagreement(low, high, previous, rtol, atol)):
            previous, x, t = low, high, after
            if up and s_noise:
                x = x.add(noise(math.exp(-t), math.exp(-after)), alpha=up * s_noise)
    return x


def _disagreement(low: Tensor, high: Tensor, previous: Tensor, rtol: float, atol: float) -> float:
    """How far two orders are apart, measured by what is put up with: up to 1 is well."""
    scale = torch.maximum(low.abs(), previous.abs()).mul_(rtol).clamp_(min=atol)
    return float(((low - high) / scale).square().mean().sqrt())


def _ends(sigmas: Sequence[float]) -> tuple[float, float]:
    last = sigmas[-1] if sigmas[-1] > 0 else sigmas[-2]
    return -math.log(sigmas[0]), -math.log(last)


def _way(start: float, end: float, eta: float) -> float:
    """1 towards less noise, -1 towards more."""
    if end > start:
        return 1.0
    if eta:
        raise DiffusionError(
            f"The adaptive solver cannot renew noise (eta is {eta:g}) on its way up, from noise "
            f"level {math.exp(-start):g} to {math.exp(-end):g}.",
            "Set eta to 0, or let the noise levels descend.",
        )
    return -1.0


class _Solver:
    """Steps of order 1 to 3 along `eps = (x - denoised) / sigma`."""

    def __init__(self, model: Denoiser) -> None:
        self.model = model

    def slope(self, x: Tensor, t: float) -> tuple[Tensor, Tensor]:
        """The clean estimate and the noise in x."""
        sigma = math.exp(-t)
        denoised = self.model(x, sigma)
        return denoised, (x - denoised).div_(sigma)

    def step(
        self, x: Tensor, slope: Tensor, t: float, after: float, order: int, r: float
    ) -> Tensor:
        """From t to `after`; the first look ahead is at the part `r` of the way."""
        h = after - t
        if order == 1:
            return _moved(x, slope, after, h)
        first = self.slope(_moved(x, slope, t + r * h, r * h), t + r * h)[1].sub_(slope)
        sigma = math.exp(-after)
        ahead = _moved(x, slope, after, h)
        if order == 2:
            return ahead.add_(first, alpha=-sigma / (2 * r) * math.expm1(h))
        reach = 2 * r * h
        second = _moved(x, slope, t + reach, reach)
        growth = math.expm1(reach) / reach - 1
        second.add_(first, alpha=-math.exp(-t - reach) * 2 * growth)
        last = self.slope(second, t + reach)[1].sub_(slope)
        return ahead.add_(last, alpha=-sigma / (2 * r) * (math.expm1(h) / h - 1))


def _moved(x: Tensor, slope: Tensor, after: float, h: float) -> Tensor:
    return x.add(slope, alpha=-math.exp(-after) * math.expm1(h))


class _Control:
    """A PID rule for the size of steps."""

    def __init__(self, h: float, p: float, i: float, d: float, order: float, safety: float) -> None:
        self.h = h
        self._powers = ((p + i + d) / order, -(p + 2 * d) / order, d / order)
        self._safety = safety
        self._inverses: list[float] = []

    def accepts(self, error: float) -> bool:
        """Whether a step with that error counts; sets the size of the next one."""
        inverse = 1 / (error + TINY)
        past = self._inverses or [inverse] * 3
        past = [inverse, *past[1:]]
        factor = math.prod(base**power for base, power in zip(past, self._powers, strict=True))
        factor = 1 + math.atan(factor - 1)
        accepted = factor >= self._safety
        self._inverses = [past[0], past[0], past[1]] if accepted else past
        self.h *= factor
        return accepted
