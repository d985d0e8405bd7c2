"""Where conditions count: weights for areas and masks, and areas that both sides share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from wirebrush_diffusion.guidance.condition import Area, Condition

FEATHER = 8  # latent positions over which an area fades at edges inside the picture


def weights_for(condition: Condition, shape: Sequence[int], device: torch.device) -> Tensor | float:
    """The condition's weight per position `[B or 1, 1, h, w]` of its area, or one number.

    There is a mask for each picture of the batch: too few are used again from the first.
    """
    height, width = shape[-2:]
    if condition.mask is not None:
        mask = condition.mask if condition.mask.ndim == 3 else condition.mask.unsqueeze(0)
        resized = resized_mask(mask, height, width).to(device)
        resized = for_batch(resized, shape[0])
        if condition.area is not None:
            resized = resized[..., *condition.area.window]
        return resized * (condition.mask_strength * condition.strength)
    if condition.area is None:
        return condition.strength
    return _feathered(condition.area, height, width).to(device) * condition.strength


def resized_mask(mask: Tensor, height: int, width: int) -> Tensor:
    """`[B,H,W]` -> `[B,1,height,width]` float32, bilinear."""
    mask = mask.float().unsqueeze(1)
    if mask.shape[-2:] == (height, width):
        return mask
    return interpolate(mask, size=(height, width), mode="bilinear", align_corners=False)


def for_batch(tensor: Tensor, batch: int) -> Tensor:
    """One row for each picture: too few are used again from the first, too many are left out."""
    if tensor.shape[0] == 1:
        return tensor.expand(batch, *tensor.shape[1:])
    return tensor.repeat(-(-batch // tensor.shape[0]), *[1] * (tensor.ndim - 1))[:batch]


def _feathered(area: Area, height: int, width: int) -> Tensor:
    rows = _ramp(int(area.height), area.top > 0, area.top + area.height < height)
    columns = _ramp(int(area.width), area.left > 0, area.left + area.width < width)
    return (rows.unsqueeze(1) * columns).expand(1, 1, -1, -1)


def _ramp(length: int, fade_in: bool, fade_out: bool) -> Tensor:
    ramp = torch.ones(length)
    steps = torch.arange(1, min(FEATHER, length) + 1) / FEATHER
    if fade_in:
        ramp[: len(steps)] *= steps
    if fade_out:
        ramp[-len(steps) :] *= steps.flip(0)
    return ramp


def spread_areas(mine: Sequence[Condition], others: Sequence[Condition]) -> list[Condition]:
    """Give this side a counterpart for each area of the other side.

    Guidance compares the two sides position by position; without a counterpart an area's text would
    be compared with what the whole picture's negative text says there. The counterpart is this
    side's condition with the smallest area around it, or its first one for the whole picture.
    """
    added: list[Condition] = []
    for other in others:
        if other.area is None or not mine:
            continue
        around = [c for c in mine if c.area is None or c.area.contains(other.area)]
        if not around:
            continue
        closest = min(around, key=_size)
        if closest.area != other.area:
            added.append(
                replace(closest, area=other.area, mask=other.mask, strength=other.strength)
            )
    return [*mine, *added]


def share_controls(mine: Sequence[Condition], others: Sequence[Condition]) -> list[Condition]:
    """Give conditions without controls those of the other sides that act everywhere.

    Only those at the same place: what one side sees there, the other is compared with.
    """
    shared: list[Condition] = []
    for condition in mine:
        given = {
            control: None
            for other in others
            if other.area == condition.area
            for control in other.controls
            if control.everywhere
        }
        own = {type(control) for control in condition.controls}
        more = [control for control in given if type(control) not in own]
        shared.append(replace(condition, controls=(*condition.controls, *more)))
    return shared


def _size(condition: Condition) -> float:
    area = condition.area
    return float("inf") if area is None else area.height * area.width
