"""Classifier-free guidance (Ho & Salimans 2022) over any number of conditions.

`Guided` turns a model and two lists of conditions into the samplers' `denoised = model(x, sigma)`.
What can be decided is decided once per run: which conditions share a forward pass, in which buffer,
with which weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isclose

import torch
from torch import Tensor

from wirebrush_diffusion.batches import Batch, Piece, Side, make_batches
from wirebrush_diffusion.condition import Condition
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.regions import spread_areas, weights_for


class Guided:
    """A `Denoiser`: `uncond + cfg * (cond - uncond)` over all conditions that count at a level.

    At cfg = 1 the negative side has no influence and is not computed.
    """

    def __init__(
        self,
        model: DiffusionModel,
        positive: Sequence[Condition],
        negative: Sequence[Condition],
        cfg: float,
        shape: Sequence[int],
    ) -> None:
        if not positive:
            raise DiffusionError("There is no positive condition.", "Connect a text encoding.")
        self.model = model
        self.cfg = cfg
        self.shape = tuple(shape)
        sides: list[tuple[Side, Condition]] = []
        positive, negative = self._resolved(positive), self._resolved(negative)
        positive, negative = spread_areas(positive, negative), spread_areas(negative, positive)
        sides.extend(("positive", condition) for condition in positive)
        if not isclose(cfg, 1.0):
            if not negative:
                raise DiffusionError(
                    f"cfg is {cfg} but there is no negative condition.",
                    "Connect one (an empty text will do), or set cfg to 1.",
                )
            sides.extend(("negative", condition) for condition in negative)
        self._pieces = [self._piece(side, condition) for side, condition in sides]
        self._plans: dict[tuple[bool, ...], list[Batch]] = {}
        self._device, self._dtype = model.device, model.dtype

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        """The clean estimate: x `[B,C,h,w]` float32 -> the same shape, float32."""
        scaling = self.model.prediction.scaling(sigma)
        time = self.model.schedule.timestep(sigma)
        batches = self._batches(sigma)
        if len(batches) == 1 and batches[0].simple:
            outputs = batches[0].run(self.model, x, scaling.input, time, sigma)
            prediction = outputs[0]
            if len(outputs) == 2:
                prediction = torch.lerp(outputs[1], outputs[0], self.cfg)
            return scaling.denoised(x, prediction)
        sums: dict[Side, Tensor] = {}
        counts: dict[Side, Tensor] = {}
        for batch in batches:
            for piece, output in zip(
                batch.pieces, batch.run(self.model, x, scaling.input, time, sigma), strict=True
            ):
                if piece.side not in sums:
                    sums[piece.side] = torch.zeros_like(x)
                    counts[piece.side] = torch.full_like(x, 1e-37)
                piece.add_to(sums[piece.side], counts[piece.side], output)
        return scaling.denoised(x, self._combined(sums, counts))

    def _combined(self, sums: Mapping[Side, Tensor], counts: Mapping[Side, Tensor]) -> Tensor:
        means = {side: sums[side] / counts[side] for side in sums}
        if "negative" not in means or "positive" not in means:
            return next(iter(means.values()))
        return torch.lerp(means["negative"], means["positive"], self.cfg)

    def _batches(self, sigma: float) -> list[Batch]:
        active = tuple([piece.end <= sigma <= piece.start for piece in self._pieces])
        plan = self._plans.get(active)
        if plan is None:
            chosen = [p for p, on in zip(self._pieces, active, strict=True) if on]
            if all(piece.side != "positive" for piece in chosen):
                raise DiffusionError(
                    f"No positive condition counts at noise level {sigma:.3f}.",
                    "Let at least one condition cover each moment from 0 to 1.",
                )
            plan = make_batches(chosen, self.shape, self._device, self._dtype)
            self._plans[active] = plan
        return plan

    def _resolved(self, conditions: Sequence[Condition]) -> list[Condition]:
        height, width = self.shape[-2:]
        return [
            replace(condition, area=condition.area.resolved(height, width))
            if condition.area
            else condition
            for condition in conditions
        ]

    def _piece(self, side: Side, condition: Condition) -> Piece:
        schedule = self.model.schedule
        batch = self.shape[0]
        if condition.context.shape[0] not in (1, batch):
            raise DiffusionError(
                f"A condition is for {condition.context.shape[0]} pictures, not for {batch}.",
                "Use one text for all, or as many as there are latents.",
            )
        return Piece(
            side=side,
            context=condition.context.expand(batch, -1, -1),
            extra={name: _expanded(tensor, batch) for name, tensor in condition.extra.items()},
            area=condition.area,
            weights=weights_for(condition, self.shape, self.model.device),
            controls=condition.controls,
            start=schedule.at_percent(condition.start),
            end=schedule.at_percent(condition.end),
        )


def _expanded(tensor: Tensor, batch: int) -> Tensor:
    if tensor.shape[0] == 1:
        return tensor.expand(batch, *tensor.shape[1:])
    return tensor.repeat(-(-batch // tensor.shape[0]), *[1] * (tensor.ndim - 1))[:batch]
