"""What samplers share: their signature, the step report, and models that tell two estimates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.space import Space


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
    """The signature of every sampler; some take settings besides."""

    def __call__(
        self,
        model: Denoiser,
        x: Tensor,
        sigmas: Sequence[float],
        *,
        on_step: OnStep,
        noise: StepNoise,
        space: Space,
    ) -> Tensor: ...


@runtime_checkable
class PairDenoiser(Protocol):
    """A denoiser that also tells what the negative side alone says (for CFG++)."""

    def both(self, x: Tensor, sigma: float, /) -> tuple[Tensor, Tensor]:
        """The guided clean estimate, and the unconditional one."""
        ...


def pairs_of(model: Denoiser) -> Callable[[Tensor, float], tuple[Tensor, Tensor]]:
    """`model.both`; a model without guidance is its own unconditional estimate."""
    if isinstance(model, PairDenoiser):
        return model.both

    def same(x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        denoised = model(x, sigma)
        return denoised, denoised

    return same


def silent(step: Step) -> None:
    """An `on_step` that does nothing."""


def no_noise(sigma: float, sigma_next: float) -> Tensor:
    """A `noise` for samplers that must not ask for any."""
    raise AssertionError("a deterministic sampler asked for noise")
