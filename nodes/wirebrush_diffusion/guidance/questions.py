"""What guidance asks the network: each side's clean estimate, with the rules' alterations in force.

Rules may alter the network for every side (a smaller inner picture), for the negative one (skipped
layers), or for one more question (no attention).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from wirebrush_diffusion.alterations import Alteration, Together
from wirebrush_diffusion.guidance.batches import Side
from wirebrush_diffusion.guidance.rules import Rule
from wirebrush_diffusion.guidance.sides import Sides


class Questions:
    """The questions of one run."""

    def __init__(self, sides: Sides, rules: Sequence[Rule]) -> None:
        self._sides = sides
        self._rules = rules
        self._model = sides.model

    def each(self, x: Tensor, sigma: float, wanted: tuple[Side, ...]) -> list[Tensor]:
        """The clean estimates of these sides."""
        asked = (rule.negative_alteration(sigma, self._model.schedule) for rule in self._rules)
        changes = [change for change in asked if change is not None]
        if not changes or "negative" not in wanted:
            return self._denoised(x, sigma, wanted)
        answers = self._denoised(x, sigma, tuple(side for side in wanted if side != "negative"))
        altered = self.again("negative", x, sigma, Together(changes))
        answers.insert(wanted.index("negative"), altered)
        return answers

    def again(
        self, side: Side, x: Tensor, sigma: float, alteration: Alteration | None = None
    ) -> Tensor:
        """One side's clean estimate, of a network altered still more."""
        more = () if alteration is None else (alteration,)
        return self._denoised(x, sigma, (side,), *more)[0]

    def _denoised(
        self, x: Tensor, sigma: float, wanted: tuple[Side, ...], *more: Alteration
    ) -> list[Tensor]:
        asked = (rule.alteration(sigma, self._model.schedule) for rule in self._rules)
        always = (change for change in asked if change is not None)
        with Together((*always, *more)).on(self._model.network):
            return self._sides.denoised(x, sigma, wanted)
