"""Rules that let a UNet's inside compute less, or smaller: large pictures, or faster steps."""

from __future__ import annotations

from dataclasses import dataclass

from wirebrush_diffusion.alterations import Alteration
from wirebrush_diffusion.altering.fewer_places import MergedPlaces, TiledPlaces
from wirebrush_diffusion.altering.shrinking import Shrink
from wirebrush_diffusion.guidance.rules import Rule
from wirebrush_diffusion.noise.schedules import NoiseSchedule

PIXELS = 8  # of a side of a latent's position


@dataclass(frozen=True)
class DeepShrink(Rule):
    """The inside is smaller, from `start` to `end` of the run: see `Shrink`."""

    shrink: Shrink
    start: float = 0.0
    end: float = 0.35

    def alteration(self, sigma: float, schedule: NoiseSchedule) -> Alteration | None:
        inside = schedule.at_percent(self.end) <= sigma <= schedule.at_percent(self.start)
        return self.shrink if inside else None


@dataclass(frozen=True)
class HyperTile(Rule):
    """Self-attention in tiles (tfernd 2023): see `TiledPlaces`. `tile_size` is in pixels."""

    tile_size: int = 256
    swap_size: int = 2
    max_depth: int = 0
    scale_depth: bool = False

    def alteration(self, sigma: float, schedule: NoiseSchedule) -> Alteration | None:
        side = max(32, self.tile_size) // PIXELS
        return TiledPlaces(side, self.swap_size, self.max_depth, self.scale_depth, str(sigma))


@dataclass(frozen=True)
class TokenMerging(Rule):
    """Places that look alike look around once (ToMe: Bolya & Hoffman 2023, arXiv:2303.17604)."""

    ratio: float = 0.3

    def alteration(self, sigma: float, schedule: NoiseSchedule) -> Alteration | None:
        return MergedPlaces(self.ratio, str(sigma))
