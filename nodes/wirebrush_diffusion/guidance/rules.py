"""Rules that change guidance: each a page of arithmetic on clean estimates `[B,C,h,w]`.

A rule may change the scale, the estimates before they are combined, the combination, or the result;
it does what its paper says and leaves the rest to the base class. Several go in their order. Norms
and means are per picture, and stay on the device.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import isclose

import torch
from torch import Tensor

from wirebrush_diffusion.alterations import Alteration
from wirebrush_diffusion.noise.schedules import NoiseSchedule

Again = Callable[..., Tensor]
"""`again(side, x, sigma, alteration=None)`: one side's clean estimate, asked once more."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One model call as rules see it: x at `sigma`, the scale, and each side's clean estimate."""

    x: Tensor
    sigma: float
    cfg: float
    positive: Tensor
    negative: Tensor | None
    schedule: NoiseSchedule

    def plain(self) -> Tensor:
        """Classifier-free guidance."""
        if self.negative is None or isclose(self.cfg, 1.0):
            return self.positive
        return torch.lerp(self.negative, self.positive, self.cfg)

    def within(self, start: float, end: float) -> bool:
        """Whether the run is between two parts (0..1) of its way."""
        schedule = self.schedule
        return schedule.at_percent(end) <= self.sigma <= schedule.at_percent(start)


class Rule:
    """Changes nothing; rules are subclasses."""

    needs_negative: bool = False
    """The negative side is wanted even at cfg = 1."""

    def begun(self) -> Rule:
        """The rule for one run; a rule that remembers starts anew."""
        return self

    def cfg(self, cfg: float, sigma: float, schedule: NoiseSchedule) -> float:
        """The scale at a noise level."""
        return cfg

    def alteration(self, sigma: float, schedule: NoiseSchedule) -> Alteration | None:
        """How the network is altered, whoever asks it."""
        return None

    def negative_alteration(self, sigma: float, schedule: NoiseSchedule) -> Alteration | None:
        """How the network is altered while it answers the negative side."""
        return None

    def before(self, moment: Moment) -> Moment:
        """The moment with other estimates."""
        return moment

    def combined(self, moment: Moment) -> Tensor | None:
        """The combination of both sides, if this rule makes it."""
        return None

    def after(self, moment: Moment, denoised: Tensor, again: Again) -> Tensor:
        """The result, changed."""
        return denoised


@dataclass(frozen=True)
class RescaleCfg(Rule):
    """The positive's contrast, restored in v-space (Lin et al. 2023, arXiv:2305.08891)."""

    multiplier: float = 0.7

    def combined(self, moment: Moment) -> Tensor | None:
        assert moment.negative is not None
        variance = moment.sigma**2 + 1
        scale = -moment.sigma / variance**0.5
        base = moment.x / variance
        positive, negative = (moment.positive - base) / scale, (moment.negative - base) / scale
        both = torch.lerp(negative, positive, moment.cfg)
        factor = _deviation(positive) / _deviation(both)
        return base + both * (factor * self.multiplier + (1 - self.multiplier)) * scale


@dataclass(frozen=True)
class RenormCfg(Rule):
    """The result is not longer than `renorm_cfg` times the positive (Lumina-Image 2.0).

    From noise level `cfg_trunc` on the positive side alone counts.
    """

    cfg_trunc: float = 100.0
    renorm_cfg: float = 1.0

    def combined(self, moment: Moment) -> Tensor | None:
        if moment.sigma >= self.cfg_trunc:
            return moment.positive
        both = moment.plain()
        if self.renorm_cfg <= 0:
            return both
        longest = _length(moment.positive) * self.renorm_cfg
        return both * (longest / _length(both)).clamp(max=1.0)


@dataclass(frozen=True)
class DynamicThresholding(Rule):
    """The range of a lower scale, for a higher one (Saharia et al. 2022, arXiv:2205.11487).

    Per channel, values are cut at the quantile `threshold_percentile` of what the scale asks for
    and brought to the range that `mimic_scale` would have had.
    """

    mimic_scale: float = 7.0
    threshold_percentile: float = 1.0

    def combined(self, moment: Moment) -> Tensor | None:
        assert moment.negative is not None
        mimic = torch.lerp(moment.negative, moment.positive, self.mimic_scale)
        both = torch.lerp(moment.negative, moment.positive, moment.cfg)
        middle = both.flatten(2).mean(dim=2, keepdim=True)
        centred = both.flatten(2) - middle
        wanted = mimic.flatten(2)
        wanted = (wanted - wanted.mean(dim=2, keepdim=True)).abs().amax(dim=2, keepdim=True)
        reach = torch.quantile(centred.abs(), self.threshold_percentile, dim=2, keepdim=True)
        reach = torch.maximum(reach, wanted)
        cut = torch.minimum(torch.maximum(centred, -reach), reach)
        return (cut / reach * wanted + middle).reshape(both.shape)


@dataclass(frozen=True)
class GuidanceInterval(Rule):
    """Guidance only from `start` to `end` of the run (Kynkäänniemi et al. 2024, arXiv:2404.07724).

    Elsewhere the negative side is not even computed.
    """

    start: float = 0.0
    end: float = 1.0

    def cfg(self, cfg: float, sigma: float, schedule: NoiseSchedule) -> float:
        inside = schedule.at_percent(self.end) <= sigma <= schedule.at_percent(self.start)
        return cfg if inside else 1.0


@dataclass(frozen=True)
class FrameRamp(Rule):
    """A scale for each frame of a batch: from `min_cfg` up to cfg, or up and down again."""

    min_cfg: float = 1.0
    triangle: bool = False

    def combined(self, moment: Moment) -> Tensor | None:
        assert moment.negative is not None
        frames = moment.positive.shape[0]
        place = torch.linspace(0, 1, frames, device=moment.positive.device)
        if self.triangle:
            place = 1 - (2 * place - 1).abs()
        scale = self.min_cfg + place * (moment.cfg - self.min_cfg)
        scale = scale.reshape(-1, *[1] * (moment.positive.ndim - 1))
        return torch.lerp(moment.negative, moment.positive, scale.to(moment.positive.dtype))


@dataclass(frozen=True)
class CfgZeroStar(Rule):
    """The negative's noise, scaled to fit the positive's (Fan et al. 2025, arXiv:2503.18886)."""

    def after(self, moment: Moment, denoised: Tensor, again: Again) -> Tensor:
        if moment.negative is None:
            return denoised
        positive, negative = moment.x - moment.positive, moment.x - moment.negative
        fit = _product(positive, negative) / (_product(negative, negative) + 1e-8)
        return denoised + moment.negative * (fit - 1) * (1 - moment.cfg)


@dataclass(frozen=True)
class CfgNorm(Rule):
    """At each position, the result is not longer than the positive; times `strength`."""

    strength: float = 1.0

    def after(self, moment: Moment, denoised: Tensor, again: Again) -> Tensor:
        longest = moment.positive.norm(dim=1, keepdim=True)
        scale = (longest / (denoised.norm(dim=1, keepdim=True) + 1e-8)).clamp(0.0, 1.0)
        return denoised * scale * self.strength


@dataclass(frozen=True)
class TangentialDamping(Rule):
    """TCFG (Kwon et al. 2025, arXiv:2503.18137): the negative keeps what both noises share.

    That is its part along the first singular direction of the two.
    """

    def before(self, moment: Moment) -> Moment:
        if moment.negative is None:
            return moment
        pair = torch.stack([moment.x - moment.positive, moment.x - moment.negative], dim=1)
        flat = pair.flatten(2).float()
        values, vectors = torch.linalg.eigh(flat @ flat.transpose(1, 2))
        first = vectors[..., -1:].transpose(1, 2) @ flat / values[..., -1:, None].sqrt()
        shared = (flat[:, 1:] @ first.transpose(1, 2)) @ first
        noise = shared.reshape(moment.x.shape).to(moment.x.dtype)
        return replace(moment, negative=moment.x - noise)


@dataclass(frozen=True)
class ProjectedGuidance(Rule):
    """APG (Sadat et al. 2024, arXiv:2410.02416): guidance across the estimate, less along it.

    `eta` is what stays of the part along it; longer guidance than `norm_threshold` is cut (0: no
    limit); `momentum` adds earlier steps' guidance, a negative one takes them away.
    """

    eta: float = 1.0
    norm_threshold: float = 5.0
    momentum: float = 0.0
    _past: list[Tensor] = field(default_factory=list[Tensor], compare=False)

    def begun(self) -> Rule:
        return replace(self, _past=[])

    def before(self, moment: Moment) -> Moment:
        if moment.negative is None:
            return moment
        difference = moment.positive - moment.negative
        guidance = difference
        if self.momentum:
            guidance = guidance + (self._past[0] * self.momentum if self._past else 0.0)
            self._past[:] = [guidance]
        if self.norm_threshold > 0:
            guidance = guidance * (self.norm_threshold / _length(guidance)).clamp(max=1.0)
        across = perpendicular(guidance, moment.positive)
        changed = across + self.eta * (guidance - across)
        positive = moment.negative + changed + difference / moment.cfg
        return replace(moment, positive=positive)


@dataclass(frozen=True)
class Mahiro(Rule):
    """A mixture of guidance and the scaled positive, by how alike positive and result are."""

    def after(self, moment: Moment, denoised: Tensor, again: Again) -> Tensor:
        if moment.negative is None:
            return denoised
        leap = moment.positive * moment.cfg
        unleap, merged = moment.negative * moment.cfg, (leap + denoised) / 2
        roots = [value.abs().sqrt() * value.sign() for value in (unleap, merged)]
        alike = 2 * (torch.cosine_similarity(*roots, dim=1).mean() + 1)
        return (alike * denoised + (4 - alike) * leap) / 4


@dataclass(frozen=True)
class EpsilonScaling(Rule):
    """Less noise is taken away at each step (Ning et al. 2023, arXiv:2308.15321)."""

    scaling_factor: float = 1.005

    def after(self, moment: Moment, denoised: Tensor, again: Again) -> Tensor:
        return moment.x - (moment.x - denoised) / self.scaling_factor


def perpendicular(direction: Tensor, along: Tensor) -> Tensor:
    """The part of a direction that has nothing of another one, per picture."""
    share = _product(direction, along) / _product(along, along).clamp(min=1e-12)
    return direction - share * along


def _dims(value: Tensor) -> tuple[int, ...]:
    return tuple(range(1, value.ndim))


def _product(one: Tensor, other: Tensor) -> Tensor:
    return (one * other).sum(dim=_dims(one), keepdim=True)


def _length(value: Tensor) -> Tensor:
    return _product(value, value).sqrt().clamp(min=1e-12)


def _deviation(value: Tensor) -> Tensor:
    return value.std(dim=_dims(value), keepdim=True).clamp(min=1e-12)
