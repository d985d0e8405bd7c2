"""Porter and Duff's compositing (1984) with Android's blend modes, on premultiplied colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

OPAQUE_ENOUGH = 1e-5  # below it a colour cannot be told


class Layer(NamedTuple):
    """Premultiplied colours `[B,H,W,3]` and alpha `[B,H,W,1]`."""

    colour: Tensor
    alpha: Tensor


def _union(s: Layer, d: Layer) -> Tensor:
    return s.alpha + d.alpha - s.alpha * d.alpha


def _outside(s: Layer, d: Layer) -> Tensor:
    """What each shows where the other is not."""
    return (1 - d.alpha) * s.colour + (1 - s.alpha) * d.colour


def _overlay(s: Layer, d: Layer) -> Tensor:
    light = s.alpha * d.alpha - 2 * (d.alpha - s.colour) * (s.alpha - d.colour)
    return torch.where(2 * d.colour < d.alpha, 2 * s.colour * d.colour, light)


def _over(top: Layer, below: Layer) -> Layer:
    rest = 1 - top.alpha
    return Layer(top.colour + rest * below.colour, top.alpha + rest * below.alpha)


def _added(s: Layer, d: Layer) -> Layer:
    return Layer((s.colour + d.colour).clamp(0, 1), (s.alpha + d.alpha).clamp(0, 1))


def _inside(shown: Layer, where: Tensor) -> Layer:
    return Layer(shown.colour * where, shown.alpha * where)


MODES: Mapping[str, Callable[[Layer, Layer], Layer]] = MappingProxyType(
    {
        "ADD": lambda s, d: Layer(
            (s.colour + d.colour).clamp(0, 1), (s.alpha + d.alpha).clamp(0, 1)
        ),
        "CLEAR": lambda s, d: _inside(d, torch.zeros_like(d.alpha)),
        "DARKEN": lambda s, d: Layer(
            _outside(s, d) + torch.minimum(s.colour, d.colour), _union(s, d)
        ),
        "DST": lambda s, d: d,
        "DST_ATOP": lambda s, d: Layer(s.alpha * d.colour + (1 - d.alpha) * s.colour, s.alpha),
        "DST_IN": lambda s, d: _inside(d, s.alpha),
        "DST_OUT": lambda s, d: _inside(d, 1 - s.alpha),
        "DST_OVER": lambda s, d: _over(d, s),
        "LIGHTEN": lambda s, d: Layer(
            _outside(s, d) + torch.maximum(s.colour, d.colour), _union(s, d)
        ),
        "MULTIPLY": lambda s, d: Layer(s.colour * d.colour, s.alpha * d.alpha),
        "OVERLAY": lambda s, d: Layer(_overlay(s, d), _union(s, d)),
        "SCREEN": lambda s, d: Layer(s.colour + d.colour - s.colour * d.colour, _union(s, d)),
        "SRC": lambda s, d: s,
        "SRC_ATOP": lambda s, d: Layer(d.alpha * s.colour + (1 - s.alpha) * d.colour, d.alpha),
        "SRC_IN": lambda s, d: _inside(s, d.alpha),
        "SRC_OUT": lambda s, d: _inside(s, 1 - d.alpha),
        "SRC_OVER": lambda s, d: _over(s, d),
        "XOR": lambda s, d: Layer(
            _outside(s, d), (1 - d.alpha) * s.alpha + (1 - s.alpha) * d.alpha
        ),
    }
)
"""By the field's names; s is the source, d the destination."""


def composed(
    source: tuple[Tensor, Tensor], destination: tuple[Tensor, Tensor], mode: str
) -> tuple[Tensor, Tensor]:
    """Both are pictures `[B,H,W,3]` with masks `[B,H,W]` (1 = transparent), and so is the result.

    Where nothing is seen the picture is black.
    """
    result = MODES[mode](_layer(*source), _layer(*destination))
    seen = result.alpha > OPAQUE_ENOUGH
    colour = torch.where(seen, result.colour / result.alpha.where(seen, 1.0), 0.0)
    return colour.clamp(0.0, 1.0), 1.0 - result.alpha[..., 0]


def _layer(image: Tensor, mask: Tensor) -> Layer:
    alpha = (1.0 - mask).unsqueeze(-1)
    return Layer(image * alpha, alpha)
