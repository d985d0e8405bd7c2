"""Conditions from wires, made into the library's for one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from wirebrush.api import Cond, Model, NodeError, Run
from wirebrush_diffusion.control.controlnet import AUTO, Control
from wirebrush_diffusion.guidance.condition import Area, Condition
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.patches.hooks import Hook
from wirebrush_diffusion.text.bias import TEXT_BIAS
from wirebrush_nodes.control import MODE, ControlUse
from wirebrush_nodes.gligen import grounded
from wirebrush_nodes.hook_conditions import FALLBACK, HOOKS
from wirebrush_nodes.hook_values import HookUse
from wirebrush_nodes.hooking import HookMaker
from wirebrush_nodes.live import explained, live_controlnet, picture_reader
from wirebrush_nodes.text import CONTROL_TEXT, SCHEDULED

SHOWN_SEED = -10  # from a run's seed to that of the noise over what it is shown, as in the field


class Controls:
    """Controls with live networks, and hooks; equal ones are one object, so that sides share
    passes. `ambient` controls are on every condition. `host` is the model that paints."""

    def __init__(
        self,
        run: Run,
        hooks: HookMaker | None = None,
        ambient: Sequence[Control] = (),
        host: Model | None = None,
    ) -> None:
        self._run = run
        self.ambient = tuple(ambient)
        self._host = host
        self._hooks = hooks
        self._made: list[tuple[ControlUse, Control]] = []

    def control(self, use: ControlUse, text: Tensor | None = None) -> Control:
        """`text` is read by the ControlNet instead of the condition's."""
        for other, control in self._made:
            if _alike(use, other) and _same(text, control.text):
                return control
        with explained():
            network = live_controlnet(use.net, self._run, self._host)
        control = Control(
            network,
            use.image,
            use.strength,
            use.start,
            use.end,
            mode=str(use.net.option(MODE, AUTO)),
            mask=use.mask,
            encode=None if use.vae is None else picture_reader(use.vae, self._run),
            everywhere=use.everywhere,
            text=text,
        )
        self._made.append((use, control))
        return control

    def hooks(self, uses: Sequence[HookUse]) -> tuple[Hook, ...]:
        """A condition's hooks; none where nobody asked for any."""
        return () if self._hooks is None else self._hooks.hooks(uses)

    def on(self, cond: Cond) -> tuple[Control, ...]:
        """All that steers a condition: its controls and text boxes, and what is on every one."""
        text = cond.options.get(CONTROL_TEXT)
        uses: Sequence[ControlUse] = cond.options.get("controls", ())
        own = (self.control(use, text) for use in uses)
        return (*own, *grounded(cond, self._run), *self.ambient)

    def look(self, model: DiffusionModel, height: int, width: int) -> None:
        """Let VAEs look at hints for a latent of that size now, while there is memory for them."""
        for control in (*(made for _, made in self._made), *self.ambient):
            if control.encode is not None:
                control.on(model).prepared(height, width, None)


def _alike(use: ControlUse, other: ControlUse) -> bool:
    one, two = ((u.net, u.strength, u.start, u.end, u.vae, u.everywhere) for u in (use, other))
    return one == two and _same(use.image, other.image) and _same(use.mask, other.mask)


def _same(tensor: Tensor | None, other: Tensor | None) -> bool:
    if tensor is None or other is None:
        return tensor is other
    return tensor is other or torch.equal(tensor, other)


def _check_width(cond: Cond, model: DiffusionModel, port: str) -> None:
    """Raise if the text was encoded for another family of models."""
    expected, width = model.context_width, cond.embedding.shape[-1]
    if expected is not None and width != expected:
        raise NodeError(
            f"The text encoding is {width} wide, this model reads {expected}.",
            "Encode the text with the CLIP of the same checkpoint.",
            port=port,
        )


def condition_from(
    cond: Cond,
    model: DiffusionModel,
    controls: Controls,
    shape: Sequence[int],
    *,
    port: str,
    negative: bool,
    seed: int = 0,
    painted: Mapping[str, Any] | None = None,
) -> Condition:
    """A condition from the wire as the library's, checked against the model.

    `seed` is the run's: pictures that are shown with noise over them get that of another. `painted`
    is what the run begins with (`DiffusionModel.inputs`).
    """
    _check_width(cond, model, port)
    options: dict[str, Any] = {"seed": seed + SHOWN_SEED, **(painted or {}), **cond.options}
    area = options.get("area")
    first, last = options.get(SCHEDULED, (0.0, 1.0))
    with explained(port):
        extra = model.inputs(cond.pooled, options, shape, negative=negative)
    if TEXT_BIAS in options and TEXT_BIAS not in extra:
        raise NodeError(
            "The condition's style picture is weighed by attention (attn_bias), which this model "
            "does not do.",
            "Choose multiply in Apply Style Model; attn_bias is for FLUX.",
            port=port,
        )
    return Condition(
        context=cond.embedding,
        extra=extra,
        strength=options.get("strength", 1.0),
        area=None if area is None else Area(*area),
        mask=options.get("mask"),
        mask_strength=options.get("mask_strength", 1.0),
        start=max(options.get("start", 0.0), first),
        end=min(options.get("end", 1.0), last),
        controls=controls.on(cond),
        hooks=controls.hooks(options.get(HOOKS, ())),
        fallback=bool(options.get(FALLBACK)),
    )
