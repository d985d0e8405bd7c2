"""Pictures `[B,H,W,C]` beside, inside and behind each other."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor

from wirebrush_diffusion.latent.matching import in_number
from wirebrush_diffusion.pictures.blend import same_channels
from wirebrush_diffusion.pictures.resize import resize

Direction = Literal["right", "down", "left", "up"]
COLOURS: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "white": (1.0, 1.0, 1.0),
        "black": (0.0, 0.0, 0.0),
        "red": (1.0, 0.0, 0.0),
        "green": (0.0, 1.0, 0.0),
        "blue": (0.0, 0.0, 1.0),
    }
)


def resized(image: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """Pictures at another size, 0..1."""
    if image.shape[1:3] == (height, width):
        return image
    planes = resize(image.movedim(-1, 1), width, height, method, crop)
    return planes.movedim(1, -1).clamp(0.0, 1.0).contiguous()


def together(first: Tensor, second: Tensor) -> Tensor:
    """One batch; the second is resized to the first and cut to its proportions."""
    first, second = same_channels(first, second)
    height, width = first.shape[1:3]
    return torch.cat([first, resized(second, width, height, "bilinear", "center").to(first)])


def plain(like: Tensor, width: int, height: int, colour: str) -> Tensor:
    """Pictures of one colour, opaque, as many and with as many channels as others."""
    channels = (*COLOURS[colour], 1.0)[: like.shape[-1]]
    return like.new_tensor(channels).repeat(len(like), height, width, 1)


def stitched(
    first: Tensor, second: Tensor, direction: Direction, *, match: bool, spacing: int, colour: str
) -> Tensor:
    """The second on that side of the first, `spacing` pixels of a colour between them.

    `match` scales the second so that the sides that meet are equal; otherwise the smaller one is
    centred on black. The shorter batch repeats its last picture.
    """
    first, second = same_channels(first, second.to(first))
    count = max(len(first), len(second))
    first, second = (_with_last(image, count) for image in (first, second))
    beside = direction in ("left", "right")
    axis, across = (2, 1) if beside else (1, 2)
    if match and first.shape[across] != second.shape[across]:
        scale = first.shape[across] / second.shape[across]
        length = max(1, round(second.shape[axis] * scale))
        size = (length, first.shape[1]) if beside else (first.shape[2], length)
        second = resized(second, *size, "lanczos")
    longest = max(first.shape[across], second.shape[across])
    parts = [_centred(image, across, longest) for image in (first, second)]
    if spacing:
        gap = spacing + spacing % 2
        size = (gap, longest) if beside else (longest, gap)
        parts.insert(1, plain(first, *size, colour))
    if direction in ("left", "up"):
        parts.reverse()
    return torch.cat(parts, dim=axis)


def _with_last(image: Tensor, count: int) -> Tensor:
    return torch.cat([image, image[-1:].repeat(count - len(image), 1, 1, 1)])


def _centred(image: Tensor, axis: int, length: int) -> Tensor:
    spare = length - image.shape[axis]
    if not spare:
        return image
    sides = list(image.shape)
    sides[axis] = spare // 2
    before = image.new_zeros(sides)
    sides[axis] = spare - spare // 2
    return torch.cat([before, image, image.new_zeros(sides)], dim=axis)


def letterboxed(image: Tensor, width: int, height: int, colour: str, method: str) -> Tensor:
    """As large as fits into the size, in the middle of a plain colour."""
    old_height, old_width = image.shape[1:3]
    scale = min(width / old_width, height / old_height)
    wide, tall = max(1, int(old_width * scale)), max(1, int(old_height * scale))
    result = plain(image, width, height, colour)
    top, left = (height - tall) // 2, (width - wide) // 2
    result[:, top : top + tall, left : left + wide] = resized(image, wide, tall, method)
    return result


def widened(
    image: Tensor, left: int, top: int, right: int, bottom: int, feather: int
) -> tuple[Tensor, Tensor]:
    """Pictures with grey around them, and the mask `[1,H,W]` of what is to be painted there.

    The mask fades into the old picture over `feather` pixels where something was added, as the
    square of the distance.
    """
    count, height, width, channels = image.shape
    grown = image.new_full((count, height + top + bottom, width + left + right, channels), 0.5)
    grown[:, top : top + height, left : left + width] = image
    mask = torch.ones(grown.shape[1:3])
    inner = torch.zeros((height, width))
    if feather and 2 * feather < min(height, width):
        rows = _distances(height, top > 0, bottom > 0)
        columns = _distances(width, left > 0, right > 0)
        distance = torch.minimum(rows[:, None], columns)
        inner = ((feather - distance) / feather).clamp(min=0.0) ** 2
    mask[top : top + height, left : left + width] = inner
    return grown, mask.unsqueeze(0)


def _distances(length: int, first: bool, last: bool) -> Tensor:
    """How far each position is from the ends that count."""
    places = torch.arange(length, dtype=torch.float32)
    far = torch.full((length,), float(length))
    return torch.minimum(places if first else far, length - places if last else far)


def with_alpha(image: Tensor, mask: Tensor) -> Tensor:
    """Pictures `[B,H,W,4]` with alpha from masks `[B,1,h,w]`, where 1 is transparent."""
    count = max(len(image), len(mask))
    height, width = image.shape[1:3]
    seen = 1.0 - in_number(resize(mask, width, height, "bilinear"), count)
    colours = in_number(image[..., :3], count)
    return torch.cat([colours, seen.movedim(1, -1).to(colours)], dim=-1)
