"""Conditions from wires, made into the library's for one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from wirebrush.api import Cond, NodeError, Run
from wirebrush_diffusion.condition import Area, Condition
from wirebrush_diffusion.controlnet import Control
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_nodes.control import ControlUse
from wirebrush_nodes.live import explained, live_controlnet


class Controls:
    """Controls with live networks; equal ones are one object, so that sides share passes."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._made: list[tuple[ControlUse, Control]] = []

    def control(self, use: ControlUse) -> Control:
        for other, control in self._made:
            same = (use.net, use.strength, use.start, use.end)
            if same == (other.net, other.strength, other.start, other.end) and (
                use.image is other.image or torch.equal(use.image, other.image)
            ):
                return control
        with explained():
            network = live_controlnet(use.net, self._run)
        control = Control(network, use.image, use.strength, use.start, use.end)
        self._made.append((use, control))
        return control


def condition_from(
    cond: Cond,
    model: DiffusionModel,
    controls: Controls,
    shape: Sequence[int],
    *,
    port: str,
    negative: bool,
) -> Condition:
    """A condition from the wire as the library's, checked against the model."""
    expected = model.context_width
    width = cond.embedding.shape[-1]
    if expected is not None and width != expected:
        raise NodeError(
            f"The text encoding is {width} wide, this model reads {expected}.",
            "Encode the text with the CLIP of the same checkpoint.",
            port=port,
        )
    options: dict[str, Any] = dict(cond.options)
    area = options.get("area")
    with explained(port):
        extra = model.inputs(cond.pooled, options, shape, negative=negative)
    return Condition(
        context=cond.embedding,
        extra=extra,
        strength=options.get("strength", 1.0),
        area=None if area is None else Area(*area),
        mask=options.get("mask"),
        mask_strength=options.get("mask_strength", 1.0),
        start=options.get("start", 0.0),
        end=options.get("end", 1.0),
        controls=tuple(controls.control(use) for use in options.get("controls", ())),
    )
