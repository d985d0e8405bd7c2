"""How x is made of data and noise, for samplers that must know: `x = alpha * data + sigma * noise`.

Most solvers do not need it, because the flow's ODE and the diffusion's have one form,
`dx/dsigma = (x - data) / sigma`. Those that work in lambda = log(alpha / sigma), or add noise
themselves, ask here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wirebrush_diffusion.noise.schedules import DiscreteSchedule, FlowSchedule, NoiseSchedule

NEARLY_START = 1e-4  # of the way: where a flow's first level is moved to, when lambda is infinite


class Split(NamedTuple):
    """A stochastic step: go down to `down`, multiply by `scale`, add noise of deviation `up`."""

    down: float
    scale: float
    up: float


@dataclass(frozen=True, slots=True)
class Space:
    """alpha is 1 (diffusion, "variance exploding"), or 1 - sigma for a `flow`.

    `schedule` is the model's; without one it is Stable Diffusion's, or an unshifted flow's.
    """

    flow: bool = False
    schedule: NoiseSchedule | None = None

    def alpha(self, sigma: float) -> float:
        """The data's share of x."""
        return 1.0 - sigma if self.flow else 1.0

    def half_log_snr(self, sigma: float) -> float:
        """lambda = log(alpha / sigma)."""
        return math.log((1.0 - sigma) / sigma) if self.flow else -math.log(sigma)

    def level(self, half_log_snr: float) -> float:
        """The sigma with that lambda."""
        return 1.0 / (1.0 + math.exp(half_log_snr)) if self.flow else math.exp(-half_log_snr)

    def at_percent(self, percent: float) -> float:
        """The noise level after that part (0..1) of a run."""
        schedule = self.schedule
        if schedule is None:
            schedule = FlowSchedule() if self.flow else DiscreteSchedule.from_betas()
        return schedule.at_percent(percent)

    def finite(self, sigmas: Sequence[float]) -> list[float]:
        """The levels with a flow's pure noise, where lambda is infinite, moved by a hair."""
        if not self.flow or max(sigmas) < 1.0:
            return list(sigmas)
        top = self.at_percent(NEARLY_START)
        return [min(sigma, top) for sigma in sigmas]

    def split(self, sigma: float, after: float, eta: float = 1.0) -> Split:
        """How to arrive at `after` with a part of the noise renewed.

        Variances add up. Diffusion: `down^2 + up^2 = after^2` (Song et al. 2020, eq. 16). A flow's
        data must grow to `1 - after` as well, hence the scale.
        """
        if eta <= 0 or after <= 0:
            return Split(after, 1.0, 0.0)
        if self.flow:
            down = after * (1 + (after / sigma - 1) * eta)
            scale = (1 - after) / (1 - down)
            return Split(down, scale, math.sqrt(max(after**2 - (down * scale) ** 2, 0.0)))
        fresh = max(sigma**2 - after**2, 0.0) / sigma**2
        up = min(after, eta * after * math.sqrt(fresh))
        return Split(math.sqrt(after**2 - up**2), 1.0, up)


DIFFUSION = Space()
FLOW = Space(flow=True)
