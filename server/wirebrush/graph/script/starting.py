"""What a call begins with: nothing but noise, a picture, or what another stage has left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wirebrush.graph.script.drawing import Drawing, count_of
from wirebrush.graph.script.kinds import FLOWS
from wirebrush.graph.script.pipeline_call import PipelineCall
from wirebrush.graph.script.plan import Latents, Picture, Plan
from wirebrush.graph.script.writing import Code, call


@dataclass
class Starting:
    """Writes it before the scheduler is made, and tells the call."""

    plan: Plan
    drawing: Drawing

    def lines(self, made: PipelineCall) -> Iterator[str]:
        """The lines that come before the call."""
        stage = made.stage
        picture = stage.start or stage.seen or stage.edited
        if picture is None:
            made.given |= {"width": stage.width, "height": stage.height}
            if stage.batch != 1:
                made.given["num_images_per_prompt"] = stage.batch
            return
        if stage.edited is not None:
            yield from self._edited(made, stage.edited)
        elif self.plan.family in FLOWS:
            yield from self._for_a_flow(made)
        else:
            yield from self._encoded(made)
        if count_of(self.plan, picture) != 1:
            made.given["num_images_per_prompt"] = Code("len(start)")

    def _edited(self, made: PipelineCall, picture: Picture) -> Iterator[str]:
        """A picture that is edited, in its own size or painted in another one."""
        stage, name = made.stage, self.drawing.name(picture)
        yield from self.drawing.taken()
        yield f"start = whole_patches({name})\n"
        tall, wide = stage.height or Code("start.shape[-2]"), stage.width or Code("start.shape[-1]")
        made.given |= {"image": Code("start"), "height": tall, "width": wide}
        made.given["max_area"] = Code(f"{tall} * {wide}")
        made.given["_auto_resize"] = False
        if stage.batch != 1:
            made.given["num_images_per_prompt"] = stage.batch

    def _encoded(self, made: PipelineCall) -> Iterator[str]:
        """Latents, as schedulers are told how to go on with them."""
        stage = made.stage
        assert stage.start is not None
        if isinstance(stage.start, Latents):
            found = _handed(stage.start, "start = ")
        else:
            found = f"start = encode({self.drawing.name(stage.start)})"
        if stage.mask is not None:
            made.mask = self.drawing.name(stage.mask)
        yield from self.drawing.taken()
        yield f"{found}\n"
        made.given |= {"image": Code("start"), "strength": 1.0}
        if stage.seen is not None and stage.hole is not None:
            yield from self._beside(made, stage.seen, stage.hole)

    def _beside(self, made: PipelineCall, seen: Picture, hole: Picture) -> Iterator[str]:
        """What the network sees beside it."""
        shown = "start"
        if seen != made.stage.start:
            name, shown = self.drawing.name(seen), "seen"
            yield from self.drawing.taken()
            yield f"seen = encode({name})\n"
        mask = self.drawing.name(hole)
        yield from self.drawing.taken()
        made.given |= {
            "mask_image": Code(f"coarse({mask}, start)"),
            "masked_image_latents": Code(shown),
            "height": Code("8 * start.shape[-2]"),
            "width": Code("8 * start.shape[-1]"),
        }

    def _for_a_flow(self, made: PipelineCall) -> Iterator[str]:
        """Pictures, which the pipeline encodes."""
        stage, given = made.stage, made.given
        picture = stage.seen if stage.start is None else stage.start
        assert picture is not None
        assert not isinstance(picture, Latents)
        name = self.drawing.name(picture)
        hole = None if stage.hole is None else self.drawing.name(stage.hole)
        yield from self.drawing.taken()
        yield f"start = whole_patches({name})\n"
        size = {"height": Code("start.shape[-2]"), "width": Code("start.shape[-1]")}
        if stage.start is None:
            given |= {"control_image": Code("start * 2 - 1"), **size}
            return
        given["image"] = Code("start")
        if hole is not None:
            fitted = call("resize", Code(hole), size["width"], size["height"], "bilinear")
            yield f"hole = {fitted}\n"
            given["mask_image"] = Code("hole")
        given |= {**size, "strength": 1.0}


def _handed(latents: Latents, before: str) -> str:
    """The latents of another stage, maybe at another size."""
    name = f"latents_{latents.stage + 1}"
    if not latents.method:
        return before + name
    size = f"({latents.height}, {latents.width})"
    if latents.by:
        size = f"[max(1, round(side * {latents.by!r})) for side in {name}.shape[-2:]]"
    options = {"size": Code(size), "mode": latents.method}
    return call("torch.nn.functional.interpolate", Code(name), named=options, before=before)
