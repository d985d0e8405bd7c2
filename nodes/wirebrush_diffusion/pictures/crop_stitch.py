"""Painting a part of a large picture at a size that the model likes, and putting it back.

piece, hole, seam = cut_out(picture, mask, resolution=1024)
...  # paint in `piece` where `hole` is 1
whole = put_back(picture, painted, seam)
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from wirebrush_diffusion.latent.matching import in_number, in_size, mask_planes
from wirebrush_diffusion.pictures.filters import blurred
from wirebrush_diffusion.pictures.masks import bounds, grown
from wirebrush_diffusion.pictures.placing import composited
from wirebrush_diffusion.pictures.sheets import resized

STEP = 8  # pixels of a latent position: sides are multiples of it


class Seam(NamedTuple):
    """Where a piece was cut out, in pixels, and how much of it is seen there `[B,h,w]`, 0..1."""

    left: int
    top: int
    weight: Tensor


def cut_out(
    picture: Tensor, mask: Tensor, *, resolution: int, margin: float = 1.5, blend: int = 32
) -> tuple[Tensor, Tensor, Seam]:
    """The rectangle around the mask at about `resolution` squared pixels, and the mask in it.

    `picture` `[B,H,W,C]`, `mask` `[B,H,W]` of any size; without anything masked it is the whole
    picture. The rectangle is `margin` times as large as what is masked, and at least `blend` pixels
    larger on each side. Over `blend` pixels the piece will fade into the picture.
    """
    planes = in_size(mask_planes(mask), picture.movedim(-1, 1), crop="disabled")
    planes = in_number(planes, len(picture))[:, 0]
    left, top, right, bottom = _box(planes, margin, blend)
    piece, hole = picture[:, top:bottom, left:right], planes[:, top:bottom, left:right]
    tall, wide = bottom - top, right - left
    scale = resolution / (tall * wide) ** 0.5
    width, height = (max(1, round(side * scale / STEP)) * STEP for side in (wide, tall))
    method = "lanczos" if scale > 1 else "area"
    fine = in_size(hole[:, None], torch.empty((height, width)), crop="disabled")[:, 0]
    return resized(piece, width, height, method), fine, Seam(left, top, _soft(hole, blend))


def put_back(picture: Tensor, piece: Tensor, seam: Seam) -> Tensor:
    """The picture with the painted piece in it; where the weight is 0 not a bit is changed."""
    tall, wide = seam.weight.shape[-2:]
    count = max(len(picture), len(piece))
    below = in_number(picture, count)
    method = "area" if piece.shape[1] > tall else "lanczos"
    above = resized(piece[..., : picture.shape[-1]], wide, tall, method)
    if above.shape[-1] < below.shape[-1]:  # the piece has lost its alpha: keep the picture's
        kept = below[..., above.shape[-1] :]
        return torch.cat([put_back(below[..., : above.shape[-1]], above, seam), kept], dim=-1)
    planes = below.movedim(-1, 1), above.movedim(-1, 1)
    weight = seam.weight[:, None]
    return composited(*planes, seam.left, seam.top, weight).movedim(1, -1).contiguous()


def _box(mask: Tensor, margin: float, blend: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the rectangle to cut out, inside the picture."""
    height, width = mask.shape[-2:]
    found = bounds(mask)
    if found is None:
        return 0, 0, width, height
    left, top, right, bottom = found
    across = max(round((right - left) * (margin - 1) / 2), blend)
    down = max(round((bottom - top) * (margin - 1) / 2), blend)
    sides = max(left - across, 0), max(top - down, 0)
    return *sides, min(right + across, width), min(bottom + down, height)


def _soft(mask: Tensor, blend: int) -> Tensor:
    """1 where something is masked, fading to 0 over `blend` pixels around it."""
    radius = blend // 2
    if not radius:
        return (mask > 0).float()
    wide = grown((mask > 0).float(), radius, tapered=False)
    return blurred(wide.unsqueeze(-1), radius, 0.5)[..., 0].clamp(0.0, 1.0)
