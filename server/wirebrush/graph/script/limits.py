"""What can be read, and what diffusers yet has no words for."""

from __future__ import annotations

from collections.abc import Sequence

from wirebrush.graph.script.kinds import FLOWS, KINDS, Family
from wirebrush.graph.script.plan import (
    DPM,
    FLOW_SAMPLERS,
    FLOW_SCHEDULES,
    PROMPT_START,
    SAMPLERS,
    SCHEDULES,
    TWICE,
    UNI_PC,
    Latents,
    NotPlain,
    Stage,
)
from wirebrush.graph.script.reading import word

_EMPTY = "it begins with an empty picture of another one's size."


def check_stage(family: Family, stage: Stage, before: Sequence[Stage]) -> None:
    """NotPlain if a stage cannot be painted so. `before` are the stages that are painted before
    it."""
    flow = family in FLOWS
    if stage.sampler not in (FLOW_SAMPLERS if flow else SAMPLERS):
        raise NotPlain(f"diffusers has no sampler that is the same as {word(stage.sampler)}.")
    if stage.schedule not in (FLOW_SCHEDULES if flow else SCHEDULES):
        raise NotPlain(f"diffusers has no noise schedule like {word(stage.schedule)}.")
    if stage.steps < 1 or not 0 < stage.denoise <= 1:
        raise NotPlain("one of its samplers has nothing to do.")
    if 0 < stage.cfg < 1:
        raise NotPlain("diffusers guides with 1 at least.")
    if flow:
        _check_flow(family, stage)
    else:
        _check_shown(stage)
    if family == "sd2" and stage.mask is not None and stage.seen is None:
        raise NotPlain("masks are not written plainly for Stable Diffusion 2.")
    _check_part(family, stage, before)
    _check_sampler(stage)


def _check_flow(family: Family, stage: Stage) -> None:
    if stage.controls or stage.mask is not None or isinstance(stage.start, Latents):
        raise NotPlain("only whole pictures are painted plainly by this family of models.")
    if stage.start is not None and (stage.sampler != "euler" or not KINDS[family].over):
        raise NotPlain("diffusers cannot paint over a picture so with this family of models.")
    if stage.seen is not None and stage.start is not None and stage.hole is None:
        raise NotPlain("its model follows a picture while it paints over one.")
    if stage.seen is not None and (stage.width or stage.cfg != 1):
        raise NotPlain("diffusers does not guide a model so that is shown a picture.")
    if stage.start is None and stage.seen is None and stage.edited is None and not stage.width:
        raise NotPlain(_EMPTY)
    if stage.width % 16 or stage.height % 16:
        raise NotPlain("its picture has sides that diffusers rounds to multiples of 16.")
    if family == "lumina2" and PROMPT_START not in stage.prompt.text:
        raise NotPlain("Lumina 2 is told something before each text in diffusers.")


def _check_shown(stage: Stage) -> None:
    if stage.start is None and not stage.width:
        raise NotPlain(_EMPTY)
    if stage.seen is None:
        return
    if stage.controls or stage.areas or stage.end is not None or stage.sampler in TWICE:
        raise NotPlain("a model that is shown a hole is steered in a way that diffusers is not.")


def _check_part(family: Family, stage: Stage, before: Sequence[Stage]) -> None:
    if stage.refiner and not isinstance(stage.start, Latents):
        raise NotPlain("SDXL's refiner begins it.")
    if stage.end is not None:
        if family in FLOWS:
            raise NotPlain("it paints a part of the steps in a way that diffusers does not.")
        if not stage.fresh and not isinstance(stage.start, Latents):
            raise NotPlain("one of its samplers begins without noise.")
    if isinstance(stage.start, Latents):
        _check_handed(before[stage.start.stage], stage, resized=bool(stage.start.method))


def _check_sampler(stage: Stage) -> None:
    """Some samplers do not go together with what is done to schedulers."""
    parts = any((item.start, item.end) != (0, 1) for item in stage.controls)
    if stage.sampler in TWICE and (stage.mask is not None or parts):
        raise NotPlain(f"diffusers' {stage.sampler} asks the model twice at each step.")
    if stage.sampler in TWICE | UNI_PC and stage.end is not None:
        raise NotPlain(f"it takes a part of the steps of {stage.sampler}.")
    if stage.sampler == "ddim" and stage.mask is not None:
        raise NotPlain("ddim draws other noise around a mask in ComfyUI.")


def _check_handed(before: Stage, stage: Stage, *, resized: bool) -> None:
    """Latents are handed on as the schedulers of diffusers hold them, and without a mask."""
    if before.mask is not None and stage.mask is None:
        raise NotPlain("one of its samplers hands a mask on to another.")
    if stage.fresh == before.leftover or (before.leftover and resized):
        raise NotPlain("it hands noise on in a way that diffusers does not.")
    if not before.leftover:
        return
    same = (before.sampler in DPM) == (stage.sampler in DPM)
    if stage.sampler in DPM:  # its scheduler measures by the level
        parts = (before.steps, before.schedule, before.end)
        same = same and parts == (stage.steps, stage.schedule, stage.begin)
    if not same:
        raise NotPlain("two samplers that hold noise differently follow each other.")
