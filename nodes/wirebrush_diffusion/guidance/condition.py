"""One condition of a picture: a text encoding with where, when and how strongly it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from wirebrush_diffusion.control.controlnet import Control
from wirebrush_diffusion.patches.hooks import Hook

MIN_SIDE = 8  # latent positions: below that a network has nothing to see


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in latent positions or, with `relative`, in fractions of the picture."""

    height: float
    width: float
    top: float = 0
    left: float = 0
    relative: bool = False

    def resolved(self, height: int, width: int) -> Area:
        """In whole latent positions, inside a latent of that size."""
        tall, wide = (height, width) if self.relative else (1, 1)
        top = min(max(round(self.top * tall), 0), height - 1)
        left = min(max(round(self.left * wide), 0), width - 1)
        return Area(
            height=min(max(round(self.height * tall), min(MIN_SIDE, height)), height - top),
            width=min(max(round(self.width * wide), min(MIN_SIDE, width)), width - left),
            top=top,
            left=left,
        )

    def contains(self, other: Area) -> bool:
        """Whether the other rectangle lies inside this one."""
        return (
            self.top <= other.top
            and self.left <= other.left
            and self.top + self.height >= other.top + other.height
            and self.left + self.width >= other.left + other.width
        )

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns, to cut the rectangle out of a latent."""
        top, left = int(self.top), int(self.left)
        return slice(top, top + int(self.height)), slice(left, left + int(self.width))


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """What the picture should show (or not), and where, when and how strongly.

    `context` `[B or 1, T, D]`. `mask` `[B or 1,H,W]` of any size, weighted by `mask_strength`. It
    counts from `start` to `end` (0..1) of the run. `extra` holds what the family's network wants
    besides the context. `hooks` change the network's weights for this condition alone. A `fallback`
    counts only as far as the others of its side leave something over.
    """

    context: Tensor
    extra: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])
    strength: float = 1.0
    area: Area | None = None
    mask: Tensor | None = None
    mask_strength: float = 1.0
    start: float = 0.0
    end: float = 1.0
    controls: tuple[Control, ...] = ()
    hooks: tuple[Hook, ...] = ()
    fallback: bool = False
