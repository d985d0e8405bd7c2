"""The calls that paint, one for each stage of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wirebrush.graph.script import flows, noise_tables
from wirebrush.graph.script.controlnets import ControlNets
from wirebrush.graph.script.drawing import Drawing, drawn_stages
from wirebrush.graph.script.kinds import KINDS
from wirebrush.graph.script.loras import Loras
from wirebrush.graph.script.page import Page
from wirebrush.graph.script.pipeline_call import PipelineCall
from wirebrush.graph.script.plan import FromStage, Picture, Plan, Stage
from wirebrush.graph.script.starting import Starting
from wirebrush.graph.script.texts import Texts
from wirebrush.graph.script.writing import Code, call, literal


@dataclass
class Painting:
    """Writes the stages; what they need at the top of the script goes to `page`."""

    plan: Plan
    page: Page
    _known: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self._kind = KINDS[self.plan.family]
        self._drawing = Drawing(self.plan, self.page.path, self.page.names)
        self._drawn = drawn_stages(self.plan)
        self._texts = Texts(self.plan, self.page)
        self._loras = Loras(self.plan, self.page)
        self._starting = Starting(self.plan, self._drawing)
        self._controlnets = ControlNets(self.page, self._drawing)

    def lines(self) -> Iterator[str]:
        """All stages, in order."""
        yield from self._texts.learnt()
        yield from self._loras.loading()
        for at, stage in enumerate(self.plan.stages, 1):
            yield f"\n# Picture {at}\n" if len(self.plan.stages) > 1 else "\n# The picture\n"
            kind = "latents" if stage.latent else "pictures"
            yield from self._stage(f"{kind}_{at}", stage, drawn=at - 1 in self._drawn)

    def saving(self, picture: Picture, prefix: str) -> Iterator[str]:
        """Writes pictures to files that begin with a prefix."""
        painted = isinstance(picture, FromStage)
        if (
            painted
            and not self.plan.stages[picture.stage].latent
            and picture.stage not in self._drawn
        ):
            pictures = f"pictures_{picture.stage + 1}"
            yield f"for number, picture in enumerate({pictures}, start=1):\n"
            yield f'    picture.save(f"{prefix}_{{number:05}}.png")\n'
            return
        name = self._drawing.name(picture)
        yield from self._drawing.taken()
        yield call("save", Code(name), prefix) + "\n"

    def _stage(self, name: str, stage: Stage, *, drawn: bool) -> Iterator[str]:
        yield from self._texts.bare(stage)
        yield from self._loras.chosen(stage)
        pipe = "pipe" if stage.seen is not None else _pipe(stage)
        yield from self._variant(pipe, stage)
        texts, given = self._texts.given(stage)
        seed = self.page.constant("SEED", stage.seed, literal(stage.seed))
        made = PipelineCall(pipe, stage, seed, texts, given)
        yield from self._starting.lines(made)
        if self._kind.flow is not None:
            yield from flows.scheduled(self.plan, self.page, made)
        else:
            yield from noise_tables.scheduled(self.page, made)
        yield from self._controlnets.steering(made)
        yield from self._texts.by_area(made)
        given["generator"] = Code(f'torch.Generator("cpu").manual_seed({seed})')
        if stage.latent or drawn:
            given["output_type"] = "latent" if stage.latent else "pt"
        yield call(pipe, *texts, named=given, before=f"{name} = ", after=".images") + "\n"
        yield from made.after

    def _variant(self, pipe: str, stage: Stage) -> Iterator[str]:
        """Another pipeline of the same models."""
        if pipe in ("pipe", "refiner") or (pipe in self._known and not stage.controls):
            return
        self._known.add(pipe)
        kind = "ControlNet" if stage.controls else ""
        kind += "Img2Img" if stage.start else ""
        kind += self._kind.edits if stage.edited else ""
        pipeline = f"{self._kind.pipeline}{kind}Pipeline"
        self.page.imports.add(pipeline)
        parts: dict[str, Any] = {"torch_dtype": Code("dtype")}
        if stage.controls:
            networks = [self._controlnets.loading(item) for item in stage.controls]
            yield from (lines for _, lines in networks)
            names = [Code(each) for each, _ in networks]
            parts["controlnet"] = names[0] if len(names) == 1 else names
        yield call(f"{pipeline}.from_pipe", Code("pipe"), named=parts, before=f"{pipe} = ") + "\n"


def _pipe(stage: Stage) -> str:
    """The variable of the pipeline that paints a stage."""
    if stage.refiner:
        return "refiner"
    if stage.edited is not None:
        return "editing_pipe"
    control, image = "control_" if stage.controls else "", "image_" if stage.start else ""
    return f"{control}{image}pipe"
