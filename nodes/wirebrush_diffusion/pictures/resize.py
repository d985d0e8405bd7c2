"""Resizing pictures and latents, by the field's method names. All take and give `[B,C,H,W]`."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from wirebrush_diffusion.errors import DiffusionError

Method = Literal["nearest-exact", "bilinear", "area", "bicubic", "lanczos", "bislerp"]
Crop = Literal["disabled", "center"]


def resize(x: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """`x` at the new size; `crop="center"` first cuts it to the new proportions.

    Methods: nearest-exact, bilinear, area, bicubic, lanczos (pictures, 0..1), bislerp (latents).
    """
    if method not in get_args(Method):
        raise DiffusionError(
            f"There is no resizing method {method!r}.", f"Known are {', '.join(get_args(Method))}."
        )
    if width < 1 or height < 1:
        raise DiffusionError(f"The new size is {width}x{height}; each side must be at least 1.")
    if crop == "center":
        x = _cropped(x, width, height)
    if x.shape[-2:] == (height, width):
        return x
    if method == "lanczos":
        return _lanczos(x, width, height)
    if method == "bislerp":
        return bislerp(x, width, height)
    return interpolate(x, size=(height, width), mode=method)


def keep_aspect(width: int, height: int, old_width: int, old_height: int) -> tuple[int, int]:
    """A side given as 0 follows from the other and the proportions; both 0 keep the size."""
    if width == 0 and height == 0:
        return old_width, old_height
    if width == 0:
        return max(1, round(old_width * height / old_height)), height
    if height == 0:
        return width, max(1, round(old_height * width / old_width))
    return width, height


def _cropped(x: Tensor, width: int, height: int) -> Tensor:
    old_height, old_width = x.shape[-2:]
    old, new = old_width / old_height, width / height
    left = round((old_width - old_width * new / old) / 2) if old > new else 0
    top = round((old_height - old_height * old / new) / 2) if old < new else 0
    return x[..., top : old_height - top, left : old_width - left]


def _lanczos(x: Tensor, width: int, height: int) -> Tensor:
    """Pillow's Lanczos filter per channel, in float rather than in 8 bits."""
    planes = x.detach().float().cpu().reshape(-1, *x.shape[-2:]).numpy()
    size = (width, height)
    resized = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(plane)).resize(size, Image.Resampling.LANCZOS)
        )
        for plane in planes
    ]
    result = torch.from_numpy(np.stack(resized)).reshape(*x.shape[:2], height, width)
    return result.clamp_(0.0, 1.0).to(x.device, x.dtype)


def bislerp(x: Tensor, width: int, height: int) -> Tensor:
    """Bilinear along arcs: neighbours' channel vectors are blended in direction and in length.

    A straight blend of two unrelated latents is shorter than either and decodes to grey; an arc
    between them is not.
    """
    dtype = x.dtype
    x = _slerped(x.float(), width)
    return _slerped(x.transpose(-1, -2), height).transpose(-1, -2).contiguous().to(dtype)


def _slerped(x: Tensor, length: int) -> Tensor:
    """Resize the last dimension of `[B,C,H,W]`."""
    old = x.shape[-1]
    if old == length:
        return x
    centers = (torch.arange(length, dtype=torch.float64) + 0.5) * (old / length) - 0.5
    centers = centers.clamp(0, old - 1)
    left = centers.floor().long()
    right = (left + 1).clamp(max=old - 1)
    ratio = (centers - left).to(x.device, x.dtype)
    return _slerp(x[..., left.to(x.device)], x[..., right.to(x.device)], ratio)


def _slerp(a: Tensor, b: Tensor, ratio: Tensor) -> Tensor:
    """Spherical interpolation of channel vectors; straight where two are (anti)parallel."""
    length_a, length_b = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    unit_a = a / length_a.clamp(min=1e-12)
    unit_b = b / length_b.clamp(min=1e-12)
    dot = (unit_a * unit_b).sum(dim=1, keepdim=True)
    angle = dot.clamp(-1.0, 1.0).acos()
    sine = angle.sin().clamp(min=1e-12)
    arc = (((1 - ratio) * angle).sin() / sine) * unit_a + ((ratio * angle).sin() / sine) * unit_b
    arc = arc * torch.lerp(length_a, length_b, ratio)
    return torch.where(dot.abs() > 1 - 1e-5, torch.lerp(a, b, ratio.expand_as(a)), arc)
