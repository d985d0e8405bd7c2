"""Masks: combined, grown, softened, made from colours. All are `[B,H,W]` float32, 0..1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from wirebrush_diffusion.errors import DiffusionError

OPERATIONS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(
    {
        "multiply": lambda to, source: to * source,
        "add": lambda to, source: to + source,
        "subtract": lambda to, source: to - source,
        "and": lambda to, source: to.round() * source.round(),
        "or": lambda to, source: torch.maximum(to.round(), source.round()),
        "xor": lambda to, source: (to.round() - source.round()).abs(),
    }
)
"""How two masks meet, by the field's names; the result is cut off at 0 and 1."""


def combined(destination: Tensor, source: Tensor, x: int, y: int, operation: str) -> Tensor:
    """The destination with the source applied at (x, y); what reaches beyond is cut off.

    A batch of one serves all of the other batch.
    """
    counts = {len(destination), len(source)} - {1}
    if len(counts) > 1:
        raise DiffusionError(
            f"The destination has {len(destination)} masks, the source {len(source)}.",
            "Combine batches of equal size, or one mask with a batch.",
        )
    height, width = destination.shape[-2:]
    tall, wide = min(source.shape[-2], height - y), min(source.shape[-1], width - x)
    result = destination.repeat(max(counts, default=1) // len(destination), 1, 1)
    if tall > 0 and wide > 0:
        place = result[:, y : y + tall, x : x + wide]
        place.copy_(OPERATIONS[operation](place, source[:, :tall, :wide]).clamp(0.0, 1.0))
    return result


def feathered(mask: Tensor, left: int, top: int, right: int, bottom: int) -> Tensor:
    """Fading out over so many pixels at each edge of the picture."""
    height, width = mask.shape[-2:]
    rows = _ramp(height, top) * _ramp(height, bottom).flip(0)
    columns = _ramp(width, left) * _ramp(width, right).flip(0)
    return mask * (rows[:, None] * columns).to(mask)


def _ramp(length: int, over: int) -> Tensor:
    over = min(over, length)
    ramp = torch.ones(length)
    ramp[:over] = torch.arange(1, over + 1) / max(over, 1)
    return ramp


def grown(mask: Tensor, pixels: int, *, tapered: bool) -> Tensor:
    """Larger by so many pixels on each side, smaller if negative; `tapered` cuts the corners.

    Grey masks grow by their lightest neighbour. Outside the picture there is nothing either way.
    """
    if pixels < 0:
        return 1.0 - grown(1.0 - mask, -pixels, tapered=tapered)
    planes = mask[:, None]
    if tapered:
        return _diamond(planes, pixels)[:, 0]
    # Beyond the whole picture more pixels change nothing.
    tall, wide = (min(pixels, side) for side in planes.shape[-2:])
    rows = max_pool2d(planes, (2 * tall + 1, 1), 1, (tall, 0)) if pixels else planes
    return (max_pool2d(rows, (1, 2 * wide + 1), 1, (0, wide)) if pixels else rows)[:, 0].clone()


def _diamond(planes: Tensor, pixels: int) -> Tensor:
    for _ in range(min(pixels, sum(planes.shape[-2:]))):
        across = max_pool2d(planes, (1, 3), 1, (0, 1))
        larger = torch.maximum(across, max_pool2d(planes, (3, 1), 1, (1, 0)))
        if torch.equal(larger, planes):
            break
        planes = larger
    return planes.clone()


def bounds(mask: Tensor) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of what is not 0 in any mask of the batch; None if nothing is.

    Right and bottom are the first position outside.
    """
    seen = mask.reshape(-1, *mask.shape[-2:]).abs().amax(dim=0) > 0
    rows, columns = (seen.any(dim=side).nonzero().flatten().tolist() for side in (1, 0))
    if not rows:
        return None
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def colour_mask(image: Tensor, colour: int) -> Tensor:
    """1 where pictures `[B,H,W,C]` have exactly the colour 0xRRGGBB (in 8 bits)."""
    channels = torch.tensor([colour >> shift & 0xFF for shift in (16, 8, 0)])
    bytes_ = (image[..., :3].clamp(0, 1) * 255.0).round()
    return (bytes_ == channels.to(bytes_)).all(dim=-1).float()


def channel(image: Tensor, name: str) -> Tensor:
    """One channel of pictures `[B,H,W,C]` as a mask; of an opaque picture alpha is all 1."""
    index = ("red", "green", "blue", "alpha").index(name)
    if index < image.shape[-1]:
        return image[..., index].clone()
    if image.shape[-1] == 1 and name != "alpha":
        return image[..., 0].clone()
    return torch.ones(image.shape[:3])
