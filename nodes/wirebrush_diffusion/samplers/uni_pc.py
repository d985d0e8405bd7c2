"""UniPC: a predictor whose last call also corrects the step before (Zhao et al. 2023).

arXiv:2302.04867, for the clean estimate, multistep, in lambda = -log sigma; one call per step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, Step, no_noise, silent

ORDER = 3
NEARLY_CLEAN = 1e-3  # where a run that ends at 0 stops: lambda is infinite there

Base = Callable[[float], float]
"""B(h), of -h: which of the authors' two variants it is."""


def uni_pc(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    base: Base = lambda h: h,
) -> Tensor:
    """Order up to 3, deterministic, with B(h) = h."""
    levels = list(sigmas)
    if levels[-1] == 0:
        levels[-1] = min(NEARLY_CLEAN, levels[-2] / 2)
    lambdas = [-math.log(level) for level in levels]
    total = len(levels) - 1
    order = max(min(ORDER, total - 1), 1)
    past: list[tuple[float, Tensor]] = []  # newest first
    ahead, finish = x, None
    for i in range(total):
        denoised = model(ahead, levels[i])
        on_step(Step(i, total, levels[i], ahead, denoised))
        x = ahead if finish is None else finish(denoised)
        if past and past[0][0] == lambdas[i]:
            past = past[1:]
        past = [(lambdas[i], denoised), *past[: ORDER - 1]]
        now = min(order, i + 1, total - i, len(past))
        step = _Step(past[:now], lambdas[i + 1], base)
        ahead, finish = step.predicted(x), step.corrector(x)
    return ahead


def uni_pc_bh2(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """The same with B(h) = e^h - 1."""
    return uni_pc(model, x, sigmas, on_step=on_step, noise=noise, space=space, base=math.expm1)


class _Step:
    """One step of a given order: as many estimates as `past` has, newest first."""

    def __init__(self, past: Sequence[tuple[float, Tensor]], end: float, base: Base) -> None:
        self.estimates = [estimate for _, estimate in past]
        start = past[0][0]
        self.h = end - start
        self.order = len(past)
        if self.h == 0:
            return
        self.ratios = [(place - start) / self.h for place, _ in past[1:]]
        self.base = base(-self.h)
        self.moments = _moments(-self.h, self.order, self.base)

    def predicted(self, x: Tensor) -> Tensor:
        """x at the end of the step."""
        if self.h == 0:
            return x
        if self.order == 1:
            shares: list[float] = []
        elif self.order == 2:  # the authors' simplification
            shares = [0.5]
        else:
            shares = _solved(self.ratios, self.moments[:-1])
        return self._moved(x, shares)

    def corrector(self, x: Tensor) -> Callable[[Tensor], Tensor] | None:
        """The step once more, for when the estimate at its end is known."""
        if self.h == 0:
            return None
        shares = [0.5] if self.order == 1 else _solved([*self.ratios, 1.0], self.moments)

        def finish(denoised: Tensor) -> Tensor:
            newest = self.estimates[0]
            moved = self._moved(x, shares[:-1])
            weight = -self.base * shares[-1]
            return moved.add_(denoised, alpha=weight).add_(newest, alpha=-weight)

        return finish

    def _moved(self, x: Tensor, shares: Sequence[float]) -> Tensor:
        """`e^-h x + (1 - e^-h) D - B * sum of shares * (D_k - D) / r_k`."""
        weights = [
            -self.base * share / ratio for share, ratio in zip(shares, self.ratios, strict=True)
        ]
        ahead = x.mul(math.exp(-self.h))
        ahead.add_(self.estimates[0], alpha=-math.expm1(-self.h) - sum(weights))
        for weight, estimate in zip(weights, self.estimates[1:], strict=True):
            ahead.add_(estimate, alpha=weight)
        return ahead


def _moments(h: float, order: int, base: float) -> list[float]:
    """`k! h^k phi_(k+1)(h) / B`, k = 1..order, by the recursion of the phi functions."""
    phi, factorial = math.expm1(h) / h - 1, 1
    moments: list[float] = []
    for k in range(1, order + 1):
        moments.append(phi * factorial / base)
        factorial *= k + 1
        phi = phi / h - 1 / factorial
    return moments


def _solved(ratios: Sequence[float], moments: Sequence[float]) -> list[float]:
    """Shares that meet the moments: the Vandermonde system of the paper's theorem 3.1."""
    matrix = np.vander(np.array(ratios), increasing=True).T
    return np.linalg.solve(matrix, np.array(moments)).tolist()
