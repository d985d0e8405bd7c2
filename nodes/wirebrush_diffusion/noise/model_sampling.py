"""Other noise levels and predictions for a model: what it was fine-tuned or distilled for.

Each function gives what a network predicts and its schedule; `resampled` makes the model with it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.schedules import DiscreteSchedule, FlowSchedule, NoiseSchedule
from wirebrush_diffusion.noise.spacings import linspace, token_shift

LEVELS = 1000  # of a continuous schedule's table, and of a flow's
FINE_LEVELS = 10_000  # of FLUX's table
LCM_STEPS = 50  # of the schedule that latent consistency models were distilled for


class Sampled(NamedTuple):
    """What a network predicts, and its noise levels."""

    prediction: Prediction
    schedule: NoiseSchedule


def resampled(model: DiffusionModel, sampled: Sampled) -> DiffusionModel:
    """The same network and weights, sampled in another way."""
    view = copy.copy(model)
    view.prediction, view.schedule = sampled
    return view


@dataclass(frozen=True)
class ContinuousSchedule:
    """Levels between two ends, evenly in log sigma (Karras et al. 2022)."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high:
            raise DiffusionError(
                f"sigma_min is {self.low} and sigma_max {self.high}.",
                "The first must be above 0, and the second above the first.",
            )

    @property
    def sigmas(self) -> Sequence[float]:
        logs = linspace(math.log(self.low), math.log(self.high), LEVELS)
        return [math.exp(log) for log in logs]

    def timestep(self, sigma: float) -> float:
        """Networks are told a quarter of log sigma."""
        return 0.25 * math.log(sigma) if sigma > 0 else -math.inf

    def sigma(self, timestep: float) -> float:
        return math.exp(4 * timestep)

    def at_percent(self, percent: float) -> float:
        if percent <= 0:
            return math.inf
        return 0.0 if percent >= 1 else self.high ** (1 - percent) * self.low**percent


@dataclass(frozen=True)
class AngularSchedule(ContinuousSchedule):
    """The same, told as the angle between data and noise, 0..1 for 0..90 degrees."""

    def timestep(self, sigma: float) -> float:
        return math.atan(sigma) / math.pi * 2

    def sigma(self, timestep: float) -> float:
        return math.tan(timestep * math.pi / 2)


@dataclass(frozen=True)
class ScaledFlowSchedule(ContinuousSchedule):
    """The same, told as a flow's time sigma / (1 + sigma)."""

    def timestep(self, sigma: float) -> float:
        return sigma / (1 + sigma)

    def sigma(self, timestep: float) -> float:
        return timestep / (1 - timestep) if timestep < 1 else self.high


@dataclass(frozen=True)
class CosineSchedule:
    """Stable Cascade's: a cosine of time 0..1, with noise for larger pictures (`shift`)."""

    shift: float = 2.0
    offset: float = 8e-3

    @property
    def sigmas(self) -> Sequence[float]:
        return [self.sigma(i / LEVELS) for i in range(1, LEVELS + 1)]

    def sigma(self, timestep: float) -> float:
        start = math.cos(self.offset / (1 + self.offset) * math.pi / 2) ** 2
        angle = (timestep + self.offset) / (1 + self.offset) * math.pi / 2
        signal = min(max(math.cos(angle) ** 2 / start, 1e-9), 1 - 1e-9)
        snr = signal / (1 - signal) / self.shift**2
        signal = min(max(snr / (1 + snr), 1e-4), 0.9999)
        return math.sqrt((1 - signal) / signal)

    def timestep(self, sigma: float) -> float:
        snr = self.shift**2 / (sigma * sigma) if sigma > 0 else math.inf
        signal = 1.0 if math.isinf(snr) else snr / (1 + snr)
        start = math.cos(self.offset / (1 + self.offset) * math.pi / 2) ** 2
        angle = math.acos(min(math.sqrt(signal * start), 1.0))
        return max(angle / (math.pi / 2) * (1 + self.offset) - self.offset, 0.0)

    def at_percent(self, percent: float) -> float:
        if percent <= 0:
            return math.inf
        return 0.0 if percent >= 1 else self.sigma(1 - percent)


@dataclass(frozen=True)
class DistilledSchedule:
    """Every n-th level of a schedule: what latent consistency models know."""

    base: DiscreteSchedule
    stride: int

    @property
    def sigmas(self) -> Sequence[float]:
        return self.base.sigmas[self.stride - 1 :: self.stride]

    def timestep(self, sigma: float) -> float:
        """In the base's time, as such networks are told."""
        place = DiscreteSchedule(self.sigmas).timestep(sigma)
        return place * self.stride + self.stride - 1

    def sigma(self, timestep: float) -> float:
        place = (timestep - (self.stride - 1)) / self.stride
        return DiscreteSchedule(self.sigmas).sigma(place)

    def at_percent(self, percent: float) -> float:
        if percent <= 0:
            return math.inf
        return 0.0 if percent >= 1 else self.sigma((1 - percent) * (len(self.base.sigmas) - 1))


def discrete(schedule: NoiseSchedule, sampling: str = "eps", zsnr: bool = False) -> Sampled:
    """A table of levels, as in DDPM: `eps`, `v_prediction`, `lcm`, `x0` or `img_to_img`.

    `zsnr` moves the last level to pure noise (Lin et al. 2023, arXiv:2305.08891).
    """
    predictions = {
        "eps": Prediction.EPS,
        "v_prediction": Prediction.V,
        "lcm": Prediction.EPS,
        "x0": Prediction.X0,
        "img_to_img": Prediction.IMAGE,
    }
    table = schedule if isinstance(schedule, DiscreteSchedule) else DiscreteSchedule.from_betas()
    if zsnr:
        table = table.zero_snr()
    if sampling == "lcm":
        stride = max(len(table.sigmas) // LCM_STEPS, 1)
        return Sampled(Prediction.EPS, DistilledSchedule(table, stride))
    return Sampled(predictions[sampling], table)


def continuous_edm(
    schedule: NoiseSchedule,
    sampling: str = "v_prediction",
    sigma_max: float = 120.0,
    sigma_min: float = 0.002,
) -> Sampled:
    """Continuous levels: `v_prediction`, `edm`, `eps` or `cosmos_rflow`."""
    if sampling == "cosmos_rflow":
        return Sampled(Prediction.SCALED_FLOW, ScaledFlowSchedule(sigma_min, sigma_max))
    predictions = {
        "v_prediction": Prediction.V,
        "edm": Prediction.EDM,
        "eps": Prediction.EPS,
    }
    return Sampled(predictions[sampling], ContinuousSchedule(sigma_min, sigma_max))


def continuous_v(
    schedule: NoiseSchedule,
    sampling: str = "v_prediction",
    sigma_max: float = 500.0,
    sigma_min: float = 0.03,
) -> Sampled:
    """Continuous levels told as an angle, v-prediction (Stable Audio)."""
    return Sampled(Prediction.V, AngularSchedule(sigma_min, sigma_max))


def cascade(schedule: NoiseSchedule, shift: float = 2.0) -> Sampled:
    """Stable Cascade's levels."""
    return Sampled(Prediction.EPS, CosineSchedule(shift))


def flow(schedule: NoiseSchedule, shift: float = 3.0, levels: int = LEVELS) -> Sampled:
    """A flow bent towards noise by `shift`; the network's time stays as it is.

    `levels` is the table's length, to which some schedules round: as in ComfyUI it is the node's,
    also for models whose own table is longer.
    """
    base = schedule if isinstance(schedule, FlowSchedule) else FlowSchedule()
    return Sampled(Prediction.FLOW, replace(base, shift=shift, resolution=levels))


def flux(
    schedule: NoiseSchedule,
    max_shift: float = 1.15,
    base_shift: float = 0.5,
    width: int = 1024,
    height: int = 1024,
) -> Sampled:
    """FLUX's shift for a picture's size: a straight line over the number of 16 x 16 patches."""
    tokens = width * height / 256
    shift = math.exp(token_shift(tokens, 256, 4096, base_shift, max_shift))
    return flow(schedule, shift, FINE_LEVELS)


def ltxv(
    schedule: NoiseSchedule,
    positions: int = 4096,
    max_shift: float = 2.05,
    base_shift: float = 0.95,
) -> Sampled:
    """LTX-Video's shift for a number of latent positions."""
    shift = math.exp(token_shift(positions, 1024, 4096, base_shift, max_shift))
    return flow(schedule, shift, FINE_LEVELS)
