"""Changes of weights that belong to one condition, not to the whole run.

Conditions with different hooks are asked one after the other, each with its own weights in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wirebrush_diffusion.noise.schedules import NoiseSchedule
from wirebrush_diffusion.patches.weights import WeightPatch


@dataclass(frozen=True, slots=True)
class Keyframe:
    """From `start` (0..1 of the run) on, a hook has `strength` times its own strength."""

    strength: float
    start: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Hook:
    """A patch for one condition. The first keyframe also counts before it starts."""

    patch: WeightPatch
    keyframes: tuple[Keyframe, ...] = ()

    def at(self, schedule: NoiseSchedule, sigma: float) -> WeightPatch:
        """The patch at a noise level."""
        if not self.keyframes:
            return self.patch
        ordered = sorted(self.keyframes, key=lambda frame: frame.start)
        begun = [frame for frame in ordered if sigma <= schedule.at_percent(frame.start)]
        strength = (begun or ordered[:1])[-1].strength
        return replace(self.patch, strength=self.patch.strength * strength)


@dataclass(frozen=True, slots=True, eq=False)
class Hooks:
    """All hooks of a condition, or none, in a run in which some have hooks."""

    hooks: Sequence[Hook]
    schedule: NoiseSchedule

    def at(self, sigma: float) -> list[WeightPatch]:
        """The patches at a noise level."""
        return [hook.at(self.schedule, sigma) for hook in self.hooks]
