"""Models that were trained on a table of noise levels: their schedulers go through ComfyUI's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wirebrush.graph.script.page import Page
from wirebrush.graph.script.pipeline_call import PipelineCall
from wirebrush.graph.script.plan import BROWNIAN, DPM, RANDOM, SAMPLERS, TWICE, UNI_PC, Stage
from wirebrush.graph.script.writing import Code, call


def scheduled(page: Page, made: PipelineCall) -> Iterator[str]:
    """Lines that make the scheduler of a call, which is told how many steps it takes."""
    stage = made.stage
    kind, settings = SAMPLERS[stage.sampler]
    page.imports.add(kind)
    if stage.leftover and stage.sampler in DPM:
        settings = {**settings, "final_sigmas_type": "sigma_min", "lower_order_final": False}
    if stage.sampler == "dpmpp_sde":
        settings = {**settings, "noise_sampler_seed": Code(made.seed)}
    config = Code(f"{'refiner' if stage.refiner else 'pipe'}.scheduler.config")
    yield call(f"{kind}.from_config", config, named=settings, before="scheduler = ") + "\n"
    yield _levels_of(stage) + "\n"
    if stage.sampler in UNI_PC:
        yield "levels[-1] = 0.001  # which is where this one ends in ComfyUI\n"
    visited: dict[str, Any] = {} if stage.fresh else {"noise": False}
    function = "visit_twice" if stage.sampler in TWICE else "visit"
    if stage.sampler == "dpmpp_sde":
        visited = {"middle": True}
    yield call(function, Code("scheduler"), Code("levels"), named=visited) + "\n"
    yield from _changes(made)
    yield f"{made.pipe}.scheduler = scheduler\n"
    total = stage.steps if stage.end is None else min(stage.end, stage.steps) - stage.begin
    made.given |= {"num_inference_steps": total, "guidance_scale": float(stage.cfg)}


def _changes(made: PipelineCall) -> Iterator[str]:
    """What else the scheduler does."""
    stage = made.stage
    over = stage.fresh and stage.denoise > 0.9999 and not stage.begin
    if stage.seen is not None:
        whole = ", over=True" if over else ""
        made.given["latents"] = Code(f"begun(scheduler, levels, start, {made.seed}{whole})")
    elif stage.start is not None and over:
        yield "start_over(scheduler, levels)\n"
    if stage.mask is not None:
        yield f"paint_inside(scheduler, levels, {made.mask}, start, {made.seed})\n"
    if stage.sampler in RANDOM and stage.sampler not in BROWNIAN:
        yield f"draw_anew(scheduler, {made.seed})\n"


def _levels_of(stage: Stage) -> str:
    """A line that makes the noise levels of a stage."""
    steps, denoise, cut = stage.steps, stage.denoise, ""
    if stage.sampler in UNI_PC:  # ComfyUI leaves the last level before 0 out
        steps, denoise = int(stage.steps / stage.denoise) + 1, 1.0
        cut = "[:-1]" if steps == stage.steps + 1 else f"[{-stage.steps - 2}:-1]"
    elif stage.end is not None and (stage.begin or stage.end < steps):
        cut = f"[{stage.begin or ''}:{stage.end + 1 if stage.end < steps else ''}]"
    named: dict[str, Any] = {"steps": steps} | ({"denoise": denoise} if denoise < 1 else {})
    function = f"{stage.schedule}_levels"
    return call(function, Code("scheduler"), named=named, before="levels = ", after=cut)
