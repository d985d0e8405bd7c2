"""Guidance: what is made of the network's answers to several sides' conditions.

`Guided` (classifier-free guidance, Ho & Salimans 2022) and its relatives turn a model and lists of
conditions into the samplers' `denoised = model(x, sigma)`. Rules (`rules`) change how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isclose
from typing import Protocol

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.batches import Side
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.guidance.questions import Questions
from wirebrush_diffusion.guidance.rules import Moment, Rule
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
        check_positive(positive)
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
        self._questions = Questions(self._sides, self._rules)

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
        positive, *negative = self._questions.each(x, sigma, wanted)
        moment = Moment(
            x, sigma, cfg, positive, negative[0] if negative else None, self.model.schedule
        )
        denoised = guided(moment, self._rules, self._questions.again)
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


def check_positive(positive: Conditions) -> None:
    """Raise if there is nothing to paint towards."""
    if not positive:
        raise DiffusionError("There is no positive condition.", "Connect a text encoding.")
