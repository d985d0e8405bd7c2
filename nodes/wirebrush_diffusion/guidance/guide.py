"""Guidance: what is made of the network's answers to several sides' conditions.

`Guided` (classifier-free guidance, Ho & Salimans 2022) and its relatives turn a model and lists of
conditions into the samplers' `denoised = model(x, sigma)`. Rules (`guidance_rules`) change how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from math import isclose
from typing import Literal, Protocol

import torch
from torch import Tensor

from wirebrush_diffusion.alterations import Alteration, Together
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.batches import Side
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.guidance.rules import Moment, Rule, perpendicular
from wirebrush_diffusion.guidance.sides import Sides
from wirebrush_diffusion.model import DiffusionModel

Conditions = Sequence[Condition]
BOTH: tuple[Side, ...] = ("positive", "negative")
ALONE: tuple[Side, ...] = ("positive",)


class GuidedDenoiser(Protocol):
    """A `Denoiser` for one run, which can also tell the unconditional estimate."""

    def __call__(self, x: Tensor, sigma: float, /) -> Tensor: ...

    def both(self, x: Tensor, sigma: float, /) -> tuple[Tensor, Tensor]: ...

    def prepare(self, sigmas: Iterable[float]) -> None:
        """Do before the loop what need not be done in it."""
        ...


class Guider(Protocol):
    """Makes the denoiser of a run, once the shape `[B,C,h,w]` of its latents is known."""

    def __call__(self, shape: Sequence[int], *, pairs: bool) -> GuidedDenoiser:
        """`pairs`: `both` will be asked."""
        ...


class Guided:
    """`uncond + cfg * (cond - uncond)` over all conditions that count at a level.

    At cfg = 1 the negative side has no influence and is not computed.
    """

    def __init__(
        self,
        model: DiffusionModel,
        positive: Conditions,
        negative: Conditions,
        cfg: float,
        shape: Sequence[int],
        *,
        rules: Sequence[Rule] = (),
        pairs: bool = False,
    ) -> None:
        _check_positive(positive)
        self.model = model
        self.cfg = cfg
        self._rules = [rule.begun() for rule in rules]
        self._always = bool(negative) and (pairs or any(rule.needs_negative for rule in rules))
        if not negative and not isclose(cfg, 1.0):
            raise DiffusionError(
                f"cfg is {cfg} but there is no negative condition.",
                "Connect one (an empty text will do), or set cfg to 1.",
            )
        self._usual = BOTH if self._always or not isclose(cfg, 1.0) else ALONE
        given: dict[Side, Conditions] = {"positive": positive}
        if self._usual == BOTH:
            given["negative"] = negative
        self._sides = Sides(model, given, shape)

    def prepare(self, sigmas: Iterable[float]) -> None:
        for sigma in sigmas:
            if sigma > 0:
                self._sides.prepare((sigma,), self._wanted(self._cfg(sigma)))

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        """The clean estimate: x `[B,C,h,w]` float32 -> the same shape, float32."""
        if self._rules:
            return self.both(x, sigma)[0]
        wanted = self._usual
        plan = self._sides.plan(sigma, wanted)
        raw = self._sides.raw(x, sigma, plan)
        prediction = raw[0] if len(raw) == 1 else torch.lerp(raw[1], raw[0], self.cfg)
        return plan.scaling.denoised(x, prediction)

    def both(self, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        """The clean estimate, and the unconditional one (the same if there is none)."""
        cfg = self._cfg(sigma)
        wanted = self._wanted(cfg)
        positive, *negative = _altered(self._sides, self.model, self._rules, x, sigma, wanted)
        moment = Moment(
            x, sigma, cfg, positive, negative[0] if negative else None, self.model.schedule
        )
        denoised = guided(moment, self._rules, partial(_again, self._sides, self.model))
        return denoised, denoised if moment.negative is None else moment.negative

    def _cfg(self, sigma: float) -> float:
        cfg = self.cfg
        for rule in self._rules:
            cfg = rule.cfg(cfg, sigma, self.model.schedule)
        return cfg

    def _wanted(self, cfg: float) -> tuple[Side, ...]:
        return BOTH if self._always or not isclose(cfg, 1.0) else ALONE


class AnySize:
    """A guider's denoiser for x of any size, made anew for each."""

    def __init__(self, guider: Guider, *, pairs: bool) -> None:
        self._guider = guider
        self._pairs = pairs
        self._made: dict[tuple[int, ...], GuidedDenoiser] = {}

    def prepare(self, sigmas: Iterable[float]) -> None:
        """Nothing: sizes are not known before."""

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        return self._for(x)(x, sigma)

    def both(self, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        """The clean estimate and the unconditional one."""
        return self._for(x).both(x, sigma)

    def _for(self, x: Tensor) -> GuidedDenoiser:
        shape = tuple(x.shape)
        if shape not in self._made:
            self._made[shape] = self._guider(shape, pairs=self._pairs)
        return self._made[shape]


def guided(moment: Moment, rules: Sequence[Rule], again: Callable[..., Tensor]) -> Tensor:
    """The clean estimate of a moment: rules before, the combination, rules after."""
    for rule in rules:
        moment = rule.before(moment)
    denoised: Tensor | None = None
    for rule in reversed(rules):  # the last that combines does it alone
        denoised = rule.combined(moment) if moment.negative is not None else None
        if denoised is not None:
            break
    if denoised is None:
        denoised = moment.plain()
    for rule in rules:
        denoised = rule.after(moment, denoised, again)
    return denoised


class DualGuided:
    """Two conditions and a negative, with a scale each (Brooks et al. 2023, arXiv:2211.09800).

    regular: `neg + scale_2 * (second - neg) + scale_1 * (first - second)`; nested: the first is
    guided away from the second, and the result away from the negative.
    """

    def __init__(
        self,
        model: DiffusionModel,
        conditions: tuple[Conditions, Conditions, Conditions],
        scales: tuple[float, float],
        shape: Sequence[int],
        *,
        style: Literal["regular", "nested"] = "regular",
        rules: Sequence[Rule] = (),
    ) -> None:
        first, second, negative = conditions
        _check_positive(first)
        if not second or not negative:
            raise DiffusionError(
                "A guider for two conditions needs both of them, and a negative one.",
                "Connect the missing text encoding; an empty text will do.",
            )
        self.model = model
        self.scales = scales
        self.style = style
        self._rules = [rule.begun() for rule in rules]
        given: dict[Side, Conditions] = {
            "positive": first,
            "middle": second,
            "negative": negative,
        }
        self._wanted: tuple[Side, ...] = tuple(given)
        self._sides = Sides(model, given, shape)

    def prepare(self, sigmas: Iterable[float]) -> None:
        self._sides.prepare(sigmas, self._wanted)

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        return self.both(x, sigma)[0]

    def both(self, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        """The clean estimate, and the negative side's."""
        answers = _altered(self._sides, self.model, self._rules, x, sigma, self._wanted)
        first, second, negative = _three(answers, sigma)
        outer, inner = self.scales[1], self.scales[0]
        if self.style == "nested":
            text = torch.lerp(second, first, inner)
            return self._guided(x, sigma, text, negative, outer), negative
        step = (first - second).mul_(inner)
        return self._guided(x, sigma, second, negative, outer).add(step), negative

    def _guided(
        self, x: Tensor, sigma: float, positive: Tensor, negative: Tensor, cfg: float
    ) -> Tensor:
        moment = Moment(x, sigma, cfg, positive, negative, self.model.schedule)
        return guided(moment, self._rules, partial(_again, self._sides, self.model))


class PerpNegGuided:
    """The negative counts only where it does not contradict the positive.

    Perp-Neg (Armandpour et al. 2023, arXiv:2304.04968): of its direction, the part along the
    positive's is taken away; both are measured from an empty condition.
    """

    def __init__(
        self,
        model: DiffusionModel,
        conditions: tuple[Conditions, Conditions, Conditions],
        cfg: float,
        neg_scale: float,
        shape: Sequence[int],
        *,
        rules: Sequence[Rule] = (),
    ) -> None:
        positive, negative, empty = conditions
        _check_positive(positive)
        if not negative or not empty:
            raise DiffusionError(
                "Perp-Neg needs a negative and an empty condition.",
                "Connect CLIPTextEncode with an empty text to empty_conditioning.",
            )
        self.model = model
        self.cfg = cfg
        self.neg_scale = neg_scale
        self._rules = [rule.begun() for rule in rules]
        given: dict[Side, Conditions] = {
            "positive": positive,
            "negative": negative,
            "empty": empty,
        }
        self._wanted: tuple[Side, ...] = tuple(given)
        self._sides = Sides(model, given, shape)

    def prepare(self, sigmas: Iterable[float]) -> None:
        self._sides.prepare(sigmas, self._wanted)

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        return self.both(x, sigma)[0]

    def both(self, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        """The clean estimate, and the empty side's."""
        answers = _altered(self._sides, self.model, self._rules, x, sigma, self._wanted)
        positive, negative, empty = _three(answers, sigma)
        cfg = self.cfg
        for rule in self._rules:
            cfg = rule.cfg(cfg, sigma, self.model.schedule)
        moment = Moment(x, sigma, cfg, positive, negative, self.model.schedule)
        rules = [*self._rules, _PerpNeg(empty, self.neg_scale)]
        return guided(moment, rules, partial(_again, self._sides, self.model)), empty


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


def _altered(
    sides: Sides,
    model: DiffusionModel,
    rules: Sequence[Rule],
    x: Tensor,
    sigma: float,
    wanted: tuple[Side, ...],
) -> list[Tensor]:
    """Clean estimates; rules may ask for an altered network on the negative side."""
    asked = [rule.negative_alteration(sigma, model.schedule) for rule in rules]
    changes = [change for change in asked if change is not None]
    if not changes or "negative" not in wanted:
        return sides.denoised(x, sigma, wanted)
    answers = sides.denoised(x, sigma, tuple(side for side in wanted if side != "negative"))
    altered = _again(sides, model, "negative", x, sigma, Together(changes))
    answers.insert(wanted.index("negative"), altered)
    return answers


def _again(
    sides: Sides,
    model: DiffusionModel,
    side: Side,
    x: Tensor,
    sigma: float,
    alteration: Alteration | None = None,
) -> Tensor:
    if alteration is None:
        return sides.denoised(x, sigma, (side,))[0]
    with alteration.on(model.network):
        return sides.denoised(x, sigma, (side,))[0]


def _check_positive(positive: Conditions) -> None:
    if not positive:
        raise DiffusionError("There is no positive condition.", "Connect a text encoding.")


def _three(estimates: Sequence[Tensor], sigma: float) -> tuple[Tensor, Tensor, Tensor]:
    if len(estimates) != 3:
        raise DiffusionError(
            f"A side of the guider has no condition that counts at noise level {sigma:.3f}.",
            "Let the conditions of each side cover the whole run, from 0 to 1.",
        )
    return estimates[0], estimates[1], estimates[2]
