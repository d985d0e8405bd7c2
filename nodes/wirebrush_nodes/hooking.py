"""Hooks of conditions and text encoders, as patches of the weights that are in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from wirebrush.api import Clip, FileRef, Handle, Model, Patch, Run
from wirebrush_diffusion.patches.hooks import Hook, Keyframe
from wirebrush_diffusion.patches.merging import check_alike
from wirebrush_diffusion.patches.weights import Delta, WeightPatch
from wirebrush_nodes.hook_values import HookUse, clip_hooks
from wirebrush_nodes.patching import Find, Weights, lora_patch, unpatched


@dataclass(frozen=True, slots=True)
class Towards:
    """At strength 1 a weight becomes another model's."""

    name: str
    other: Callable[[str], Tensor | None]

    def dense(self, like: Tensor) -> Tensor:
        theirs = self.other(self.name)
        return like.new_zeros(like.shape) if theirs is None else theirs.to(like.device) - like


class HookMaker:
    """Hooks with the weights that they change; equal ones are one object, so that sides share."""

    def __init__(self, handle: Model, weights: Weights, find: Find, run: Run) -> None:
        self._given = (unpatched(handle), weights, find, run)
        self._made: dict[tuple[HookUse, ...], tuple[Hook, ...]] = {}

    def hooks(self, uses: Sequence[HookUse]) -> tuple[Hook, ...]:
        """The library's hooks for those of a condition."""
        wanted = tuple(use for use in uses if use.strength_model)
        if wanted not in self._made:
            self._made[wanted] = tuple(self._hook(use) for use in wanted)
        return self._made[wanted]

    def _hook(self, use: HookUse) -> Hook:
        patch = _patch(use, use.strength_model, *self._given)
        return Hook(patch, tuple(Keyframe(f.strength, f.start) for f in use.keyframes))


def clip_patches(handle: Clip, weights: Weights, find: Find, run: Run) -> list[WeightPatch]:
    """What a text encoder's own hooks change in it."""
    found = clip_hooks(handle)
    return [
        _patch(use, use.strength_clip, unpatched(handle), weights, find, run)
        for use in (found.at(0.0).hooks if found is not None else ())
        if use.strength_clip
    ]


def _patch(
    use: HookUse, strength: float, base: Handle, weights: Weights, find: Find, run: Run
) -> WeightPatch:
    if use.kind == "lora":
        return lora_patch(Patch("lora", use.file, strength), base, weights, run)
    other = _model(use.file, base)
    found = find(other, weights.role, run)
    shapes = weights.patches.shapes()
    theirs: Mapping[str, tuple[int, ...]] = {} if found is None else found.patches.shapes()
    if found is None or weights.patches is found.patches:  # the other is this very model
        return WeightPatch(f"towards {other.key}", {}, strength)
    check_alike(shapes, theirs, use.file.name)
    look = found.patches

    def weight(name: str) -> Tensor | None:
        return look.patched(name, ())

    deltas: dict[str, Delta] = {
        name: Towards(name, weight) for name, shape in shapes.items() if theirs.get(name) == shape
    }
    return WeightPatch(f"towards {other.key}", deltas, strength)


def _model(file: FileRef, like: Handle) -> Handle:
    """The same part of another file."""
    return type(like)(file, like.part)
