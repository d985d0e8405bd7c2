"""Sums, blends, joins and cuts of latents `[B,C,(t,)h,w]`. Nothing is written in place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.latent.matching import fitted, in_number

AXES: Mapping[str, int] = MappingProxyType({"x": -1, "y": -2, "t": -3})


def added(first: Tensor, second: Tensor) -> Tensor:
    """The sum; the second takes the size and number of the first, here and below."""
    return first + fitted(second, first, "samples2")


def subtracted(first: Tensor, second: Tensor) -> Tensor:
    """The difference."""
    return first - fitted(second, first, "samples2")


def blended(first: Tensor, second: Tensor, factor: float) -> Tensor:
    """`factor` of the first latent and `1 - factor` of the second."""
    return torch.lerp(fitted(second, first, "samples2", "bicubic"), first, factor)


def interpolated(first: Tensor, second: Tensor, ratio: float) -> Tensor:
    """`ratio` of the first latent, by direction and by length of each position's channels.

    A straight blend of two unrelated latents is shorter than either; this keeps the length.
    """
    second = fitted(second, first, "samples2")
    lengths = [x.norm(dim=1, keepdim=True) for x in (first, second)]
    units = [_unit(x, length) for x, length in zip((first, second), lengths, strict=True)]
    mixed = units[0] * ratio + units[1] * (1 - ratio)
    length = lengths[0] * ratio + lengths[1] * (1 - ratio)
    return _unit(mixed, mixed.norm(dim=1, keepdim=True)) * length


def _unit(x: Tensor, length: Tensor) -> Tensor:
    return torch.where(length > 0, x / length.where(length > 0, 1.0), 0.0)


def concatenated(first: Tensor, second: Tensor, side: str) -> Tensor:
    """Side by side along `x`, `y` or `t`; with a minus the second comes first."""
    axis = axis_of(first, side.lstrip("-"))
    second = in_number(second, first.shape[0])
    shapes = [list(x.shape) for x in (first, second)]
    for shape in shapes:
        shape[axis] = 0
    if shapes[0] != shapes[1]:
        sizes = ["x".join(str(n) for n in x.shape) for x in (first, second)]
        raise DiffusionError(
            f"Latents of {sizes[0]} and {sizes[1]} do not fit together along {side}.",
            "All other sides must be equal: resize or cut one of them.",
        )
    pair = (second, first) if side.startswith("-") else (first, second)
    return torch.cat(pair, dim=axis)


def cut(x: Tensor, side: str, index: int, amount: int) -> Tensor:
    """`amount` positions along `x`, `y` or `t` from `index`, which counts from the end below 0."""
    axis = axis_of(x, side)
    size = x.shape[axis]
    start = min(index, size - 1) if index >= 0 else max(size + index, 0)
    return x.narrow(axis, start, min(amount, size - start)).clone()


def axis_of(x: Tensor, side: str) -> int:
    """The dimension that a side's name means; only latents of videos and sounds have `t`."""
    if side == "t" and x.ndim < 5:
        raise DiffusionError("This latent has no frames.", 'Choose "x" or "y".')
    return AXES[side]


def behind(positions: tuple[int, ...] | None, count: int) -> tuple[int, ...]:
    """Where items of a batch stood in the one they were cut from; by default where they are."""
    return tuple(range(count)) if positions is None else positions


def repeated_positions(positions: tuple[int, ...], amount: int) -> tuple[int, ...]:
    """Places for `amount` copies of a batch: each copy's after the one before, so noise differs."""
    step = max(positions) - min(positions) + 1
    return tuple(place + copy * step for copy in range(amount) for place in positions)
