"""What the network says to each side's conditions: how guidance asks its questions.

What can be decided is decided once per run: which conditions share a forward pass, in which buffer,
with which weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.batches import Batch, Piece, Side, make_batches, with_fallbacks
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.guidance.regions import (
    for_batch,
    share_controls,
    spread_areas,
    weights_for,
)
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise.denoiser import Scaling
from wirebrush_diffusion.patches.hooks import Hook, Hooks

Wanted = tuple[Side, ...]


class Plan(NamedTuple):
    """What happens at one noise level for the wanted sides.

    `only` is the batch if there is just one, whose answers are the sides' as they are.
    """

    scaling: Scaling
    time: float
    batches: Sequence[Batch]
    only: Batch | None


class Sides:
    """The conditions of a run by side, and the network's answers to them."""

    def __init__(
        self,
        model: DiffusionModel,
        conditions: Mapping[Side, Sequence[Condition]],
        shape: Sequence[int],
    ) -> None:
        self.model = model
        self.shape = tuple(shape)
        # One object for each control, so that sides share passes.
        controls = {c for given in conditions.values() for one in given for c in one.controls}
        self._timed = {control: control.on(model) for control in controls}
        self._hooks = self._hooked([c for given in conditions.values() for c in given])
        resolved: dict[Side, Sequence[Condition]] = {
            side: self._resolved(given) for side, given in conditions.items()
        }
        self._pieces = [
            self._piece(side, condition)
            for side in resolved
            for condition in _with_others_areas(side, resolved)
        ]
        self._plans: dict[tuple[float, Wanted], Plan] = {}
        self._batches: dict[tuple[bool, ...], list[Batch]] = {}
        self._device, self._dtype = model.device, model.dtype

    def prepare(self, sigmas: Iterable[float], wanted: Wanted) -> None:
        """Decide everything for these levels now, so that the loop need not."""
        for sigma in sigmas:
            if sigma > 0:
                plan = self.plan(sigma, wanted)
                for batch in plan.batches:
                    batch.times(plan.time)

    def raw(self, x: Tensor, sigma: float, plan: Plan) -> Sequence[Tensor]:
        """The raw prediction of each wanted side: x `[B,C,h,w]` float32 -> the same shape.

        Sides after the first may be missing at the end, where none of their conditions counts.
        """
        scaling, time, batches, only = plan
        if only is not None:
            return only.run(self.model, x, scaling.input, time, sigma)
        sums: dict[Side, Tensor] = {}
        counts: dict[Side, Tensor] = {}
        for batch in batches:
            outputs = batch.run(self.model, x, scaling.input, time, sigma)
            for piece, output in zip(batch.pieces, outputs, strict=True):
                if piece.side not in sums:
                    sums[piece.side] = torch.zeros_like(x)
                    counts[piece.side] = torch.full_like(x, 1e-37)
                piece.add_to(sums[piece.side], counts[piece.side], output)
        return [sums[side] / counts[side] for side in sums]

    def denoised(self, x: Tensor, sigma: float, wanted: Wanted) -> list[Tensor]:
        """The clean estimate of each wanted side."""
        plan = self.plan(sigma, wanted)
        return [plan.scaling.denoised(x, raw) for raw in self.raw(x, sigma, plan)]

    def plan(self, sigma: float, wanted: Wanted) -> Plan:
        """What happens at a level, decided when it is asked for the first time."""
        plan = self._plans.get((sigma, wanted))
        if plan is None:
            batches = self._batches_at(sigma, wanted)
            plan = Plan(
                self.model.prediction.scaling(sigma),
                self.model.schedule.timestep(sigma),
                batches,
                batches[0] if len(batches) == 1 and batches[0].simple else None,
            )
            self._plans[(sigma, wanted)] = plan
        return plan

    def _batches_at(self, sigma: float, wanted: Wanted) -> list[Batch]:
        active = tuple(
            piece.side in wanted and piece.end <= sigma <= piece.start for piece in self._pieces
        )
        if active not in self._batches:
            chosen = [p for p, on in zip(self._pieces, active, strict=True) if on]
            if all(piece.side != wanted[0] for piece in chosen):
                raise DiffusionError(
                    f"No {wanted[0]} condition counts at noise level {sigma:.3f}.",
                    "Let at least one condition cover each moment from 0 to 1.",
                )
            made = make_batches(
                with_fallbacks(chosen, self.shape, self._device),
                self.shape,
                self._device,
                self._dtype,
                repeatable=self.model.attends_across,
            )
            self._batches[active] = made
        return self._batches[active]

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
            extra={name: for_batch(tensor, batch) for name, tensor in condition.extra.items()},
            area=condition.area,
            weights=weights_for(condition, self.shape, self.model.device),
            controls=tuple(self._timed[control] for control in condition.controls),
            start=schedule.at_percent(condition.start),
            end=schedule.at_percent(condition.end),
            hooks=self._hooks.get(condition.hooks),
            fallback=condition.fallback,
        )

    def _hooked(self, conditions: Sequence[Condition]) -> dict[tuple[Hook, ...], Hooks]:
        """The conditions' hooks on this schedule; nothing if none has any."""
        schedule = self.model.schedule
        found = dict.fromkeys(condition.hooks for condition in conditions)
        return {hooks: Hooks(hooks, schedule) for hooks in found} if any(found) else {}


def _with_others_areas(
    side: Side, conditions: Mapping[Side, Sequence[Condition]]
) -> Sequence[Condition]:
    mine = conditions[side]
    others = [
        condition for name, given in conditions.items() if name != side for condition in given
    ]
    return share_controls(spread_areas(mine, others), others)
