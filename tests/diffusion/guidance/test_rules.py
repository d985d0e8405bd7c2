"""Guidance rules: each against its paper's formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from wirebrush_diffusion.guidance.guide import (
    guided,
)
from wirebrush_diffusion.guidance.rules import (
    CfgNorm,
    CfgZeroStar,
    DynamicThresholding,
    EpsilonScaling,
    FrameRamp,
    GuidanceInterval,
    Mahiro,
    Moment,
    ProjectedGuidance,
    RenormCfg,
    RescaleCfg,
    Rule,
    TangentialDamping,
    perpendicular,
)
from wirebrush_diffusion.noise.schedules import DiscreteSchedule, FlowSchedule

SHAPE = (2, 4, 8, 8)
SIGMA, CFG = 3.0, 6.0
SCHEDULE = DiscreteSchedule.from_betas()


def drawn(seed: int) -> Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))


def moment(**changes: Any) -> Moment:
    given = Moment(SIGMA * drawn(1), SIGMA, CFG, drawn(2), drawn(3), SCHEDULE)
    return replace(given, **changes)


def never(*inputs: Any) -> Tensor:
    raise AssertionError("no further pass is needed")


def result(rules: Sequence[Rule], **changes: Any) -> Tensor:
    return guided(moment(**changes), rules, never)


def test_without_rules_it_is_classifier_free() -> None:
    at = moment()
    assert at.negative is not None
    expected = at.negative + CFG * (at.positive - at.negative)
    assert torch.allclose(result([]), expected, atol=1e-5)


NEUTRAL: list[Rule] = [
    RescaleCfg(0.0),
    RenormCfg(100.0, 0.0),
    RenormCfg(100.0, 50.0),
    DynamicThresholding(mimic_scale=CFG),
    EpsilonScaling(1.0),
    FrameRamp(min_cfg=CFG),
    GuidanceInterval(),
]


@pytest.mark.parametrize("rule", NEUTRAL, ids=lambda rule: type(rule).__name__)
def test_a_rule_that_asks_for_nothing_changes_nothing(rule: Rule) -> None:
    assert torch.allclose(result([rule]), result([]), atol=1e-4)


def test_rescaling_restores_the_positives_contrast_in_v() -> None:
    at = moment()
    assert at.negative is not None
    variance = SIGMA**2 + 1

    def to_v(estimate: Tensor) -> Tensor:
        return (at.x / variance - estimate) * variance**0.5 / SIGMA

    v = to_v(result([RescaleCfg(1.0)]))

    assert v.std(dim=(1, 2, 3)) == pytest.approx(to_v(at.positive).std(dim=(1, 2, 3)), rel=1e-4)
    plain = to_v(at.negative + CFG * (at.positive - at.negative))
    assert torch.allclose(
        v / v.std(dim=(1, 2, 3), keepdim=True),
        plain / plain.std(dim=(1, 2, 3), keepdim=True),
        atol=1e-4,
    )


def test_renormed_guidance_is_as_long_as_the_positive() -> None:
    rule = RenormCfg()

    lengths = result([rule]).flatten(1).norm(dim=1)

    assert torch.allclose(lengths, moment().positive.flatten(1).norm(dim=1), rtol=1e-5)
    assert torch.equal(result([RenormCfg(cfg_trunc=SIGMA)]), moment().positive)
    assert not torch.equal(result([RenormCfg(cfg_trunc=SIGMA + 0.1)]), moment().positive)


def test_renormed_guidance_guides_flows_by_default() -> None:
    """Their noise levels end at 1, so that a limit of 100 is none."""
    flow = {"sigma": 1.0, "schedule": FlowSchedule(6.0)}

    assert not torch.equal(result([RenormCfg()], **flow), moment().positive)


def test_thresholding_gives_a_high_scale_the_range_of_a_low_one() -> None:
    low = result([], cfg=3.0).flatten(2)
    high = result([DynamicThresholding(mimic_scale=3.0)], cfg=30.0).flatten(2)

    ranges = [(x - x.mean(dim=2, keepdim=True)).abs().amax(dim=2) for x in (low, high)]
    assert torch.allclose(*ranges, rtol=1e-4)


def test_frames_get_a_scale_each() -> None:
    at = moment()
    assert at.negative is not None
    ramp = result([FrameRamp(1.0)])

    assert torch.allclose(ramp[0], at.positive[0], atol=1e-5)
    assert torch.allclose(ramp[1], result([])[1], atol=1e-5)
    triangle = result([FrameRamp(1.0, triangle=True)])
    assert torch.allclose(triangle, at.positive, atol=1e-5)  # both ends of two frames


def test_zero_star_fits_the_negative_to_the_positive() -> None:
    at = moment()
    assert at.negative is not None
    pos, neg = at.x - at.positive, at.x - at.negative
    fit = (pos * neg).sum((1, 2, 3), keepdim=True) / (neg * neg).sum((1, 2, 3), keepdim=True)
    expected = at.negative * fit + CFG * (at.positive - at.negative * fit)

    assert torch.allclose(result([CfgZeroStar()]), expected, atol=1e-3)


def test_normed_guidance_is_nowhere_longer_than_the_positive() -> None:
    lengths = result([CfgNorm()]).norm(dim=1)
    assert (lengths <= moment().positive.norm(dim=1) * (1 + 1e-5)).all()


def test_damping_leaves_what_both_noises_share() -> None:
    at = TangentialDamping().before(moment())
    given = moment()
    assert at.negative is not None
    assert given.negative is not None
    pair = torch.stack([given.x - given.positive, given.x - given.negative], dim=1).flatten(2)
    _, _, directions = torch.linalg.svd(pair, full_matrices=False)
    first = directions[:, :1]
    expected = (pair[:, 1:] @ first.transpose(1, 2)) @ first

    assert torch.allclose((at.x - at.negative).flatten(1), expected.squeeze(1), atol=1e-3)


def test_projected_guidance() -> None:
    free = result([ProjectedGuidance(eta=1.0, norm_threshold=0.0)])
    at = moment()
    assert at.negative is not None
    # with nothing taken away, the scale grows by the one that the authors add
    assert torch.allclose(free, result([]) + (at.positive - at.negative), atol=1e-4)

    across = ProjectedGuidance(eta=0.0, norm_threshold=5.0).before(at).positive
    moved = across - at.negative - (at.positive - at.negative) / CFG
    assert (moved * at.positive).sum((1, 2, 3)).abs().max() < 1e-3
    assert (moved.flatten(1).norm(dim=1) <= 5.0 + 1e-4).all()


def test_momentum_remembers_within_a_run_only() -> None:
    rule = ProjectedGuidance(momentum=0.5).begun()
    first = rule.before(moment()).positive
    second = rule.before(moment()).positive

    assert not torch.allclose(first, second)
    assert torch.equal(rule.begun().before(moment()).positive, first)


def test_mahiro_is_the_positive_where_both_sides_agree() -> None:
    at = moment(negative=drawn(2))
    expected = (4 * at.positive + 0 * at.positive * CFG) / 4
    assert torch.allclose(guided(at, [Mahiro()], never), expected, atol=1e-4)


def test_less_noise_is_taken_away() -> None:
    at = moment()
    scaled = at.x - result([EpsilonScaling(1.25)])
    assert torch.allclose(scaled * 1.25, at.x - result([]), atol=1e-4)


def test_rules_add_up_in_their_order() -> None:
    rules = [CfgNorm(0.5), EpsilonScaling(1.1)]
    assert not torch.allclose(result(rules), result(rules[::-1]))
    first, second = RescaleCfg(0.5), DynamicThresholding(2.0)
    assert torch.equal(result([first, second]), result([second]))  # the last combination counts


def test_perpendicular_has_nothing_of_the_other() -> None:
    across = perpendicular(drawn(1), drawn(2))
    assert (across * drawn(2)).sum((1, 2, 3)).abs().max() < 1e-3
