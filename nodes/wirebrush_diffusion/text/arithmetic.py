"""Arithmetic on text encodings: context `[B,T,D]` and pooled `[B,P]` or None."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from wirebrush_diffusion.errors import DiffusionError


def averaged(to: Tensor, other: Tensor, strength: float) -> Tensor:
    """`strength` of the first context, the rest of the second, cut or filled up to its length."""
    _check_width(to, other)
    length = to.shape[1]
    other = pad(other[:, :length], (0, 0, 0, max(length - other.shape[1], 0)))
    return torch.lerp(other.to(to), to, strength)


def averaged_pooled(to: Tensor | None, other: Tensor | None, strength: float) -> Tensor | None:
    """The same of pooled states; if only one text has one, it is that one."""
    if to is None or other is None:
        return other if to is None else to
    _check_width(to, other)
    return torch.lerp(other.to(to), to, strength)


def chained(to: Tensor, other: Tensor) -> Tensor:
    """Both contexts, one after the other: `[B, T1 + T2, D]`."""
    _check_width(to, other)
    return torch.cat([to, other.to(to)], dim=1)


def _check_width(first: Tensor, second: Tensor) -> None:
    if first.shape[-1] != second.shape[-1]:
        raise DiffusionError(
            f"One text encoding is {first.shape[-1]} wide, the other {second.shape[-1]}.",
            "Encode both texts with the same CLIP.",
        )
