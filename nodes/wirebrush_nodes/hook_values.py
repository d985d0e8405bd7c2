"""Hooks on wires: LoRAs, or whole models, that change the weights for single conditions."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from wirebrush.api import Clip, FileRef, Tweak
from wirebrush.api import value as wire_value

CLIP_HOOKS = "SetClipHooks"
"""The kind of tweak by which a text encoder carries hooks."""


@wire_value("HOOK_KEYFRAME")
@dataclass(frozen=True, slots=True)
class Keyframe:
    """From `start` (0..1 of the sampling) on, strengths are multiplied with `strength`."""

    strength: float
    start: float = 0.0


@wire_value("HOOK_KEYFRAMES")
@dataclass(frozen=True, slots=True)
class Keyframes:
    """Keyframes in the order of their starts."""

    frames: tuple[Keyframe, ...] = ()

    def with_frames(self, *frames: Keyframe) -> Keyframes:
        """These besides; one with the same start takes the place of the older one."""
        new = {frame.start: frame for frame in (*self.frames, *frames)}
        return Keyframes(tuple(new[start] for start in sorted(new)))


@wire_value("HOOK")
@dataclass(frozen=True, slots=True)
class HookUse:
    """One file that changes weights: a "lora", or a "model" that the weights move towards."""

    kind: str
    file: FileRef
    strength_model: float = 1.0
    strength_clip: float = 0.0
    keyframes: tuple[Keyframe, ...] = ()

    def multiplier(self, percent: float) -> float:
        """What strengths are multiplied with at a part of the sampling, 0..1."""
        begun = [frame for frame in self.keyframes if frame.start <= percent]
        frames = begun[-1:] or self.keyframes[:1]
        return frames[0].strength if frames else 1.0


@wire_value("HOOKS")
@dataclass(frozen=True, slots=True)
class HookGroup:
    """Hooks that act together."""

    hooks: tuple[HookUse, ...] = ()


@wire_value("TIMESTEPS_RANGE")
@dataclass(frozen=True, slots=True)
class TimestepsRange:
    """A part of the sampling, 0..1."""

    start: float = 0.0
    end: float = 1.0


@dataclass(frozen=True, slots=True)
class ClipHooks:
    """Hooks of a text encoder; what it makes of texts may carry them on, and follow keyframes."""

    hooks: tuple[HookUse, ...]
    to_conditions: bool
    scheduled: bool

    def on(self, clip: Clip) -> Clip:
        """The text encoder with these, in place of those it had."""
        settings = (
            ("hooks", _written(self.hooks)),
            ("apply_to_conds", self.to_conditions),
            ("schedule_clip", self.scheduled),
        )
        others = tuple(tweak for tweak in clip.tweaks if tweak.kind != CLIP_HOOKS)
        return replace(clip, tweaks=(*others, Tweak(CLIP_HOOKS, settings)))

    def at(self, percent: float) -> ClipHooks:
        """With the strengths that they have at a part of the sampling, whatever comes later."""
        hooks = tuple(
            replace(use, strength_clip=use.strength_clip * use.multiplier(percent), keyframes=())
            for use in self.hooks
        )
        return replace(self, hooks=hooks)

    def parts(self) -> list[tuple[float, float]]:
        """From where to where in the sampling all strengths stay as they are."""
        if not self.scheduled:
            return [(0.0, 1.0)]
        later = {frame.start for use in self.hooks for frame in use.keyframes if frame.start > 0}
        edges = [0.0, *sorted(later)]
        return list(zip(edges, [*edges[1:], 1.0], strict=True))


def clip_hooks(clip: Clip) -> ClipHooks | None:
    """The hooks that a text encoder carries."""
    for tweak in clip.tweaks:
        if tweak.kind == CLIP_HOOKS:
            settings = dict(tweak.settings)
            return ClipHooks(
                _read(str(settings["hooks"])),
                bool(settings["apply_to_conds"]),
                bool(settings["schedule_clip"]),
            )
    return None


def _written(hooks: tuple[HookUse, ...]) -> str:
    """Hooks as text, because settings of a handle are scalars."""
    return json.dumps(
        [
            [
                [use.kind, use.file.kind, use.file.name, use.file.digest],
                [use.strength_model, use.strength_clip],
                [[frame.strength, frame.start] for frame in use.keyframes],
            ]
            for use in hooks
        ]
    )


def _read(text: str) -> tuple[HookUse, ...]:
    return tuple(
        HookUse(
            file[0], FileRef(*file[1:]), *strengths, keyframes=tuple(Keyframe(*f) for f in frames)
        )
        for file, strengths, frames in json.loads(text)
    )
