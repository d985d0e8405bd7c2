"""Guidance away from what a hampered network would paint: it costs a pass more per step."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

from wirebrush_diffusion.alterations import (
    Alteration,
    AttentionMap,
    IdentityAttention,
    SkippedLayers,
)
from wirebrush_diffusion.guidance.rules import Again, Moment, Rule
from wirebrush_diffusion.noise.schedules import NoiseSchedule

BLUR_KERNEL = 9
SMALLEST = 5  # latent positions a side: below that there is nothing to blur


@dataclass(frozen=True)
class PerturbedAttention(Rule):
    """Away from the picture without attention (PAG: Ahn et al. 2024, arXiv:2403.17377)."""

    scale: float = 3.0

    def after(self, moment: Moment, denoised: Tensor, again: Again) -> Tensor:
        if self.scale == 0:
            return denoised
        worse = again("positive", moment.x, moment.sigma, IdentityAttention())
        return denoised + (moment.positive - worse) * self.scale


@dataclass(frozen=True)
class SkipLayers(Rule):
    """Away from the picture without some layers, from `start` to `end` (Stability AI, SD3.5).

    `rescaling` brings the result's contrast back to the positive's: 0 not, 1 wholly.
    """

    layers: SkippedLayers
    scale: float = 3.0
    start: float = 0.01
    end: float = 0.15
    rescaling: float = 0.0

    def after(self, moment: Moment, denoised: Tensor, again: Again) -> Tensor:
        if self.scale <= 0 or not moment.within(self.start, self.end):
            return denoised
        worse = again("positive", moment.x, moment.sigma, self.layers)
        denoised = denoised + (moment.positive - worse) * self.scale
        if self.rescaling:
            factor = moment.positive.std() / denoised.std()
            denoised = denoised * (factor * self.rescaling + 1 - self.rescaling)
        return denoised


@dataclass(frozen=True)
class SkipNegativeLayers(Rule):
    """The negative side is asked without some layers, from `start` to `end`: no pass more."""

    layers: SkippedLayers
    start: float = 0.0
    end: float = 1.0

    def negative_alteration(self, sigma: float, schedule: NoiseSchedule) -> Alteration | None:
        inside = schedule.at_percent(self.end) <= sigma <= schedule.at_percent(self.start)
        return self.layers if inside else None


@dataclass(frozen=True)
class SelfAttention(Rule):
    """Away from the picture blurred where the network looks (SAG: Hong et al. 2022).

    arXiv:2210.00939. The map is what the middle of the UNet looks at for the negative side.
    """

    scale: float = 0.5
    blur_sigma: float = 2.0
    needs_negative = True
    _map: AttentionMap = field(default_factory=AttentionMap, compare=False)

    def begun(self) -> Rule:
        return SelfAttention(self.scale, self.blur_sigma)

    def negative_alteration(self, sigma: float, schedule: NoiseSchedule) -> Alteration | None:
        return self._map

    def after(self, moment: Moment, denoised: Tensor, again: Again) -> Tensor:
        negative, seen = moment.negative, self._map.seen
        small = min(moment.x.shape[-2:]) < SMALLEST
        if negative is None or seen is None or small or self.scale == 0:
            return denoised
        mask = (seen > 1.0).float().unsqueeze(1)
        mask = interpolate(mask, size=negative.shape[-2:]).to(negative.dtype)
        blurred = torch.lerp(negative, blur(negative, self.blur_sigma), mask)
        worse = again("negative", blurred + (moment.x - negative), moment.sigma)
        return denoised + (blurred - worse) * self.scale


def blur(picture: Tensor, sigma: float) -> Tensor:
    """A Gaussian blur of `[B,C,h,w]` over 9 x 9 positions; 0 changes nothing."""
    if sigma <= 0:
        return picture
    reach = BLUR_KERNEL // 2
    places = torch.arange(-reach, reach + 1, device=picture.device, dtype=picture.dtype)
    bell = torch.exp(-0.5 * (places / sigma) ** 2)
    bell = bell / bell.sum()
    channels = picture.shape[1]
    kernel = torch.outer(bell, bell).expand(channels, 1, BLUR_KERNEL, BLUR_KERNEL)
    padded = pad(picture, (reach,) * 4, mode="reflect")
    return conv2d(padded, kernel, groups=channels)
