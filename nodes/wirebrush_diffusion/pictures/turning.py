"""Turning, mirroring and cutting the last two sides `[...,h,w]` of anything."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import torch
from torch import Tensor

TURNS: Mapping[str, int] = MappingProxyType(
    {"none": 0, "90 degrees": 1, "180 degrees": 2, "270 degrees": 3}
)
"""Quarter turns clockwise, by the field's names."""


def rotated(x: Tensor, turn: str) -> Tensor:
    """Turned clockwise."""
    return torch.rot90(x, TURNS[turn], (-1, -2)).contiguous()


def flipped(x: Tensor, method: str) -> Tensor:
    """Mirrored; "x-axis..." swaps up and down, "y-axis..." left and right."""
    return x.flip(-2 if method.startswith("x") else -1)


def cropped(x: Tensor, left: int, top: int, width: int, height: int) -> Tensor:
    """The rectangle, as far as it lies inside; at least one position."""
    tall, wide = x.shape[-2:]
    left, top = min(left, wide - 1), min(top, tall - 1)
    return x[..., top : top + height, left : left + width].clone()
