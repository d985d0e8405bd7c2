"""Operations on latents `[B,C,...]`, and on what guidance adds to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.rules import Moment, Rule

Operation = Callable[..., Tensor]
SPREADS = 5.0  # standard deviations above the mean that are left as they are
AMOUNT = 10.0  # what an alpha of 1 sharpens by


def tonemap_reinhard(latent: Tensor, multiplier: float = 1.0) -> Tensor:
    """Soften the strongest places (Reinhard et al. 2002): lengths of the channels' vectors.

    What lies `multiplier` times five standard deviations above the mean is halved, what is far
    below stays.
    """
    length = torch.linalg.vector_norm(latent, dim=1, keepdim=True) + 1e-10
    places = tuple(range(1, latent.ndim))
    mean, spread = length.mean(places, keepdim=True), length.std(places, keepdim=True)
    top = (spread * SPREADS + mean) * multiplier
    scaled = length / top
    return latent / length * (scaled / (scaled + 1.0) * top)


def sharpen(
    latent: Tensor, sharpen_radius: int = 9, sigma: float = 1.0, alpha: float = 0.1
) -> Tensor:
    """Bring out edges in the direction of the channels' vectors; lengths stay. `[B,C,h,w]`."""
    if latent.ndim != 4:
        raise DiffusionError(
            f"Only latents of pictures [B,C,h,w] can be sharpened, this one has {latent.ndim} "
            "dimensions.",
        )
    if min(latent.shape[-2:]) <= sharpen_radius:
        raise DiffusionError(
            f"The latent is {latent.shape[-1]}x{latent.shape[-2]}, too small to be sharpened over "
            f"a radius of {sharpen_radius}.",
            "Choose a smaller radius: a position of the latent is 8 pixels.",
        )
    length = torch.linalg.vector_norm(latent, dim=1, keepdim=True) + 1e-6
    steps = torch.arange(-sharpen_radius, sharpen_radius + 1, device=latent.device)
    bell = torch.exp(-((steps / sigma) ** 2) / 2)
    blur = bell[:, None] * bell[None, :]
    kernel = blur / blur.sum() * (-alpha * AMOUNT)
    kernel[sharpen_radius, sharpen_radius] += 1.0 - kernel.sum()
    channels = latent.shape[1]
    weight = kernel.to(latent.dtype).expand(channels, 1, -1, -1)
    padded = pad(latent / length, (sharpen_radius,) * 4, mode="reflect")
    return conv2d(padded, weight, groups=channels) * length


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {"LatentOperationTonemapReinhard": tonemap_reinhard, "LatentOperationSharpen": sharpen}
)


def operate(latent: Tensor, kind: str, settings: Mapping[str, Any]) -> Tensor:
    """The operation of that name; DiffusionError if there is none."""
    if kind not in OPERATIONS:
        raise DiffusionError(f"There is no latent operation {kind!r}.", f"Known: {[*OPERATIONS]}.")
    return OPERATIONS[kind](latent, **settings)


@dataclass(frozen=True)
class OperatedGuidance(Rule):
    """An operation on what the positive side adds to the negative; without that, on itself."""

    kind: str
    settings: Mapping[str, Any]

    def before(self, moment: Moment) -> Moment:
        base = 0.0 if moment.negative is None else moment.negative
        changed = operate(moment.positive - base, self.kind, self.settings) + base
        return replace(moment, positive=changed)


@dataclass(frozen=True)
class FrequencyScaling(Rule):
    """What guidance adds, coarse and fine parts scaled apart (FreSca, arXiv:2504.02154).

    `freq_cutoff` is how many frequencies from zero, each way, are coarse.
    """

    scale_low: float = 1.0
    scale_high: float = 1.25
    freq_cutoff: int = 20
    needs_negative = True

    def before(self, moment: Moment) -> Moment:
        if moment.negative is None:
            return moment
        added = moment.positive - moment.negative
        spectrum = torch.fft.fftshift(torch.fft.fft2(added.float()), dim=(-2, -1))
        row, column = spectrum.shape[-2] // 2, spectrum.shape[-1] // 2
        scale = torch.full(spectrum.shape[-2:], self.scale_high, device=added.device)
        rows = slice(max(row - self.freq_cutoff, 0), row + self.freq_cutoff)
        columns = slice(max(column - self.freq_cutoff, 0), column + self.freq_cutoff)
        scale[rows, columns] = self.scale_low
        scaled = torch.fft.ifft2(torch.fft.ifftshift(spectrum * scale, dim=(-2, -1))).real
        return replace(moment, positive=moment.negative + scaled.to(added.dtype))
