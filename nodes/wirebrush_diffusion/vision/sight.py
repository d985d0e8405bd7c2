"""Pictures as Qwen2.5-VL sees them: patches of 14 x 14 pixels, four of which become one word."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.vision.encoder import CLIP_MEAN, CLIP_SPREAD

VISION_START, VISION_PAD, VISION_END = "<|vision_start|>", "<|image_pad|>", "<|vision_end|>"
PATCH, MERGED, FRAMES = 14, 2, 2
FEWEST, MOST = 56 * 56, 12_845_056  # pixels
LONGEST = 200  # times as long as wide

Grid = tuple[int, int, int]
"""Frames, rows and columns of patches."""


class Sight:
    """How pictures become patches, and which words stand for them in a text."""

    def patches(self, pictures: Sequence[Tensor]) -> tuple[list[Grid], Tensor]:
        """Pictures `[1,H,W,C]` 0..1 -> their grids, and patches `[all, 3 * 2 * 14 * 14]`."""
        grids: list[Grid] = []
        rows: list[Tensor] = []
        for picture in pictures:
            planes = _prepared(picture)
            height, width = (side // PATCH for side in planes.shape[-2:])
            grids.append((1, height, width))
            cut = planes.reshape(
                3, height // MERGED, MERGED, PATCH, width // MERGED, MERGED, PATCH
            ).permute(1, 4, 2, 5, 0, 3, 6)
            doubled = cut.unsqueeze(5).expand(-1, -1, -1, -1, -1, FRAMES, -1, -1)
            rows.append(doubled.reshape(height * width, -1))
        return grids, torch.cat(rows) if rows else torch.zeros(0)

    def marks(self, grid: Grid) -> str:
        """What stands for a picture in a text."""
        words = math.prod(grid) // MERGED**2
        return f"{VISION_START}{VISION_PAD * words}{VISION_END}"


def _prepared(picture: Tensor) -> Tensor:
    """`[1,H,W,C]` -> `[3,h,w]` in sides of whole words, normalised as CLIP's are."""
    planes = picture[:1, ..., :3].movedim(-1, 1).float()
    height, width = planes.shape[-2:]
    size = sight_size(height, width)
    if size != (height, width):
        planes = interpolate(planes, size, mode="bicubic", antialias=True)
    planes = planes.mul(255).clamp(0, 255).round().div(255)
    mean, spread = (torch.tensor(row).view(3, 1, 1) for row in (CLIP_MEAN, CLIP_SPREAD))
    return ((planes - mean) / spread)[0]


def sight_size(height: int, width: int) -> tuple[int, int]:
    """The nearest size whose sides are multiples of 28 pixels, neither tiny nor huge."""
    if max(height, width) > LONGEST * min(height, width):
        raise DiffusionError(
            f"The picture is {width}x{height}: too narrow to be looked at.", "Cut it first."
        )
    step = PATCH * MERGED
    tall, wide = (round(side / step) * step for side in (height, width))
    if tall * wide > MOST:
        shrink = math.sqrt(height * width / MOST)
        return (
            max(step, math.floor(height / shrink / step) * step),
            max(step, math.floor(width / shrink / step) * step),
        )
    if tall * wide < FEWEST:
        grow = math.sqrt(FEWEST / (height * width))
        return math.ceil(height * grow / step) * step, math.ceil(width * grow / step) * step
    return tall, wide
