"""Guiders that ask three sides at every level: two conditions and a negative, or an empty one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.batches import Side
from wirebrush_diffusion.guidance.guide import Conditions, check_positive, guided
from wirebrush_diffusion.guidance.questions import Questions
from wirebrush_diffusion.guidance.rules import Moment, Rule, perpendicular
from wirebrush_diffusion.guidance.sides import Sides
from wirebrush_diffusion.model import DiffusionModel

Three = tuple[Conditions, Conditions, Conditions]


class ThreeSided:
    """The questions; what is made of the answers is the subclass's `both`."""

    sides: ClassVar[tuple[Side, Side, Side]]
    """The sides' names, in the order of their conditions; all three are always asked."""
    incomplete: ClassVar[tuple[str, str]]
    """What to say if the second or third has no condition, and the remedy."""

    def __init__(
        self,
        model: DiffusionModel,
        conditions: Three,
        shape: Sequence[int],
        rules: Sequence[Rule],
    ) -> None:
        check_positive(conditions[0])
        if not conditions[1] or not conditions[2]:
            raise DiffusionError(*self.incomplete)
        self.model = model
        self._rules = [rule.begun() for rule in rules]
        given: Mapping[Side, Conditions] = dict(zip(self.sides, conditions, strict=True))
        self._sides = Sides(model, given, shape)
        self._questions = Questions(self._sides, self._rules)

    def prepare(self, sigmas: Iterable[float]) -> None:
        self._sides.prepare(sigmas, self.sides)

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        return self.both(x, sigma)[0]

    def both(self, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        """The clean estimate, and the one that guidance leads away from."""
        raise NotImplementedError

    def _three(self, x: Tensor, sigma: float) -> tuple[Tensor, Tensor, Tensor]:
        """Each side's clean estimate."""
        found = self._questions.each(x, sigma, self.sides)
        if len(found) != 3:
            raise DiffusionError(
                f"A side of the guider has no condition that counts at noise level {sigma:.3f}.",
                "Let the conditions of each side cover the whole run, from 0 to 1.",
            )
        return found[0], found[1], found[2]

    def _guided(self, moment: Moment, *more: Rule) -> Tensor:
        return guided(moment, [*self._rules, *more], self._questions.again)


class DualGuided(ThreeSided):
    """Two conditions and a negative, with a scale each (Brooks et al. 2023, arXiv:2211.09800).

    regular: `neg + scale_2 * (second - neg) + scale_1 * (first - second)`; nested: the first is
    guided away from the second, and the result away from the negative.
    """

    sides = ("positive", "middle", "negative")
    incomplete = (
        "A guider for two conditions needs both of them, and a negative one.",
        "Connect the missing text encoding; an empty text will do.",
    )

    def __init__(
        self,
        model: DiffusionModel,
        conditions: Three,
        scales: tuple[float, float],
        shape: Sequence[int],
        *,
        style: Literal["regular", "nested"] = "regular",
        rules: Sequence[Rule] = (),
    ) -> None:
        super().__init__(model, conditions, shape, rules)
        self.scales = scales
        self.style = style

    def both(self, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        """The clean estimate, and the negative side's."""
        first, second, negative = self._three(x, sigma)
        inner, outer = self.scales
        nested = self.style == "nested"
        base = torch.lerp(second, first, inner) if nested else second
        moment = Moment(x, sigma, outer, base, negative, self.model.schedule)
        denoised = self._guided(moment)
        return denoised if nested else denoised.add((first - second).mul_(inner)), negative


class PerpNegGuided(ThreeSided):
    """The negative counts only where it does not contradict the positive.

    Perp-Neg (Armandpour et al. 2023, arXiv:2304.04968): of its direction, the part along the
    positive's is taken away; both are measured from an empty condition.
    """

    sides = ("positive", "negative", "empty")
    incomplete = (
        "Perp-Neg needs a negative and an empty condition.",
        "Connect CLIPTextEncode with an empty text to empty_conditioning.",
    )

    def __init__(
        self,
        model: DiffusionModel,
        conditions: Three,
        cfg: float,
        neg_scale: float,
        shape: Sequence[int],
        *,
        rules: Sequence[Rule] = (),
    ) -> None:
        super().__init__(model, conditions, shape, rules)
        self.cfg = cfg
        self.neg_scale = neg_scale

    def both(self, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        """The clean estimate, and the empty side's."""
        positive, negative, empty = self._three(x, sigma)
        cfg = self.cfg
        for rule in self._rules:
            cfg = rule.cfg(cfg, sigma, self.model.schedule)
        moment = Moment(x, sigma, cfg, positive, negative, self.model.schedule)
        return self._guided(moment, _PerpNeg(empty, self.neg_scale)), empty


@dataclass(frozen=True, eq=False)
class _PerpNeg(Rule):
    """The combination: other rules that combine do not count, the rest do."""

    empty: Tensor
    neg_scale: float

    def combined(self, moment: Moment) -> Tensor | None:
        assert moment.negative is not None
        along = moment.positive - self.empty
        away = perpendicular(moment.negative - self.empty, along).mul_(self.neg_scale)
        return self.empty.add(along.sub_(away), alpha=moment.cfg)
