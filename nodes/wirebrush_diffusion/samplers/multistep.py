"""The loop that most samplers share: one model call a step, and a sum with known coefficients.

    x_next = keep * x + now * denoised + before[0] * previous + ... + noise * unit noise

What makes one sampler differ from another is the plan, a list of such coefficients. They are Python
floats worked out before the loop, so that the device never has to be asked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.step import OnStep, Step


class Mix(NamedTuple):
    """The coefficients of one step; `before` starts with the newest of the past."""

    keep: float
    now: float
    before: tuple[float, ...] = ()
    noise: float = 0.0


LAST = Mix(0.0, 1.0)
"""The step to sigma = 0: the clean estimate itself."""


def along_slopes(sigma: float, step: float, weights: Sequence[float]) -> Mix:
    """`x + step * (weights[0] * d + weights[1] * previous d + ...)`, d = (x - denoised) / sigma."""
    first = step * weights[0] / sigma
    return Mix(1.0 + first, -first, tuple(step * weight for weight in weights[1:]))


def run_plan(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    plan: Sequence[Mix],
    on_step: OnStep,
    noise: StepNoise,
    *,
    slopes: bool = False,
) -> Tensor:
    """Follow a plan from `sigmas[0]` to `sigmas[-1]`; plan[i] goes from level i to i + 1.

    What is remembered are the clean estimates or, with `slopes`, `(x - denoised) / sigma`.
    """
    total = len(plan)
    past: deque[Tensor] = deque(maxlen=max((len(mix.before) for mix in plan), default=0))
    for i, (keep, now, before, spread) in enumerate(plan):
        sigma = sigmas[i]
        denoised = model(x, sigma)
        on_step(Step(i, total, sigma, x, denoised))
        ahead = x.mul(keep).add_(denoised, alpha=now)
        for weight, old in zip(before, past, strict=False):
            ahead.add_(old, alpha=weight)
        if spread:
            ahead.add_(noise(sigma, sigmas[i + 1]), alpha=spread)
        if past.maxlen:
            past.appendleft((x - denoised).div_(sigma) if slopes else denoised)
        x = ahead
    return x
