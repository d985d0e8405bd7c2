"""How much work takes how much memory, before anybody has measured it; and how it can be divided.

The factors are what the true shapes of SD1.5, SDXL and their VAE allocate at the most, counted with
`Meter` on tensors without memory, and a fifth more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wirebrush_diffusion.memory.plans import Portion

UNET_FACTOR = 32.0
"""Times a latent's positions and the width of the first level."""
TRANSFORMER_FACTOR = 30.0
"""Times tokens and the width of a block."""
DECODER_FACTOR = 7.0
"""Times a picture's pixels and the width of the VAE's first level."""
CONTROL_SHARE = 0.4
"""Of a network's activations: what a ControlNet beside it keeps."""
TEXT_TOKENS = 512
USUAL_WIDTH = 1024
CLIP_TOKENS, CLIP_WIDEST = 154, 1280
TILES = (1024, 768, 512)
"""Pixels of a side. Smaller ones see too little of the picture: colours and edges would shift, and
nobody asked for that. Who wants them says so with the tiled nodes."""


def painting_portions(
    config: Any, rows: int, positions: int, itemsize: int, *, controls: int = 0
) -> list[Portion]:
    """All rows of a batch at once, or fewer; `positions` of one row's latent."""
    each = _row_bytes(config, positions) * itemsize * (1 + CONTROL_SHARE * controls)
    return [
        Portion(at_once, int(at_once * each), float(at_once * positions))
        for at_once in _halves(rows)
    ]


def picture_portions(rows: int, height: int, width: int, channels: int, size: int) -> list[Portion]:
    """Pictures through a VAE whose first level is `channels` wide, `size` bytes a number.

    Several at once, one at a time, or in tiles, whose sides are in pixels.
    """
    each = DECODER_FACTOR * channels * size
    pixels = height * width
    whole = [Portion(n, int(each * pixels * n), float(pixels * n)) for n in _halves(rows)]
    tiles = [tile for tile in TILES if tile < max(height, width)]
    return [
        *whole,
        *(Portion(1, int(each * tile * tile), float(tile * tile), tile) for tile in tiles),
    ]


def reading_portion(widths: Sequence[int | None], itemsize: int) -> Portion:
    """A text of usual length through encoders of these widths (None: unknown)."""
    numbers = max(
        TRANSFORMER_FACTOR * width * (CLIP_TOKENS if width <= CLIP_WIDEST else TEXT_TOKENS)
        for width in (known or USUAL_WIDTH for known in widths)
    )
    return Portion(1, int(numbers * itemsize), 1.0)


def _row_bytes(config: Any, positions: int) -> float:
    """Numbers that one row's activations have."""
    levels = getattr(config, "block_out_channels", None)
    if levels:
        return UNET_FACTOR * positions * levels[0]
    heads = getattr(config, "num_attention_heads", None)
    per_head = getattr(config, "attention_head_dim", None)
    known = isinstance(heads, int) and isinstance(per_head, int)
    stated = getattr(config, "hidden_size", None) or getattr(config, "dim", USUAL_WIDTH)
    width = heads * per_head if known else stated
    patch = getattr(config, "patch_size", None)
    patch = patch if isinstance(patch, int) and patch > 1 else 2
    return TRANSFORMER_FACTOR * (positions / patch**2 + TEXT_TOKENS) * width


def _halves(rows: int) -> list[int]:
    """All, half of them, and so on down to one."""
    found = [rows]
    while found[-1] > 1:
        found.append(-(-found[-1] // 2))
    return found
