"""Models that were trained as flows: their levels, and what their pipelines are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wirebrush.graph.script.kinds import KINDS, Family
from wirebrush.graph.script.page import Page
from wirebrush.graph.script.pipeline_call import PipelineCall
from wirebrush.graph.script.plan import SAMPLERS, Plan, may_be_long
from wirebrush.graph.script.writing import Code, call, comment

_WHOLE = 0.9999
_EULER: tuple[str, Mapping[str, Any]] = ("FlowMatchEulerDiscreteScheduler", {"shift": 1.0})
_ALONE = "del pipe.transformer.forward  # from here on it reads one text again\n"
_OF_A_FLOW: Mapping[str, Any] = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}


def scheduled(plan: Plan, page: Page, made: PipelineCall) -> Iterator[str]:
    """Lines that make the scheduler of a call, which is told its levels and its guidance."""
    stage = made.stage
    kind, settings = _EULER
    if stage.sampler != "euler":
        kind, own = SAMPLERS[stage.sampler]
        settings = {**_OF_A_FLOW, **own}
    page.imports.add(kind)
    levels = _levels(plan, made)
    if stage.sampler == "euler":
        yield call(kind, named=settings, before=f"{made.pipe}.scheduler = ") + "\n"
        made.given["sigmas"] = Code(levels)
    else:
        yield call(kind, named=settings, before="scheduler = ") + "\n"
        yield call("follow", Code("scheduler"), Code(levels)) + "\n"
        yield f"{made.pipe}.scheduler = scheduler\n"
    made.given["num_inference_steps"] = stage.steps
    yield from _TOLD[plan.family](plan, made)


def _levels(plan: Plan, made: PipelineCall) -> str:
    """The levels, as a call."""
    stage, flow = made.stage, KINDS[plan.family].flow
    assert flow is not None
    shift = flow.shift if plan.models.shift is None else plan.models.shift
    name = "flow" if stage.schedule == "simple" else stage.schedule
    steps = stage.steps if stage.denoise > _WHOLE else int(stage.steps / stage.denoise)
    resolution = plan.models.levels or flow.resolution
    named = {"steps": steps, "shift": shift, "resolution": resolution}
    cut = f"[-{stage.steps}:]" if steps != stage.steps else ""
    return call(f"{name}_levels", named=named, after=cut)


def _sd3(plan: Plan, made: PipelineCall) -> Iterator[str]:
    # to how many tokens ComfyUI fills a text up for T5
    made.given |= {"max_sequence_length": 77, "guidance_scale": float(made.stage.cfg)}
    yield from ()


def _flux(plan: Plan, made: PipelineCall) -> Iterator[str]:
    stage, given = made.stage, made.given
    given["max_sequence_length"] = 256  # to how many tokens ComfyUI fills a text up for T5
    read = given.get("prompt_2", given["prompt"])
    if isinstance(read, Code) and may_be_long(stage.prompt.longest):
        told = "CLIP, which sums this text up, reads its first 77 tokens: the picture may differ a"
        yield comment(f"{told} little from ComfyUI's where they end within a short piece.") + "\n"
        tokens = f"max(256, len(pipe.tokenizer_2({read}).input_ids))"
        given["max_sequence_length"] = Code(tokens)
    if stage.cfg != 1:
        given["true_cfg_scale"] = float(stage.cfg)
    usual = 3.5 if plan.family == "flux" else 0.0
    given["guidance_scale"] = usual if stage.guidance is None else float(stage.guidance)


def _qwen_image(plan: Plan, made: PipelineCall) -> Iterator[str]:
    """Its pipeline would also bring what guidance makes to a length."""
    given = made.given
    negative, count = given.pop("negative_prompt", None), given.get("num_images_per_prompt", 1)
    given["true_cfg_scale"] = 1.0
    if negative is None:
        return
    named = {"num_images_per_prompt": count} if count != 1 else {}
    yield (
        call("pipe.encode_prompt", negative, named=named, before="negative, negative_mask = ")
        + "\n"
    )
    states = "encoder_hidden_states"
    avoided = {states: Code("negative"), f"{states}_mask": Code("negative_mask")}
    yield call("lead_away", Code("pipe"), float(made.stage.cfg), named=avoided) + "\n"
    made.after.append(_ALONE)


def _z_image(plan: Plan, made: PipelineCall) -> Iterator[str]:
    """Its pipeline counts guidance from 0."""
    made.given["guidance_scale"] = float(made.stage.cfg) - 1
    made.given |= _room(made, 512)
    yield from ()


def _lumina2(plan: Plan, made: PipelineCall) -> Iterator[str]:
    given, cfg, most = made.given, float(made.stage.cfg), plan.models.renorm
    room = _room(made, 256)
    if not most or cfg == 1:
        given |= {"guidance_scale": cfg, "cfg_normalization": False, **room}
        return
    prompt, count = given.pop("prompt"), given.pop("num_images_per_prompt", 1)
    named = {name: given.pop(name) for name in ("negative_prompt", "system_prompt")} | room
    named |= {"num_images_per_prompt": count} if count != 1 else {}
    before = "prompt, prompt_mask, negative, negative_mask = "
    yield call("pipe.encode_prompt", prompt, named=named, before=before) + "\n"
    avoided = {"encoder_hidden_states": Code("negative")}
    avoided |= {"encoder_attention_mask": Code("negative_mask")}
    yield call("lead_away_at_most", Code("pipe"), cfg, float(most), named=avoided) + "\n"
    given |= {"prompt_embeds": Code("prompt"), "prompt_attention_mask": Code("prompt_mask")}
    given["guidance_scale"] = 1.0
    made.after.append(_ALONE)


def _room(made: PipelineCall, usual: int) -> dict[str, int]:
    """How many tokens are read, if that may be more than usual. What is not used of them does not
    matter."""
    texts = (made.stage.prompt.text, made.stage.negative.text)
    most = max(len(text.encode("utf-8", "replace")) for text in texts) + 16
    return {"max_sequence_length": 1 << (most - 1).bit_length()} if most > usual else {}


_TOLD: Mapping[Family, Callable[[Plan, PipelineCall], Iterator[str]]] = {
    "sd3": _sd3,
    "flux": _flux,
    "schnell": _flux,
    "qwen_image": _qwen_image,
    "z_image": _z_image,
    "lumina2": _lumina2,
}
"""What else a family's pipeline is told, and the lines that must come before."""
