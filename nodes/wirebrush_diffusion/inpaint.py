"""Sampling inside a mask only, with any model (RePaint's idea, Lugmayr et al. 2022).

At every model call the region outside the mask is replaced by the original with the noise of that
level, and the estimate there by the original itself: so the masked region is painted to fit.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from wirebrush_diffusion.denoiser import Prediction
from wirebrush_diffusion.guidance import GuidedDenoiser
from wirebrush_diffusion.regions import resized_mask


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


class Masked:
    """A guided denoiser that leaves everything outside the mask as it was."""

    def __init__(
        self,
        inner: GuidedDenoiser,
        mask: Tensor,
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
        return self._kept(self.inner(self._replaced(x, sigma), sigma))

    def both(self, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        """The clean estimate and the unconditional one."""
        denoised, plain = self.inner.both(self._replaced(x, sigma), sigma)
        return self._kept(denoised), self._kept(plain)

    def _replaced(self, x: Tensor, sigma: float) -> Tensor:
        outside = self.prediction.noised(self.original, self.noise, sigma)
        return torch.lerp(outside, x, self.mask)

    def _kept(self, denoised: Tensor) -> Tensor:
        return torch.lerp(self.original, denoised, self.mask)
