"""SA-Solver: stochastic Adams methods (Xue et al. 2023, arXiv:2309.05019).

A predictor goes to the next level by a polynomial through the last estimates; once the model has
been asked there, a corrector repeats the step with that estimate in the polynomial. `tau` says how
stochastic the equation is: 0 is the ODE, 1 the usual SDE; in between times it is 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.quadrature import decaying
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, Step, no_noise, silent


@dataclass(frozen=True, slots=True)
class Adams:
    """The solver's settings.

    `eta` is tau from `sde_start` to `sde_end` (0..1 of the run). Orders count estimates, the
    corrector's with the newest; 0 turns it off. `pece` asks the model again after correcting.
    `simple_order_2` takes the authors' shorter coefficients where two estimates are used.
    """

    predictor_order: int = 3
    corrector_order: int = 4
    eta: float = 1.0
    sde_start: float = 0.2
    sde_end: float = 0.8
    s_noise: float = 1.0
    pece: bool = False
    simple_order_2: bool = False


def sa_solver(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    adams: Adams = Adams(),
) -> Tensor:
    """Predict, evaluate, correct: one call per step; with `pece`, evaluate again."""
    sigmas = space.finite(sigmas)
    run = _Run(sigmas, space, adams)
    total = len(sigmas) - 1
    past: list[Tensor] = []  # newest first
    ahead, carried = x, None
    for i, sigma in enumerate(sigmas[:-1]):
        denoised = model(ahead, sigma)
        on_step(Step(i, total, sigma, ahead, denoised))
        past = [denoised, *past][: max(adams.predictor_order, adams.corrector_order, 1)]
        corrector = run.corrector_order(i, len(past))
        if corrector:
            x = run.step(x, past, i - 1, i, corrector, carried)
            if adams.pece:
                denoised = past[0] = model(x, sigma)
        else:
            x = ahead
        if sigmas[i + 1] == 0:
            return denoised
        spread = run.spread(i)
        carried = noise(sigma, sigmas[i + 1]).mul(spread) if spread else None
        ahead = run.step(x, past, i, i, run.predictor_order(i, len(past)), carried)
    return ahead


def sa_solver_pece(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """Predict, evaluate, correct, evaluate: two calls per step."""
    return sa_solver(
        model, x, sigmas, on_step=on_step, noise=noise, space=space, adams=Adams(pece=True)
    )


class _Run:
    """The coefficients of one run."""

    def __init__(self, sigmas: Sequence[float], space: Space, adams: Adams) -> None:
        self.sigmas = sigmas
        self.space = space
        self.adams = adams
        self.lambdas = [space.half_log_snr(s) if s > 0 else math.inf for s in sigmas]
        self._first = space.at_percent(adams.sde_start)
        self._last = space.at_percent(adams.sde_end)
        self._ends_clean = sigmas[-1] == 0

    def tau(self, i: int) -> float:
        """How stochastic the step from level i is."""
        inside = self._last <= self.sigmas[i + 1] <= self._first
        return self.adams.eta if inside else 0.0

    def spread(self, i: int) -> float:
        """The deviation of the noise that the step from level i adds."""
        reach = 2 * self.tau(i) ** 2 * (self.lambdas[i + 1] - self.lambdas[i])
        return self.sigmas[i + 1] * math.sqrt(max(-math.expm1(-reach), 0.0)) * self.adams.s_noise

    def predictor_order(self, i: int, known: int) -> int:
        """Lower towards a clean end, for stability."""
        order = min(self.adams.predictor_order, known)
        return max(min(order, len(self.sigmas) - 2 - i) if self._ends_clean else order, 1)

    def corrector_order(self, i: int, known: int) -> int:
        """0: no correction, before anything was predicted and where only the end follows."""
        if i == 0 or (self.sigmas[i + 1] == 0 and not self.adams.pece):
            return 0
        order = min(self.adams.corrector_order, known)
        return min(order, len(self.sigmas) - 1 - i) if self._ends_clean else order

    def step(
        self,
        x: Tensor,
        past: Sequence[Tensor],
        start: int,
        newest: int,
        order: int,
        noise: Tensor | None,
    ) -> Tensor:
        """From level `start` to the next one; `past` starts with the estimate at `newest`."""
        tau = self.tau(start)
        h = self.lambdas[start + 1] - self.lambdas[start]
        keep = self.sigmas[start + 1] / self.sigmas[start] * math.exp(-(tau**2) * h)
        weights = self._weights(start, newest, order, tau)
        ahead = x.mul(keep)
        for weight, estimate in zip(weights, past, strict=False):
            ahead.add_(estimate, alpha=weight)
        return ahead if noise is None else ahead.add_(noise)

    def _weights(self, start: int, newest: int, order: int, tau: float) -> list[float]:
        """Per estimate: alpha * integral of k e^(k (lambda - end)) * polynomial, k = 1 + tau^2."""
        k, begin, end = 1 + tau**2, self.lambdas[start], self.lambdas[start + 1]
        h = end - begin
        alpha = self.space.alpha(self.sigmas[start + 1])
        nodes = self.lambdas[newest + 1 - order : newest + 1][::-1]
        if self.adams.simple_order_2 and order == 2 and nodes[0] != nodes[1]:
            other = 0.5 * k * h
            other *= 1.0 if newest > start else h / (nodes[1] - begin)
            first, second = -math.expm1(-k * h) - other, other
            if newest > start:
                first, second = second, first
            return [alpha * first, alpha * second]
        return [alpha * weight for weight in decaying(nodes, begin, end, k)]
