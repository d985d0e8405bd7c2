"""Noise schedules: which noise levels a model knows, and which of them a run visits.

A *noise level* sigma is the standard deviation of the noise on data of unit scale. Everything here
is plain Python in float64 and runs once per run, so that no device ever waits for it. A list of
sigmas descends and ends in 0; it has one entry more than there are steps.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from struct import pack, unpack
from typing import Protocol

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.noise.beta_quantiles import beta_quantiles
from wirebrush_diffusion.noise.spacings import (
    exponential,
    karras,
    kl_optimal,
    linear_quadratic,
    linspace,
)

NEARLY_WHOLE = 0.9999  # a denoise above this is a whole run
MAX_STEPS = 1_000_000  # 10,000 steps at a denoise of 0.01
ZERO_SNR_ALPHA = 4.8973451890853435e-08
"""What the field puts in place of alphas_cumprod = 0, whose sigma would be infinite."""


class NoiseSchedule(Protocol):
    """The noise levels a model was trained on, and the time coordinate it is told."""

    @property
    def sigmas(self) -> Sequence[float]:
        """Ascending table of the trained levels."""
        ...

    def timestep(self, sigma: float) -> float:
        """The time coordinate that the network is given for this noise level."""
        ...

    def sigma(self, timestep: float) -> float:
        """The noise level at a time, between the table's entries too."""
        ...

    def at_percent(self, percent: float) -> float:
        """The noise level after `percent` (0..1) of the way from pure noise to the picture."""
        ...


def float32(number: float) -> float:
    """The nearest float32: the field keeps its tables in that precision, so we end in it."""
    return unpack("f", pack("f", number))[0]


@dataclass(frozen=True)
class DiscreteSchedule:
    """A table of levels as in DDPM (Ho et al. 2020): eps-, v- and x0-predicting models.

    Build it with `from_betas` or `from_alphas`; `sigma = sqrt((1 - a) / a)`.
    """

    sigmas: Sequence[float]
    _log_sigmas: Sequence[float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.sigmas) < 2 or min(self.sigmas) <= 0:
            raise DiffusionError(
                "A noise schedule needs at least two levels, all greater than zero.",
                "Check the betas in the model's scheduler_config.json.",
            )
        object.__setattr__(self, "_log_sigmas", [math.log(sigma) for sigma in self.sigmas])

    @classmethod
    def from_alphas(cls, alphas_cumprod: Sequence[float]) -> DiscreteSchedule:
        """From the cumulative signal variances, ordered from clean to noisy."""
        return cls(tuple(float32(math.sqrt((1 - a) / a)) for a in alphas_cumprod))

    @classmethod
    def from_betas(
        cls,
        start: float = 0.00085,
        end: float = 0.012,
        *,
        steps: int = 1000,
        kind: str = "scaled_linear",
        zero_snr: bool = False,
    ) -> DiscreteSchedule:
        """Betas from `start` to `end`; the defaults are Stable Diffusion's.

        `kind` is diffusers' `beta_schedule`: scaled_linear, linear or squaredcos_cap_v2.
        `zero_snr` moves the last level to pure noise (Lin et al. 2023, arXiv:2305.08891).
        """
        alphas: list[float] = []
        product = 1.0
        for beta in betas(kind, start, end, steps):
            product *= 1.0 - beta
            alphas.append(product)
        return cls.from_alphas(_zero_terminal(alphas) if zero_snr else alphas)

    def zero_snr(self) -> DiscreteSchedule:
        """The same with the last level moved to pure noise."""
        alphas = [1 / (1 + sigma * sigma) for sigma in self.sigmas]
        return DiscreteSchedule.from_alphas(_zero_terminal(alphas))

    def timestep(self, sigma: float) -> float:
        """Index of the nearest level in log sigma: networks are told whole steps, as trained."""
        if sigma <= 0:
            return 0.0
        logs = self._log_sigmas
        log = math.log(sigma)
        high = min(max(bisect_left(logs, log), 1), len(logs) - 1)
        nearer_low = log - logs[high - 1] <= logs[high] - log
        return float(high - 1 if nearer_low else high)

    def sigma(self, timestep: float) -> float:
        """Interpolated in log sigma."""
        time = min(max(timestep, 0.0), len(self.sigmas) - 1.0)
        low = math.floor(time)
        high = math.ceil(time)
        weight = time - low
        logs = self._log_sigmas
        return math.exp((1 - weight) * logs[low] + weight * logs[high])

    def at_percent(self, percent: float) -> float:
        if percent <= 0:
            return math.inf
        return 0.0 if percent >= 1 else self.sigma((1 - percent) * (len(self.sigmas) - 1))


@dataclass(frozen=True)
class FlowSchedule:
    """Straight-line flows (SD3, FLUX): sigma in 0..1, bent towards noise by `shift`.

    `sigma(t) = shift * t / (1 + (shift - 1) * t)` with t in 0..1 (Esser et al. 2024, eq. 23).
    `steps` is the time that the network is told for pure noise. `resolution` is the table's length,
    to which some schedules round; the field has 10,000 for FLUX.
    """

    shift: float = 1.0
    steps: int = 1000
    resolution: int = 1000
    sigmas: Sequence[float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        unit = self.steps / self.resolution
        table = tuple(self.sigma(i * unit) for i in range(1, self.resolution + 1))
        object.__setattr__(self, "sigmas", table)

    def timestep(self, sigma: float) -> float:
        return sigma * self.steps

    def sigma(self, timestep: float) -> float:
        time = timestep / self.steps
        return self.shift * time / (1 + (self.shift - 1) * time)

    def at_percent(self, percent: float) -> float:
        return (
            1.0 if percent <= 0 else 0.0 if percent >= 1 else self.sigma(self.steps * (1 - percent))
        )


def betas(kind: str, start: float, end: float, steps: int) -> list[float]:
    """The variance added at each training step, in diffusers' three spellings."""
    if kind == "linear":
        return linspace(start, end, steps)
    if kind == "scaled_linear":
        return [root**2 for root in linspace(math.sqrt(start), math.sqrt(end), steps)]
    if kind == "squaredcos_cap_v2":
        bars = [math.cos((i / steps + 0.008) / 1.008 * math.pi / 2) ** 2 for i in range(steps + 1)]
        return [min(1 - after / before, 0.999) for before, after in itertools.pairwise(bars)]
    raise DiffusionError(
        f"beta_schedule is {kind!r}; known are linear, scaled_linear and squaredcos_cap_v2.",
        "Check scheduler/scheduler_config.json of the model.",
    )


def _zero_terminal(alphas: Sequence[float]) -> list[float]:
    """Shift and scale sqrt(alphas) so that the last is 0 and the first stays as it is."""
    roots = [math.sqrt(alpha) for alpha in alphas]
    scale = roots[0] / (roots[0] - roots[-1])
    moved = [((root - roots[-1]) * scale) ** 2 for root in roots]
    return [*moved[:-1], ZERO_SNR_ALPHA]


def normal(schedule: NoiseSchedule, steps: int) -> list[float]:
    """Evenly spaced training times, first and last included."""
    first, last = schedule.sigmas[-1], schedule.sigmas[0]
    start, end = schedule.timestep(first), schedule.timestep(last)
    if math.isclose(schedule.sigma(end), 0.0, abs_tol=1e-5):
        return [*(schedule.sigma(t) for t in linspace(start, end, steps + 1)[:-1]), 0.0]
    return [*(schedule.sigma(t) for t in linspace(start, end, steps)), 0.0]


def sgm_uniform(schedule: NoiseSchedule, steps: int) -> list[float]:
    """Evenly spaced training times without the last ("trailing")."""
    start = schedule.timestep(schedule.sigmas[-1])
    end = schedule.timestep(schedule.sigmas[0])
    return [*(schedule.sigma(t) for t in linspace(start, end, steps + 1)[:-1]), 0.0]


def simple(schedule: NoiseSchedule, steps: int) -> list[float]:
    """Every n-th trained level, counted from the noisiest."""
    table = schedule.sigmas
    return [*(table[-(1 + int(i * len(table) / steps))] for i in range(steps)), 0.0]


def ddim_uniform(schedule: NoiseSchedule, steps: int) -> list[float]:
    """Every n-th trained level, counted from the cleanest, as DDIM's authors did.

    Because n is a whole number there may be a few steps more than were asked for.
    """
    table = schedule.sigmas
    clean = math.isclose(table[1], 0.0, abs_tol=1e-5)
    stride = max(len(table) // (steps + 1 if clean else steps), 1)
    levels = [table[i] for i in range(1, len(table), stride)]
    return levels[::-1] if clean else [*levels[::-1], 0.0]


def beta(schedule: NoiseSchedule, steps: int, alpha: float = 0.6, beta: float = 0.6) -> list[float]:
    """Training times spread by a beta distribution: denser at both ends (arXiv:2407.12173).

    Times that fall on the same trained level count once, so there may be fewer steps.
    """
    table = schedule.sigmas
    quantiles = beta_quantiles([1 - i / steps for i in range(steps)], alpha, beta)
    places = dict.fromkeys(round(share * (len(table) - 1)) for share in quantiles)
    return [*(table[place] for place in places), 0.0]


def turbo(schedule: NoiseSchedule, steps: int, denoise: float = 1.0) -> list[float]:
    """Times 999, 899, ... 99, as SD-Turbo was distilled for; the last tenths of them."""
    start = 10 - int(10 * denoise)
    times = [100 * tenth - 1 for tenth in range(10, 0, -1)][start : start + steps]
    return [*(schedule.sigma(float(time)) for time in times), 0.0]


def _between_ends(
    spacing: Callable[[int, float, float], list[float]],
) -> Callable[[NoiseSchedule, int], list[float]]:
    """A spacing over all of a model's levels."""

    def levels(schedule: NoiseSchedule, steps: int) -> list[float]:
        table = schedule.sigmas
        return spacing(steps, table[0], table[-1])

    return levels


SCHEDULES: Mapping[str, Callable[[NoiseSchedule, int], list[float]]] = {
    "simple": simple,
    "sgm_uniform": sgm_uniform,
    "karras": _between_ends(karras),
    "exponential": _between_ends(exponential),
    "ddim_uniform": ddim_uniform,
    "beta": beta,
    "normal": normal,
    "linear_quadratic": lambda schedule, steps: linear_quadratic(steps, schedule.sigmas[-1]),
    "kl_optimal": _between_ends(kl_optimal),
}
"""By the field's names, in the field's order."""


def sigmas_for(schedule: NoiseSchedule, name: str, steps: int, denoise: float = 1.0) -> list[float]:
    """The levels of one run, rounded to float32 as the field's are.

    `denoise` < 1 starts part of the way: of `steps / denoise` steps only the last `steps` are
    made. 0 gives an empty list: there is nothing to do.
    """
    if name not in SCHEDULES:
        raise DiffusionError(
            f"There is no schedule {name!r}.", f"Known are {', '.join(SCHEDULES)}."
        )
    if steps < 1:
        raise DiffusionError(f"steps is {steps}; it must be at least 1.")
    if denoise <= 0:
        return []
    whole = denoise > NEARLY_WHOLE
    total = steps if whole else int(steps / denoise)
    if total > MAX_STEPS:
        raise DiffusionError(
            f"{steps} steps at a denoise of {denoise} are the end of a run of {total}.",
            "Take fewer steps, or a denoise of at least 0.01.",
        )
    levels = SCHEDULES[name](schedule, total)
    if not whole:
        levels = levels[-(steps + 1) :]
    return [float32(level) for level in levels]
