"""Large pictures in overlapping tiles that fade into each other.

A tile's weight rises linearly from its edges over the overlap, so that no seam is seen; where tiles
meet the edge of the picture they keep their full weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from wirebrush_diffusion.pictures.placing import edge_ramp

OnTile = Callable[[int, int], None]
"""`on_tile(done, total)`: called after each tile; what it raises ends the work."""


def starts(length: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin along a side, so that each overlaps the next by at least `overlap`."""
    if length <= tile:
        return [0]
    step = max(1, tile - overlap)
    return [*range(0, length - tile, step), length - tile]


def tiled(
    function: Callable[[Tensor], Tensor],
    x: Tensor,
    tile: int,
    overlap: int,
    scale: float,
    on_tile: OnTile = lambda done, total: None,
) -> Tensor:
    """`function` of `x` `[B,C,h,w]`, asked tile by tile; `[B,D,h*scale,w*scale]`, float32.

    `tile` and `overlap` are in positions of `x`; `scale` is how many times as large the function's
    answer is (below 1: as small), and must divide tiles into whole positions.
    """
    overlap = min(overlap, tile // 2)
    height, width = x.shape[-2:]
    boxes = [
        (top, left)
        for top in starts(height, tile, overlap)
        for left in starts(width, tile, overlap)
    ]
    tall, wide = round(height * scale), round(width * scale)
    total: Tensor | None = None
    count = torch.zeros((tall, wide))
    for index, (top, left) in enumerate(boxes):
        answer = function(x[..., top : top + tile, left : left + tile]).float().cpu()
        at = round(top * scale), round(left * scale)
        weight = _weight(answer.shape[-2:], at, (tall, wide), round(overlap * scale))
        if total is None:
            total = answer.new_zeros((*answer.shape[:2], tall, wide))
        rows = slice(at[0], at[0] + answer.shape[-2])
        columns = slice(at[1], at[1] + answer.shape[-1])
        total[..., rows, columns] += answer * weight
        count[rows, columns] += weight
        on_tile(index + 1, len(boxes))
    assert total is not None  # there is always a tile
    return total.div_(count)


def _weight(
    size: Sequence[int], at: tuple[int, int], whole: tuple[int, int], overlap: int
) -> Tensor:
    rows, columns = (
        edge_ramp(side, overlap, start > 0, start + side < length)
        for side, start, length in zip(size, at, whole, strict=True)
    )
    return rows[:, None] * columns
