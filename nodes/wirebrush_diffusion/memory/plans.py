"""How much of a network fits: which weights stay, which come and go, how much is done at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from wirebrush_diffusion.memory.placement import Leaf, Placement, blocks_of
from wirebrush_diffusion.memory.streaming import Part

Weights = Literal["whole", "blocks", "layers"]


@dataclass(frozen=True, slots=True)
class Portion:
    """How much is done at once: `rows` of a batch, `tile` pixels of a side (0: all).

    `activations`: bytes that it is expected to take; `units` is the amount of work, by which
    measurements are compared.
    """

    rows: int
    activations: int
    units: float
    tile: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Weights on the device from the start (`kept`), parts that come and go, and the portion."""

    weights: Weights
    portion: Portion
    kept: Sequence[Leaf] = ()
    streamed: Sequence[Part] = field(default=())

    @property
    def needed(self) -> int:
        """Bytes on the device at the most."""
        return (
            sum(leaf.weight for leaf in self.kept)
            + 2 * max((part.weight for part in self.streamed), default=0)
            + self.portion.activations
        )

    @property
    def title(self) -> str:
        """What people read in the log."""
        how = {
            "whole": "all weights on the device",
            "blocks": f"{len(self.streamed)} blocks brought as they are needed",
            "layers": f"{len(self.streamed)} layers brought as they are needed",
        }
        rows, tile = self.portion.rows, self.portion.tile
        at_once = f"{rows} at once" if rows else ""
        return ", ".join(
            filter(None, [how[self.weights], at_once, f"tiles of {tile}" * (tile > 0)])
        )


def plans_for(
    placements: Sequence[Placement], portions: Sequence[Portion], reachable: int
) -> Iterator[Plan]:
    """All plans, the best first; `reachable` bytes decide how many parts may stay.

    Whole pictures come before tiles, which change the answer a little; then what is faster.
    """
    everything = [leaf for placement in placements for leaf in placement.every]
    blocks = [Part(*block) for placement in placements for block in blocks_of(placement)]
    layers = [Part(leaf.module, [leaf]) for placement in placements for leaf in placement.leaves]
    kinds: tuple[tuple[Weights, list[Part]], ...] = (("blocks", blocks), ("layers", layers))
    exact = [portion for portion in portions if not portion.tile]
    for alike in (exact, [portion for portion in portions if portion.tile]):
        for portion in alike:
            yield Plan("whole", portion, everything)
        for weights, parts in kinds:
            for portion in alike if parts else ():
                yield _streamed(weights, parts, everything, portion, reachable)


def fitting(plans: Sequence[Plan], reachable: int) -> Plan:
    """The first plan that fits; the last if none does: an expectation is no reason not to try."""
    for plan in plans:
        if plan.needed <= reachable:
            return plan
    return plans[-1]


def lower(plans: Sequence[Plan], failed: Plan, *, same: bool) -> list[Plan]:
    """Those that come after one that needed more than was expected, and need less.

    `same`: that one too, because more room can be made for it than was.
    """
    order = [(plan.weights, plan.portion.rows, plan.portion.tile) for plan in plans]
    place = order.index((failed.weights, failed.portion.rows, failed.portion.tile))
    after = [plan for plan in plans[place + 1 :] if plan.streamed or plan.weights == "whole"]
    return [plans[place], *after] if same else after


def _streamed(
    weights: Weights,
    parts: Sequence[Part],
    everything: Sequence[Leaf],
    portion: Portion,
    reachable: int,
) -> Plan:
    """As many parts stay as fit beside the two that travel; those of the beginning."""
    in_parts = {id(leaf) for part in parts for leaf in part.leaves}
    rest = [leaf for leaf in everything if id(leaf) not in in_parts]
    spare = reachable - portion.activations - sum(leaf.weight for leaf in rest)
    spare -= 2 * max(part.weight for part in parts)
    kept = list(rest)
    streamed: list[Part] = []
    for part in parts:
        if part.weight <= spare:
            spare -= part.weight
            kept += part.leaves
        else:
            streamed.append(part)
    return Plan(weights, portion, kept, streamed)
