"""Laying one picture or latent into another. All are `[B,C,h,w]`, masks `[B,1,H,W]`."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.latent.matching import in_number


def composited(
    destination: Tensor,
    source: Tensor,
    x: int,
    y: int,
    mask: Tensor | None = None,
    *,
    resize_source: bool = False,
) -> Tensor:
    """The source over the destination with its upper left corner at (x, y), where the mask is 1.

    What reaches beyond the destination is cut off. The mask takes the size of the source, both
    the number of the destination. `resize_source` stretches the source over the destination.
    """
    if source.ndim != 4 or destination.ndim != 4 or source.shape[1] != destination.shape[1]:
        raise DiffusionError(
            f"The source is {_sides(source)}, the destination {_sides(destination)}: they have "
            "not the same channels.",
            "Use two of the same kind.",
        )
    source = source.to(destination.device, destination.dtype)
    if resize_source:
        source = interpolate(source, destination.shape[-2:], mode="bilinear")
    source = in_number(source, destination.shape[0])
    height, width = destination.shape[-2:]
    tall, wide = min(source.shape[-2], height - y), min(source.shape[-1], width - x)
    result = destination.clone()
    if tall <= 0 or wide <= 0:
        return result
    piece = source[..., :tall, :wide]
    place = result[..., y : y + tall, x : x + wide]
    if mask is None:
        place.copy_(piece)
        return result
    weight = interpolate(mask.to(destination), source.shape[-2:], mode="bilinear")
    weight = in_number(weight, destination.shape[0])[..., :tall, :wide]
    place.copy_(torch.lerp(place, piece, weight))
    return result


def feather_for(destination: Tensor, source: Tensor, x: int, y: int, feather: int) -> Tensor:
    """A mask `[1,1,h,w]` of the source that rises over `feather` positions at inner edges."""
    tall, wide = source.shape[-2:]
    height, width = destination.shape[-2:]
    rows = edge_ramp(tall, feather, y > 0, y + tall < height)
    columns = edge_ramp(wide, feather, x > 0, x + wide < width)
    return (rows[:, None] * columns)[None, None]


def edge_ramp(length: int, feather: int, first: bool, last: bool) -> Tensor:
    """Weights `[length]` that rise over `feather` positions at the first and the last end."""
    ramp = torch.ones(length)
    steps = torch.arange(1, feather + 1)[:length] / max(feather, 1)
    if first:
        ramp[: len(steps)] *= steps
    if last:
        ramp[length - len(steps) :] *= steps.flip(0)
    return ramp


def _sides(x: Tensor) -> str:
    return "x".join(str(side) for side in x.shape)
