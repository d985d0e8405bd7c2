"""ControlNets: how they are loaded, what they follow, how much and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from wirebrush.graph.script.drawing import Drawing
from wirebrush.graph.script.page import Page
from wirebrush.graph.script.pipeline_call import PipelineCall
from wirebrush.graph.script.plan import Control
from wirebrush.graph.script.writing import WIDTH, Code, call, literal


@dataclass
class ControlNets:
    """Those of a script, each loaded when it is first needed."""

    page: Page
    drawing: Drawing
    _variables: dict[str, str] = field(default_factory=dict[str, str])

    def loading(self, control: Control) -> tuple[str, str]:
        """The variable of one, and the lines that load it the first time."""
        if control.name in self._variables:
            return self._variables[control.name], ""
        name = self._variables[control.name] = self.page.names.new("controlnet")
        path = self.page.path("CONTROLNET", "controlnet", control.name)
        self.page.imports.add("ControlNetModel")
        one = control.name.lower().endswith((".safetensors", ".sft", ".pth"))
        made = f"ControlNetModel.{'from_single_file' if one else 'from_pretrained'}"
        options = {"torch_dtype": Code("dtype")}
        line = call(made, Code(path), named=options, before=f"{name} = ", after=".to(device)")
        return name, line + "\n"

    def steering(self, made: PipelineCall) -> Iterator[str]:
        """What a call is told of them; the lines come before it."""
        stage, given = made.stage, made.given
        if not stage.controls:
            return
        hints: list[Code] = []
        for item in stage.controls:
            tall: int | str = "8 * start.shape[-2]" if stage.start else stage.height
            wide: int | str = "8 * start.shape[-1]" if stage.start else stage.width
            hints.append(Code(self.drawing.fitted(item.picture, wide, tall)))
        yield from self.drawing.taken()
        strengths = [float(item.strength) for item in stage.controls]
        one = len(hints) == 1
        given["image" if stage.start is None else "control_image"] = hints[0] if one else hints
        given["controlnet_conditioning_scale"] = strengths[0] if one else strengths
        yield from _when(made)


def _when(made: PipelineCall) -> Iterator[str]:
    """From which to which part of the steps they act."""
    controls, given = made.stage.controls, made.given
    if all((item.start, item.end) == (0, 1) for item in controls):
        return
    parts = [(float(item.start), float(item.end)) for item in controls]
    if len(parts) == 1:
        start, end = parts[0]
        yield f"begin, end = acting(scheduler, levels, {start}, {end})\n"
        given |= {"control_guidance_start": Code("begin"), "control_guidance_end": Code("end")}
        return
    calls = [Code(f"acting(scheduler, levels, {start}, {end})") for start, end in parts]
    yield f"parts = {literal(calls, WIDTH - len('parts = '))}\n"
    for at, name in enumerate(("start", "end")):
        given[f"control_guidance_{name}"] = Code(f"[part[{at}] for part in parts]")
