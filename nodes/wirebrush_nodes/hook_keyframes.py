"""Keyframes: how strongly hooks act in the course of the sampling."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

from wirebrush.api import Range, Run, node
from wirebrush.api.values import TypeName
from wirebrush_nodes.hook_values import HookGroup, Keyframe, Keyframes

Percent = Annotated[float, Range(0.0, 1.0, 0.001)]
Multiplier = Annotated[float, Range(0.0, 10.0, 0.001)]
Floats = Annotated[Sequence[float] | float, TypeName("FLOATS")]
CURVES: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {
        "linear": lambda t: t,
        "ease_in": lambda t: t * t,
        "ease_out": lambda t: 1.0 - (1.0 - t) ** 2,
        "ease_in_out": lambda t: (1.0 - math.cos(t * math.pi)) / 2.0,
    }
)


class Framed(NamedTuple):
    """Keyframes, by the name of the output."""

    HOOK_KF: Keyframes


@node(
    id="SetHookKeyframes",
    category="advanced/hooks/scheduling",
    title="Set Hook Keyframes",
    experimental=True,
)
def set_hook_keyframes(hooks: HookGroup, hook_kf: Keyframes | None = None) -> HookGroup:
    """Let hooks act more or less strongly in the course of the sampling.

    Args:
        hooks: The hooks. Keyframes they had are replaced.
        hook_kf: The keyframes. Without them nothing changes.
    """
    if hook_kf is None:
        return hooks
    return HookGroup(tuple(replace(use, keyframes=hook_kf.frames) for use in hooks.hooks))


@node(
    id="CreateHookKeyframe",
    category="advanced/hooks/scheduling",
    title="Create Hook Keyframe",
    experimental=True,
)
def create_hook_keyframe(
    strength_mult: Annotated[float, Range(-20.0, 20.0, 0.01)] = 1.0,
    start_percent: Percent = 0.0,
    prev_hook_kf: Keyframes | None = None,
) -> Framed:
    """One keyframe: from a moment on, hooks have so many times their strength.

    Args:
        strength_mult: What their strength is multiplied with.
        start_percent: The moment: 0 is the first, noisy step, 1 the end. The first keyframe counts
            from the beginning on.
        prev_hook_kf: Other keyframes.
    """
    return _framed(prev_hook_kf, [Keyframe(strength_mult, start_percent)])


@node(
    id="CreateHookKeyframesInterpolated",
    category="advanced/hooks/scheduling",
    title="Create Hook Keyframes Interp.",
    experimental=True,
)
def create_hook_keyframes_interpolated(
    strength_start: Multiplier = 1.0,
    strength_end: Multiplier = 1.0,
    interpolation: Literal["linear", "ease_in", "ease_out", "ease_in_out"] = "linear",
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
    keyframes_count: Annotated[int, Range(2, 100)] = 5,
    print_keyframes: bool = False,
    prev_hook_kf: Keyframes | None = None,
    *,
    run: Run,
) -> Framed:
    """Keyframes from one strength to another. Each has weights of its own: many are slow.

    Args:
        strength_start: The first keyframe's strength.
        strength_end: The last one's.
        interpolation: How it goes from one to the other.
        start_percent: When the first one starts, 0 to 1.
        end_percent: When the last one starts.
        keyframes_count: How many there are.
        print_keyframes: Whether to show them on the node.
        prev_hook_kf: Other keyframes.
    """
    curve = CURVES[interpolation]
    frames: list[Keyframe] = []
    for i in range(keyframes_count):
        part = i / (keyframes_count - 1)
        strength = strength_start + (strength_end - strength_start) * curve(part)
        frames.append(Keyframe(strength, start_percent + (end_percent - start_percent) * part))
    return _shown(_framed(prev_hook_kf, frames), frames, run, shown=print_keyframes)


@node(
    id="CreateHookKeyframesFromFloats",
    category="advanced/hooks/scheduling",
    title="Create Hook Keyframes From Floats",
    experimental=True,
)
def create_hook_keyframes_from_floats(
    floats_strength: Floats,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
    print_keyframes: bool = False,
    prev_hook_kf: Keyframes | None = None,
    *,
    run: Run,
) -> Framed:
    """Keyframes with strengths from a list, evenly spread.

    Args:
        floats_strength: The strengths: a list of numbers, or one.
        start_percent: When the first one starts, 0 to 1.
        end_percent: When the last one starts.
        print_keyframes: Whether to show them on the node.
        prev_hook_kf: Other keyframes.
    """
    several = not isinstance(floats_strength, int | float)
    strengths = [float(s) for s in floats_strength] if several else [float(floats_strength)]
    steps = max(len(strengths) - 1, 1)
    frames = [
        Keyframe(strength, start_percent + (end_percent - start_percent) * i / steps)
        for i, strength in enumerate(strengths)
    ]
    return _shown(_framed(prev_hook_kf, frames), frames, run, shown=print_keyframes)


def _framed(before: Keyframes | None, frames: Sequence[Keyframe]) -> Framed:
    return Framed((before or Keyframes()).with_frames(*frames))


def _shown(framed: Framed, frames: Sequence[Keyframe], run: Run, *, shown: bool) -> Framed:
    if shown:
        run.show_text("\n".join(f"{frame.start:.3f}: {frame.strength:.3f}" for frame in frames))
    return framed
