"""GLIGEN: texts that say what stands in which rectangle of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from torch import Tensor

from wirebrush.api import Clip, Cond, Conditioning, File, Handle, NodeError, Range, Run, Text, node
from wirebrush.api import value as wire_value
from wirebrush_diffusion.control.grounding import Boxes, Grounding
from wirebrush_diffusion.control.grounding_file import check_grounding, load_grounding
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.guidance.condition import Area
from wirebrush_nodes.live import explained
from wirebrush_nodes.text import encoded

BOXES = "boxes"
"""The option of a condition."""
STEP = 8  # pixels for each latent position
Side = Annotated[int, Range(8, 16384, 8)]
Corner = Annotated[int, Range(0, 16384, 8)]


@wire_value("GLIGEN")
@dataclass(frozen=True, slots=True)
class Gligen(Handle):
    """A GLIGEN model for text boxes."""


@wire_value("TEXT_BOX")
@dataclass(frozen=True, eq=False, slots=True)
class TextBox:
    """A text's pooled state `[1, D]` and where it is: height, width, top, left in positions."""

    model: Gligen
    text: Tensor
    place: tuple[int, int, int, int]


@node(id="GLIGENLoader", category="loaders")
def gligen_loader(gligen_name: Annotated[str, File("gligen")], *, run: Run) -> Gligen:
    """Choose a GLIGEN model: it lets texts say what stands where.

    Args:
        gligen_name: A file in `models/gligen`, for text boxes.
    """
    source = run.file("gligen", gligen_name)
    with explained("gligen_name"):
        check_grounding(WeightFile(run.path(source)))
    return Gligen(source, "gligen")


@node(id="GLIGENTextBoxApply", category="conditioning/gligen")
def gligen_text_box_apply(
    conditioning_to: Conditioning,
    clip: Clip,
    gligen_textbox_model: Gligen,
    text: Annotated[str, Text(multiline=True)],
    width: Side = 64,
    height: Side = 64,
    x: Corner = 0,
    y: Corner = 0,
    *,
    run: Run,
) -> Conditioning:
    """Say what stands in a rectangle of the picture. Chain it for more, up to 30.

    Args:
        conditioning_to: The text for the whole picture, which should name the same things.
        clip: The text encoder of the model that paints.
        gligen_textbox_model: The GLIGEN model, for Stable Diffusion 1.
        text: What stands in the rectangle.
        width: Pixels across.
        height: Pixels down.
        x: Pixels from the left edge.
        y: Pixels from the upper edge.
    """
    pooled = encoded(clip, text, run).pooled
    if pooled is None:
        raise NodeError(
            "This text encoder gives no pooled text, which GLIGEN reads.",
            "Use the CLIP of a Stable Diffusion 1 checkpoint.",
            port="clip",
        )
    place = (height // STEP, width // STEP, y // STEP, x // STEP)
    box = TextBox(gligen_textbox_model, pooled, place)
    return tuple(
        cond.with_options(**{BOXES: (*cond.options.get(BOXES, ()), box)})
        for cond in conditioning_to
    )


def grounded(cond: Cond, run: Run) -> list[Boxes]:
    """The text boxes of a condition, by their model, with live networks."""
    boxes: Sequence[TextBox] = cond.options.get(BOXES, ())
    models = dict.fromkeys(box.model for box in boxes)
    return [_boxes(model, [box for box in boxes if box.model == model], run) for model in models]


def _boxes(handle: Gligen, boxes: Sequence[TextBox], run: Run) -> Boxes:
    path = run.path(handle.source)

    def build() -> Grounding:
        return load_grounding(WeightFile(path), run.device)

    with explained():
        model = run.resident(handle.key, build)
    places: list[Any] = [Area(*box.place) for box in boxes]
    texts = torch.cat([box.text for box in boxes])
    return Boxes(model, texts, boxes=tuple(places), everywhere=True)
