"""Sampling inside a mask only, with any model (RePaint's idea, Lugmayr et al. 2022).

At every model call the region outside the mask is replaced by the original with the noise of that
level, and the estimate there by the original itself: so the masked region is painted to fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from wirebrush_diffusion.guidance.guide import GuidedDenoiser
from wirebrush_diffusion.guidance.regions import resized_mask
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.schedules import NoiseSchedule

MaskAt = Callable[[float], Tensor]
"""The mask `[B or 1,1,h,w]` at a noise level."""


def latent_mask(mask: Tensor, like: Tensor) -> Tensor:
    """`[B,H,W]` (or `[B,1,H,W]`) of any size -> `[B or 1,1,h,w]` for a latent; 1 = paint here."""
    if mask.ndim == 4:
        mask = mask.squeeze(1)
    elif mask.ndim == 2:
        mask = mask.unsqueeze(0)
    resized = resized_mask(mask, *like.shape[-2:])
    batch = like.shape[0]
    if resized.shape[0] not in (1, batch):
        resized = resized.repeat(-(-batch // resized.shape[0]), 1, 1, 1)[:batch]
    return resized.to(like.device).clamp(0.0, 1.0)


def differential(
    mask: Tensor, sigmas: Sequence[float], schedule: NoiseSchedule, strength: float = 1.0
) -> MaskAt:
    """A grey mask as the time from which each place is painted (Levin and Fried 2023).

    White is painted from the start of the run `sigmas`, black not before its end; `strength` mixes
    this with the mask itself, 0 is the mask.
    """
    if strength == 0:
        return lambda sigma: mask
    start = schedule.timestep(sigmas[0])
    stop = schedule.timestep(max(sigmas[-1], schedule.sigmas[0]))

    def at(sigma: float) -> Tensor:
        left = (schedule.timestep(sigma) - stop) / (start - stop) if start != stop else 0.0
        return torch.lerp(mask, (mask >= left).to(mask), strength)

    return at


class Masked:
    """A guided denoiser that leaves everything outside the mask as it was."""

    def __init__(
        self,
        inner: GuidedDenoiser,
        mask: MaskAt,
        original: Tensor,
        noise: Tensor,
        prediction: Prediction,
    ) -> None:
        self.inner = inner
        self.mask = mask
        self.original = original
        self.noise = noise
        self.prediction = prediction

    def prepare(self, sigmas: Iterable[float]) -> None:
        """Nothing but what the inner one prepares."""
        self.inner.prepare(sigmas)

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        mask = self.mask(sigma)
        return self._kept(self.inner(self._replaced(x, sigma, mask), sigma), mask)

    def both(self, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        """The clean estimate and the unconditional one."""
        mask = self.mask(sigma)
        denoised, plain = self.inner.both(self._replaced(x, sigma, mask), sigma)
        return self._kept(denoised, mask), self._kept(plain, mask)

    def _replaced(self, x: Tensor, sigma: float, mask: Tensor) -> Tensor:
        outside = self.prediction.noised(self.original, self.noise, sigma)
        return torch.lerp(outside, x, mask)

    def _kept(self, denoised: Tensor, mask: Tensor) -> Tensor:
        return torch.lerp(self.original, denoised, mask)
