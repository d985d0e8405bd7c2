"""Hooks: LoRAs that act for single conditions, or for a part of the sampling."""

from __future__ import annotations

from typing import Annotated

from wirebrush.api import Clip, File, Range, Run, node
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.patches.lora import check_lora
from wirebrush_nodes.hook_values import ClipHooks, HookGroup, HookUse
from wirebrush_nodes.live import explained, open_source

Strength = Annotated[float, Range(-20.0, 20.0, 0.01)]


@node(
    id="CreateHookLora",
    category="advanced/hooks/create",
    title="Create Hook LoRA",
    experimental=True,
)
def create_hook_lora(
    lora_name: Annotated[str, File("loras")],
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
    prev_hooks: HookGroup | None = None,
    *,
    run: Run,
) -> HookGroup:
    """A LoRA for single conditions: Cond Set Props gives it to one, Set CLIP Hooks to texts.

    Args:
        lora_name: A file in `models/loras`, made for the same family of models.
        strength_model: How strongly it changes the painting; 1 as trained, negative is opposite.
        strength_clip: How strongly it changes the reading of texts.
        prev_hooks: Hooks that act together with this one.
    """
    source = run.file("loras", lora_name)
    with explained("lora_name"):
        check_lora(WeightFile(run.path(source)))
    return _with(prev_hooks, HookUse("lora", source, strength_model, strength_clip))


@node(
    id="CreateHookLoraModelOnly",
    category="advanced/hooks/create",
    title="Create Hook LoRA (MO)",
    experimental=True,
)
def create_hook_lora_model_only(
    lora_name: Annotated[str, File("loras")],
    strength_model: Strength = 1.0,
    prev_hooks: HookGroup | None = None,
    *,
    run: Run,
) -> HookGroup:
    """A LoRA for single conditions that leaves the reading of texts as it is.

    Args:
        lora_name: A file in `models/loras`, made for the same family of models.
        strength_model: How strongly it changes the painting; 1 as trained, negative is opposite.
        prev_hooks: Hooks that act together with this one.
    """
    return create_hook_lora(lora_name, strength_model, 0.0, prev_hooks, run=run)


@node(
    id="CreateHookModelAsLora",
    category="advanced/hooks/create",
    title="Create Hook Model as LoRA",
    experimental=True,
)
def create_hook_model_as_lora(
    ckpt_name: Annotated[str, File("checkpoints")],
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
    prev_hooks: HookGroup | None = None,
    *,
    run: Run,
) -> HookGroup:
    """Another model for single conditions: at strength 1 the weights become that model's.

    Args:
        ckpt_name: A file or folder in `models/checkpoints`, of the same family.
        strength_model: How far the painting moves towards that model; 0.5 is half way.
        strength_clip: How far the reading of texts moves towards it.
        prev_hooks: Hooks that act together with this one.
    """
    source = run.file("checkpoints", ckpt_name)
    with explained("ckpt_name"):
        open_source(run.path(source)).check()
    return _with(prev_hooks, HookUse("model", source, strength_model, strength_clip))


@node(
    id="CreateHookModelAsLoraModelOnly",
    category="advanced/hooks/create",
    title="Create Hook Model as LoRA (MO)",
    experimental=True,
)
def create_hook_model_as_lora_model_only(
    ckpt_name: Annotated[str, File("checkpoints")],
    strength_model: Strength = 1.0,
    prev_hooks: HookGroup | None = None,
    *,
    run: Run,
) -> HookGroup:
    """Another model for single conditions; texts are read as before.

    Args:
        ckpt_name: A file or folder in `models/checkpoints`, of the same family.
        strength_model: How far the painting moves towards that model; 0.5 is half way.
        prev_hooks: Hooks that act together with this one.
    """
    return create_hook_model_as_lora(ckpt_name, strength_model, 0.0, prev_hooks, run=run)


@node(
    id="CombineHooks2",
    category="advanced/hooks/combine",
    title="Combine Hooks [2]",
    experimental=True,
)
def combine_hooks_2(
    hooks_A: HookGroup | None = None,
    hooks_B: HookGroup | None = None,
) -> HookGroup:
    """Hooks from up to two places that act together.

    Args:
        hooks_A: Some hooks.
        hooks_B: More.
    """
    return _together(hooks_A, hooks_B)


@node(
    id="CombineHooks4",
    category="advanced/hooks/combine",
    title="Combine Hooks [4]",
    experimental=True,
)
def combine_hooks_4(
    hooks_A: HookGroup | None = None,
    hooks_B: HookGroup | None = None,
    hooks_C: HookGroup | None = None,
    hooks_D: HookGroup | None = None,
) -> HookGroup:
    """Hooks from up to four places that act together.

    Args:
        hooks_A: Some hooks.
        hooks_B: More.
        hooks_C: More.
        hooks_D: More.
    """
    return _together(hooks_A, hooks_B, hooks_C, hooks_D)


@node(
    id="CombineHooks8",
    category="advanced/hooks/combine",
    title="Combine Hooks [8]",
    experimental=True,
)
def combine_hooks_8(
    hooks_A: HookGroup | None = None,
    hooks_B: HookGroup | None = None,
    hooks_C: HookGroup | None = None,
    hooks_D: HookGroup | None = None,
    hooks_E: HookGroup | None = None,
    hooks_F: HookGroup | None = None,
    hooks_G: HookGroup | None = None,
    hooks_H: HookGroup | None = None,
) -> HookGroup:
    """Hooks from up to eight places that act together.

    Args:
        hooks_A: Some hooks.
        hooks_B: More.
        hooks_C: More.
        hooks_D: More.
        hooks_E: More.
        hooks_F: More.
        hooks_G: More.
        hooks_H: More.
    """
    return _together(hooks_A, hooks_B, hooks_C, hooks_D, hooks_E, hooks_F, hooks_G, hooks_H)


@node(
    id="SetClipHooks",
    category="advanced/hooks/clip",
    title="Set CLIP Hooks",
    experimental=True,
)
def set_clip_hooks(
    clip: Clip,
    apply_to_conds: bool = True,
    schedule_clip: bool = False,
    hooks: HookGroup | None = None,
) -> Clip:
    """Let hooks change how texts are read, and go along with what is made of them.

    Args:
        clip: The text encoder.
        apply_to_conds: Whether the conditions made of texts carry the hooks on to the painting.
        schedule_clip: Whether texts are read once for each keyframe, with its strength; else they
            are read once, with the first one's.
        hooks: The hooks. Without them nothing changes.
    """
    return clip if hooks is None else ClipHooks(hooks.hooks, apply_to_conds, schedule_clip).on(clip)


def _with(before: HookGroup | None, use: HookUse) -> HookGroup:
    """A hook behind others; one that changes nothing is left out."""
    group = before or HookGroup()
    if use.strength_model == 0.0 and use.strength_clip == 0.0:
        return group
    return HookGroup((*group.hooks, use))


def _together(*groups: HookGroup | None) -> HookGroup:
    return HookGroup(tuple(use for group in groups if group is not None for use in group.hooks))
