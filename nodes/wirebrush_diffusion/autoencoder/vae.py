"""Pictures to latents and back, through diffusers' `AutoencoderKL`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.latent.space import LatentFormat, RgbFactors, fitted_rgb
from wirebrush_diffusion.memory.plans import Portion
from wirebrush_diffusion.memory.portions import picture_portions
from wirebrush_diffusion.network import Loaded
from wirebrush_diffusion.pictures.resize import resize
from wirebrush_diffusion.pictures.tiling import tiled

QUICK_WORK = 2_000_000 * 32 * 32  # weights times latent positions
PIXELS_AT_ONCE = 1024 * 1024  # pictures go through in parts of about this many pixels


@dataclass(slots=True, eq=False)
class Autoencoder(Loaded):
    """`network` is diffusers' `AutoencoderKL`. Latents are unscaled, pictures `[B,H,W,3]` 0..1.

    Where memory is short it works in tiles, which changes the answer a little: `told` hears of it
    in a sentence.
    """

    network: nn.Module
    told: Callable[[str], None] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.freeze()

    def telling(self, told: Callable[[str], None]) -> Self:
        """The same autoencoder, for somebody who wants to hear of tiles."""
        view = copy.copy(self)
        view.told = told
        return view

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        return self.config.latent_channels

    @property
    def downscale(self) -> int:
        """Pixels per latent position."""
        return 2 ** (len(self.config.block_out_channels) - 1)

    def decode(self, latent: Tensor) -> Tensor:
        """Latents `[B,C,h,w]` -> pictures `[B, h*8, w*8, 3]`, float32 on the CPU."""
        if latent.ndim != 4 or latent.shape[1] != self.channels:
            raise DiffusionError(
                f"This VAE reads latents of {self.channels} channels, got {_shape(latent)}.",
                "Use the VAE that belongs to the model which made the latent.",
            )
        return self._decoded_within(latent)

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures `[B,H,W,C]` -> latents `[B,c,H/8,W/8]`, the distribution's mean, on the CPU.

        Alpha is ignored. Sides that are no multiple of 8 are cut at both ends.
        """
        if pictures.ndim != 4 or pictures.shape[-1] not in (3, 4):
            raise DiffusionError(f"A picture batch is [B,H,W,3], got {_shape(pictures)}.")
        planes = self._trimmed(pictures[..., :3].movedim(-1, 1))
        height, width = planes.shape[-2:]

        def work(portion: Portion) -> Tensor:
            if portion.tile:
                tile, overlap = self._tiles(portion.tile)
                scale = 1 / self.downscale
                return tiled(self._encoded, planes, tile, overlap, scale)
            return torch.cat([self._encoded(part) for part in self._parts(planes, 1, portion)])

        portions = self._portions(len(planes), height, width)
        return self._answered(portions, work, f"Encoding {width}x{height}")

    def rgb_factors(self, latent: LatentFormat) -> tuple[RgbFactors, tuple[float, float, float]]:
        """Preview factors for scaled latents, fitted to encoded pictures of coloured patches."""
        generator = torch.Generator("cpu").manual_seed(0)
        colours = torch.rand((32, 3, 4, 4), generator=generator).mul_(1.6).sub_(0.3)
        side = 8 * self.downscale
        hard = resize(colours, side, side, "nearest-exact")
        soft = resize(colours, side, side, "bicubic")
        pictures = torch.cat([hard, soft]).clamp_(0.0, 1.0)
        latents = latent.to_network(self.encode(pictures.movedim(1, -1)))
        return fitted_rgb(latents, pictures * 2 - 1)

    def is_quick(self, latent: Tensor) -> bool:
        """Whether decoding one picture of this latent takes a few hundredths of a second."""
        weights = sum(parameter.numel() for parameter in self.parameters())
        return weights * latent.shape[-1] * latent.shape[-2] <= QUICK_WORK

    def _decoded_within(self, latent: Tensor) -> Tensor:
        """Several at once, one by one or in tiles: what there is memory for."""
        step = self.downscale
        height, width = (side * step for side in latent.shape[-2:])

        def work(portion: Portion) -> Tensor:
            if portion.tile:
                tile, overlap = self._tiles(portion.tile)
                planes = tiled(
                    lambda part: self._decoded(part).movedim(-1, 1),
                    latent,
                    tile // step,
                    overlap // step,
                    step,
                )
                return planes.movedim(1, -1).contiguous()
            parts = self._parts(latent, step**2, portion)
            return torch.cat([self._decoded(part) for part in parts])

        portions = self._portions(len(latent), height, width)
        return self._answered(portions, work, f"Decoding {width}x{height}")

    def _answered(
        self, portions: Sequence[Portion], work: Callable[[Portion], Tensor], what: str
    ) -> Tensor:
        """The answer within memory; tiles are told of once, when it is there."""
        used: list[Portion] = []

        def noted(portion: Portion) -> Tensor:
            used[:] = [portion]
            return work(portion)

        answer = self.within(portions, noted, what)
        if used[0].tile and self.told is not None:
            told, self.told = self.told, None  # once is enough, however many pictures there are
            whole = min(p.activations for p in portions if not p.tile)
            room = self.placements[0].room
            by = f" ({room.limited_by})" if room.limited_by else ""
            told(
                f"{what} was done in tiles of {used[0].tile} pixels, because whole it is expected "
                f"to need {whole >> 20} MB; {room.device} may use {room.limit >> 20} MB{by}, of "
                f"which {room.reachable() >> 20} MB can be made free. Colours may differ a little "
                "from the whole's."
            )
        return answer

    def _portions(self, rows: int, height: int, width: int) -> list[Portion]:
        levels = getattr(self.config, "block_out_channels", None) or (self.config.base_dim,)
        return picture_portions(rows, height, width, levels[0], self.dtype.itemsize)

    def _tiles(self, tile: int) -> tuple[int, int]:
        """A tile's side and the overlap in pixels, both whole latent positions."""
        step = self.downscale
        return max(tile // step, 1) * step, tile // 4 // step * step

    def _decoded(self, latent: Tensor) -> Tensor:
        with torch.inference_mode():
            planes = self.network.decode(latent.to(self.device, self.dtype), return_dict=False)[0]
            pictures = planes.float().add_(1.0).mul_(0.5).clamp_(0.0, 1.0).movedim(1, -1)
        return pictures.cpu().contiguous().clone()

    def _encoded(self, planes: Tensor) -> Tensor:
        with torch.inference_mode():
            inputs = planes.to(self.device, self.dtype) * 2 - 1
            mean = self.network.encode(inputs, return_dict=False)[0].mode()
        return mean.float().cpu().clone()

    def _trimmed(self, planes: Tensor) -> Tensor:
        height, width = planes.shape[-2:]
        step = self.downscale
        tall, wide = height // step * step, width // step * step
        if not tall or not wide:
            raise DiffusionError(
                f"The picture is {width}x{height}; this VAE needs at least {step}x{step}.",
                "Scale the picture up first.",
            )
        top, left = (height - tall) // 2, (width - wide) // 2
        return planes[..., top : top + tall, left : left + wide]

    def _parts(self, batch: Tensor, pixels_per_position: int, portion: Portion) -> Iterator[Tensor]:
        pixels = batch.shape[-1] * batch.shape[-2] * pixels_per_position
        yield from batch.split(max(1, min(PIXELS_AT_ONCE // pixels, portion.rows)))


def _shape(tensor: Tensor) -> str:
    return "x".join(str(side) for side in tensor.shape)
