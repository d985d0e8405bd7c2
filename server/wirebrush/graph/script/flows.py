"""Models that were trained as flows: their levels, and what their pipelines are told."""

from __future__ import annotations

from collections.abc import Iterator

from wirebrush.graph.script.kinds import Flow
from wirebrush.graph.script.page import Page
from wirebrush.graph.script.pipeline_call import PipelineCall
from wirebrush.graph.script.plan import FLUX, Plan, may_be_long
from wirebrush.graph.script.writing import Code, call, comment


def scheduled(plan: Plan, flow: Flow, page: Page, made: PipelineCall) -> Iterator[str]:
    """Lines that make the scheduler of a call, which is told its levels and its guidance."""
    stage, given = made.stage, made.given
    page.imports.add("FlowMatchEulerDiscreteScheduler")
    unbent = {"shift": 1.0}
    yield call("FlowMatchEulerDiscreteScheduler", named=unbent, before="pipe.scheduler = ") + "\n"
    shift = flow.shift if plan.models.shift is None else plan.models.shift
    named = {"steps": stage.steps, "shift": shift, "resolution": flow.resolution}
    name = "flow" if stage.schedule == "simple" else stage.schedule
    given |= {"sigmas": Code(call(f"{name}_levels", named=named))}
    given |= {"num_inference_steps": stage.steps}
    if plan.family in FLUX:
        yield from _told_to_flux(plan, made)
    else:
        # to how many tokens ComfyUI fills a text up for T5
        given |= {"max_sequence_length": 77, "guidance_scale": float(stage.cfg)}


def _told_to_flux(plan: Plan, made: PipelineCall) -> Iterator[str]:
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
