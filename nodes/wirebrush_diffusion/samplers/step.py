"""What samplers share: their signature, the step report, and the split of a step's noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from wirebrush_diffusion.denoiser import Denoiser, Prediction
from wirebrush_diffusion.noise import StepNoise


@dataclass(frozen=True, slots=True)
class Step:
    """One finished step: `index` of `total`, at noise level `sigma`."""

    index: int
    total: int
    sigma: float
    x: Tensor
    denoised: Tensor


OnStep = Callable[[Step], None]


class SampleFunction(Protocol):
    """The signature of every sampler.

    `flow` says that x is a flow's mixture, for the few samplers that add noise themselves.
    """

    def __call__(
        self,
        model: Denoiser,
        x: Tensor,
        sigmas: Sequence[float],
        *,
        on_step: OnStep,
        noise: StepNoise,
        flow: bool = False,
    ) -> Tensor: ...


def silent(step: Step) -> None:
    """An `on_step` that does nothing."""


def no_noise(sigma: float, sigma_next: float) -> Tensor:
    """A `noise` for samplers that must not ask for any."""
    raise AssertionError("a deterministic sampler asked for noise")


def ancestral_split(sigma: float, sigma_next: float, eta: float = 1.0) -> tuple[float, float]:
    """How far to step down, and how much noise to add, to arrive at `sigma_next`.

    Variances add up: `down^2 + up^2 = sigma_next^2` (Song et al. 2020, eq. 16, in sigma space).
    """
    if eta <= 0 or sigma_next <= 0:
        return sigma_next, 0.0
    ratio = (sigma**2 - sigma_next**2) / sigma**2
    up = min(sigma_next, eta * sigma_next * max(ratio, 0.0) ** 0.5)
    return (sigma_next**2 - up**2) ** 0.5, up


def renoised(data: Tensor, noise: Tensor, sigma: float, *, flow: bool) -> Tensor:
    """Clean data brought to a noise level, in either kind of x."""
    return (Prediction.FLOW if flow else Prediction.EPS).noised(data, noise, sigma)
