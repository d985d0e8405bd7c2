"""Latent spaces: their size and scale, empty latents, and a cheap look at them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError

RgbFactors = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class LatentFormat:
    """How a family's latents look.

    `channels` per position, `downscale` pixels per position. The network sees
    `(latent - shift) * scale`; on wires and in files latents are unscaled. Some families tell each
    channel's own mean and spread instead: `means`, `spreads`. `rgb` maps scaled latents to RGB in
    -1..1 (one row per channel), `rgb_bias` is added. `tiny` is the name of the tiny autoencoder
    (see `taesd`) that reads them.
    """

    channels: int = 4
    scale: float = 0.18215
    shift: float = 0.0
    downscale: int = 8
    rgb: RgbFactors | None = None
    rgb_bias: tuple[float, float, float] = (0.0, 0.0, 0.0)
    tiny: str = ""
    means: tuple[float, ...] = ()
    spreads: tuple[float, ...] = ()

    def to_network(self, latent: Tensor) -> Tensor:
        """Unscaled -> what the network sees. All zeros mean "empty" and stay so."""
        if not torch.count_nonzero(latent):
            return latent
        if self.means:
            return (latent - _row(self.means, latent)) / _row(self.spreads, latent)
        return (latent - self.shift) * self.scale

    def from_network(self, latent: Tensor) -> Tensor:
        """What the network made -> unscaled."""
        if self.means:
            return latent * _row(self.spreads, latent) + _row(self.means, latent)
        return latent / self.scale + self.shift

    def fit(self, latent: Tensor) -> Tensor:
        """An empty latent `[B,C,h,w]` with this format's channels; others must have them already.

        EmptyLatentImage does not know which model will use it and always makes 4 channels. A
        latent of one frame `[B,C,1,h,w]`, as files of other programs hold it, is a picture's.
        DiffusionError if it cannot be one of this format, or is no latent of numbers at all.
        """
        if latent.shape[0] == 0:
            raise DiffusionError(
                "The latent is a batch of no pictures; there is nothing to paint.",
                "Look at the node that cuts the batch, for example LatentFromBatch.",
            )
        if not latent.isfinite().all():
            raise DiffusionError(
                "The latent has values that are no finite numbers (NaN or infinite).",
                "Look at the nodes that it comes from: a run in half precision, a division by 0, "
                "or a picture with such values.",
            )
        if latent.ndim == 5:
            if latent.shape[2] != 1:
                raise DiffusionError(
                    f"The latent has {latent.shape[2]} frames; this model paints pictures.",
                    "Use a latent of one frame.",
                )
            latent = latent[:, :, 0]
        if latent.shape[1] == self.channels:
            return latent
        if torch.count_nonzero(latent):
            raise DiffusionError(
                f"The latent has {latent.shape[1]} channels, the model works on {self.channels}.",
                "Encode the picture with the VAE that belongs to the model.",
            )
        return latent.new_zeros((latent.shape[0], self.channels, *latent.shape[2:]))

    def preview(self, latent: Tensor) -> Tensor | None:
        """The first item of a scaled batch as `[h,w,3]` uint8, or None without factors."""
        if not self.rgb:
            return None
        item = latent[0] if latent.ndim == 4 else latent[0, :, 0]
        factors = torch.tensor(self.rgb, dtype=torch.float32, device=item.device)
        picture = item.float().movedim(0, -1) @ factors
        picture += torch.tensor(self.rgb_bias, device=item.device)
        return picture.add_(1.0).mul_(127.5).clamp_(0, 255).to("cpu", torch.uint8)


def _row(numbers: tuple[float, ...], latent: Tensor) -> Tensor:
    """One number per channel, in a shape that fits `[B,C,...]`."""
    row = torch.tensor(numbers, dtype=latent.dtype, device=latent.device)
    return row.view(1, -1, *[1] * (latent.ndim - 2))


SD15 = LatentFormat(
    channels=4,
    scale=0.18215,
    tiny="taesd",
    rgb=(
        (0.3512, 0.2297, 0.3227),
        (0.3250, 0.4974, 0.2350),
        (-0.2829, 0.1762, 0.2721),
        (-0.2120, -0.2616, -0.7177),
    ),
)
"""Stable Diffusion 1 and 2."""

SDXL = LatentFormat(
    channels=4,
    scale=0.13025,
    tiny="taesdxl",
    rgb=(
        (0.3651, 0.4232, 0.4341),
        (-0.2533, -0.0042, 0.1068),
        (0.1076, 0.1111, -0.0362),
        (-0.3165, -0.2492, -0.2188),
    ),
    rgb_bias=(0.1084, -0.0175, -0.0011),
)
"""Stable Diffusion XL."""

SD3 = LatentFormat(channels=16, scale=1.5305, shift=0.0609, tiny="taesd3")
"""Stable Diffusion 3 and 3.5."""

FLUX = LatentFormat(channels=16, scale=0.3611, shift=0.1159, tiny="taef1")
"""FLUX.1, and what was made from it."""

KNOWN_FORMATS = (SD15, SDXL)


def known_format(channels: int, scale: float) -> LatentFormat | None:
    """The published format with these numbers, if there is one."""
    for candidate in KNOWN_FORMATS:
        if candidate.channels == channels and abs(candidate.scale - scale) < 1e-6:
            return candidate
    return None


def fitted_rgb(latents: Tensor, pictures: Tensor) -> tuple[RgbFactors, tuple[float, float, float]]:
    """Least-squares factors from scaled latents `[B,C,h,w]` to what they decode to.

    `pictures` `[B,3,H,W]` in -1..1. Returns the factors and the bias. A touch of ridge keeps
    channels that never vary from getting wild factors.
    """
    small = torch.nn.functional.adaptive_avg_pool2d(
        pictures.float(), (latents.shape[-2], latents.shape[-1])
    )
    inputs = latents.float().movedim(1, -1).flatten(0, -2).double()
    targets = small.movedim(1, -1).flatten(0, -2).double()
    ones = torch.ones((inputs.shape[0], 1), dtype=torch.float64, device=inputs.device)
    design = torch.cat([inputs, ones], dim=1)
    gram = design.T @ design
    gram += 1e-3 * len(design) * torch.eye(design.shape[1], dtype=torch.float64, device=gram.device)
    solution = torch.linalg.solve(gram, design.T @ targets).float().cpu().tolist()
    rows = tuple((row[0], row[1], row[2]) for row in solution)
    return rows[:-1], rows[-1]


def empty_latent(width: int, height: int, batch: int = 1, channels: int = 4) -> Tensor:
    """Zeros `[batch, channels, height // 8, width // 8]`: nothing drawn yet."""
    return torch.zeros((batch, channels, max(height // 8, 1), max(width // 8, 1)))
