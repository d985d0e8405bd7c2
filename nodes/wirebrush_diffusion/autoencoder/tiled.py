"""Large pictures through a VAE in tiles: less memory, nearly the same picture."""

from __future__ import annotations

from torch import Tensor

from wirebrush_diffusion.autoencoder.vae import Autoencoder
from wirebrush_diffusion.pictures.tiling import OnTile, tiled


def decode_tiled(vae: Autoencoder, latent: Tensor, tile: int, overlap: int, on: OnTile) -> Tensor:
    """Latents `[B,C,h,w]` -> pictures `[B,H,W,3]`; `tile` and `overlap` in pixels.

    More overlap than a quarter of a tile only costs time: it is taken for that much.
    """
    step = vae.downscale
    tile, overlap = max(tile // step, 1), min(overlap, tile // 4) // step

    def decoded(part: Tensor) -> Tensor:
        return vae.decode(part).movedim(-1, 1)

    planes = tiled(decoded, latent, tile, overlap, step, on)
    return planes.movedim(1, -1).clamp_(0.0, 1.0).contiguous()


def encode_tiled(vae: Autoencoder, pictures: Tensor, tile: int, overlap: int, on: OnTile) -> Tensor:
    """Pictures `[B,H,W,3]` -> latents; sides are cut at both ends to whole latent positions.

    `overlap` as in `decode_tiled`.
    """
    step = vae.downscale
    height, width = (max(side // step, 1) * step for side in pictures.shape[1:3])
    top, left = (max(pictures.shape[1] - height, 0) // 2, max(pictures.shape[2] - width, 0) // 2)
    planes = pictures[:, top : top + height, left : left + width].movedim(-1, 1)
    tile, overlap = max(tile // step, 1) * step, min(overlap, tile // 4) // step * step

    def encoded(part: Tensor) -> Tensor:
        return vae.encode(part.movedim(1, -1))

    return tiled(encoded, planes, tile, overlap, 1 / step, on)
