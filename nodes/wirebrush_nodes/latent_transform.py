"""Latents turned, mirrored and cropped, each with its noise mask."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from wirebrush.api import Latent, Range, node
from wirebrush_diffusion.latent.matching import in_size, mask_planes
from wirebrush_diffusion.pictures.turning import cropped, flipped, rotated
from wirebrush_nodes.live import explained

Size = Annotated[int, Range(64, 16384, 8)]
Place = Annotated[int, Range(0, 16384, 8)]
STEP = 8  # pixels for each latent position
Turn = Literal["none", "90 degrees", "180 degrees", "270 degrees"]
Flip = Literal["x-axis: vertically", "y-axis: horizontally"]


@node(id="LatentRotate", category="latent/transform", title="Rotate Latent")
def latent_rotate(samples: Latent, rotation: Turn = "none") -> Latent:
    """Turn a latent clockwise. Only half a turn leaves what it decodes to quite as it was.

    Args:
        samples: The latent; its noise mask turns with it.
        rotation: How far.
    """
    mask = samples.noise_mask
    turned = None if mask is None else rotated(mask, rotation)
    return replace(samples, samples=rotated(samples.samples, rotation), noise_mask=turned)


@node(id="LatentFlip", category="latent/transform", title="Flip Latent")
def latent_flip(samples: Latent, flip_method: Flip = "x-axis: vertically") -> Latent:
    """Mirror a latent.

    Args:
        samples: The latent; its noise mask is mirrored with it.
        flip_method: "x-axis" swaps above and below, "y-axis" left and right.
    """
    mask = samples.noise_mask
    mirrored = None if mask is None else flipped(mask, flip_method)
    return replace(samples, samples=flipped(samples.samples, flip_method), noise_mask=mirrored)


@node(id="LatentCrop", category="latent/transform", title="Crop Latent")
def latent_crop(
    samples: Latent, width: Size = 512, height: Size = 512, x: Place = 0, y: Place = 0
) -> Latent:
    """Cut a rectangle out of a latent.

    Args:
        samples: The latent; its noise mask is cut with it.
        width: Pixels across.
        height: Pixels down.
        x: Pixels from the left edge.
        y: Pixels from the upper edge.
    """
    box = (x // STEP, y // STEP, width // STEP, height // STEP)
    mask = samples.noise_mask
    if mask is not None:
        with explained("samples"):
            mask = cropped(in_size(mask_planes(mask), samples.samples, crop="disabled"), *box)[:, 0]
    return replace(samples, samples=cropped(samples.samples, *box), noise_mask=mask)
