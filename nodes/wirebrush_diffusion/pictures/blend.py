"""Blending two pictures, by the field's mode names. Pictures are `[B,H,W,C]`, 0..1."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.pictures.resize import resize


def _screen(a: Tensor, b: Tensor) -> Tensor:
    return 1 - (1 - a) * (1 - b)


def _overlay(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(a <= 0.5, 2 * a * b, 1 - 2 * (1 - a) * (1 - b))


def _soft_light(a: Tensor, b: Tensor) -> Tensor:
    """As the W3C compositing specification has it."""
    root = torch.where(a <= 0.25, ((16 * a - 12) * a + 4) * a, a.clamp(min=0).sqrt())
    return torch.where(b <= 0.5, a - (1 - 2 * b) * a * (1 - a), a + (2 * b - 1) * (root - a))


BLEND_MODES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "normal": lambda a, b: b,
    "multiply": lambda a, b: a * b,
    "screen": _screen,
    "overlay": _overlay,
    "soft_light": _soft_light,
    "difference": lambda a, b: a - b,
}
"""`difference` is cut off at 0, not folded over: what the field's users get."""


def blend(first: Tensor, second: Tensor, factor: float, mode: str) -> Tensor:
    """`factor` of the blend over `1 - factor` of the first picture, 0..1.

    The second picture is resized to the first (cut to its proportions); a batch of one serves all.
    """
    if mode not in BLEND_MODES:
        raise DiffusionError(
            f"There is no blend mode {mode!r}.", f"Known: {', '.join(BLEND_MODES)}."
        )
    first, second = same_channels(first, second.to(first.device))
    if first.shape[1:3] != second.shape[1:3]:
        height, width = first.shape[1:3]
        planes = second.movedim(-1, 1)
        second = resize(planes, width, height, "bicubic", crop="center").movedim(1, -1)
    if first.shape[0] != second.shape[0] and 1 not in (first.shape[0], second.shape[0]):
        raise DiffusionError(
            f"One batch has {first.shape[0]} pictures, the other {second.shape[0]}.",
            "Blend batches of equal size, or a single picture with a batch.",
        )
    blended = BLEND_MODES[mode](first, second)
    return (first * (1 - factor) + blended * factor).clamp(0.0, 1.0)


def same_channels(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Both with or both without alpha: the one without gets an opaque one."""
    if first.shape[-1] == second.shape[-1]:
        return first, second
    channels = max(first.shape[-1], second.shape[-1])
    return _opaque(first, channels), _opaque(second, channels)


def _opaque(picture: Tensor, channels: int) -> Tensor:
    missing = channels - picture.shape[-1]
    return torch.nn.functional.pad(picture, (0, missing), value=1.0) if missing else picture
