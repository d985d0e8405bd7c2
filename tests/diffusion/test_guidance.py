"""Guiders and guidance rules: each against its paper's formula, on a real tiny network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from wirebrush_diffusion.checkpoint import Parts, load
from wirebrush_diffusion.condition import Condition
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance import (
    BOTH,
    DualGuided,
    Guided,
    GuidedDenoiser,
    PerpNegGuided,
    guided,
)
from wirebrush_diffusion.guidance_rules import (
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
from wirebrush_diffusion.latents import empty_latent
from wirebrush_diffusion.noise import initial_noise
from wirebrush_diffusion.samplers import SAMPLERS, Step
from wirebrush_diffusion.sampling import part_of, sample_guided
from wirebrush_diffusion.schedules import DiscreteSchedule, sigmas_for
from wirebrush_diffusion.sides import Sides

SHAPE = (2, 4, 8, 8)
SIGMA, CFG = 3.0, 6.0
SCHEDULE = DiscreteSchedule.from_betas()


@pytest.fixture(scope="module")
def parts(folder: Path) -> Parts:
    return load(folder)


@pytest.fixture(scope="module")
def conditions(parts: Parts) -> list[list[Condition]]:
    texts = ("a red house", "fog", "")
    return [[Condition(parts.text_encoder.encode(text).context)] for text in texts]


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
    if isinstance(rule, RenormCfg):
        rule = replace(rule, cfg_trunc=10_000.0)
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
    rule = RenormCfg(cfg_trunc=10_000.0, renorm_cfg=1.0)

    lengths = result([rule]).flatten(1).norm(dim=1)

    assert torch.allclose(lengths, moment().positive.flatten(1).norm(dim=1), rtol=1e-5)
    assert torch.equal(result([RenormCfg(cfg_trunc=0.0)]), moment().positive)


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


def run(parts: Parts, guider: Any, sampler: str = "euler", steps: int = 4) -> Tensor:
    latent = empty_latent(64, 64)
    noise = initial_noise(latent, 1)
    sigmas = sigmas_for(parts.model.schedule, "normal", steps)
    chosen = SAMPLERS[sampler]
    return sample_guided(parts.model, guider, latent, noise, sigmas, sampler=chosen, seed=1).samples


def cfg_guider(parts: Parts, conditions: Any, cfg: float, rules: Sequence[Rule] = ()) -> Any:
    positive, negative, _ = conditions

    def guider(shape: Sequence[int], *, pairs: bool) -> GuidedDenoiser:
        return Guided(parts.model, positive, negative, cfg, shape, rules=rules, pairs=pairs)

    return guider


def test_the_interval_spares_the_negative_side(parts: Parts, conditions: Any) -> None:
    rows: list[int] = []
    handle = parts.model.network.conv_in.register_forward_hook(
        lambda module, inputs, output: rows.append(inputs[0].shape[0])
    )
    try:
        run(parts, cfg_guider(parts, conditions, 5.0, [GuidanceInterval(0.2, 0.6)]))
    finally:
        handle.remove()
    assert rows == [1, 2, 1, 1]


def test_no_rule_and_a_neutral_rule_paint_the_same(parts: Parts, conditions: Any) -> None:
    plain = run(parts, cfg_guider(parts, conditions, 5.0))
    ruled = run(parts, cfg_guider(parts, conditions, 5.0, [EpsilonScaling(1.0)]))
    assert torch.allclose(plain, ruled, atol=1e-3)


def test_cfg_pp_asks_for_the_negative_even_at_1(parts: Parts, conditions: Any) -> None:
    at_1 = run(parts, cfg_guider(parts, conditions, 1.0), "euler_cfg_pp")
    euler = run(parts, cfg_guider(parts, conditions, 1.0), "euler")
    assert not torch.allclose(at_1, euler, atol=1e-3)

    def alone(shape: Sequence[int], *, pairs: bool) -> GuidedDenoiser:
        return Guided(parts.model, conditions[0], (), 1.0, shape, pairs=pairs)

    # with no negative side it is its own unconditional estimate
    assert torch.allclose(run(parts, alone, "euler_cfg_pp"), euler, atol=1e-3)


@pytest.mark.parametrize("style", ["regular", "nested"])
def test_two_conditions_with_a_scale_each(parts: Parts, conditions: Any, style: Any) -> None:
    x = 3.0 * torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(5))
    dual = DualGuided(parts.model, tuple(conditions), (4.0, 2.0), x.shape, style=style)
    sides = Sides(parts.model, {"positive": conditions[0]}, x.shape)

    def alone(condition: list[Condition]) -> Tensor:
        return Sides(parts.model, {"positive": condition}, x.shape).denoised(x, 3.0, ("positive",))[
            0
        ]

    with torch.inference_mode():
        first, second, negative = (alone(condition) for condition in conditions)
        found = dual(x, 3.0)
        assert torch.allclose(sides.denoised(x, 3.0, ("positive",))[0], first)

    expected = negative + 2 * (second - negative) + 4 * (first - second)
    if style == "nested":
        expected = negative + 2 * (second + 4 * (first - second) - negative)
    assert torch.allclose(found, expected, atol=1e-3)


def test_perp_neg_ignores_a_negative_that_contradicts(parts: Parts, conditions: Any) -> None:
    positive, _, empty = conditions
    same = PerpNegGuided(parts.model, (positive, positive, empty), 5.0, 1.0, (1, 4, 8, 8))
    plain = Guided(parts.model, positive, empty, 5.0, (1, 4, 8, 8))
    x = 3.0 * torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(5))

    with torch.inference_mode():
        assert torch.allclose(same(x, 3.0), plain(x, 3.0), atol=1e-3)


def test_missing_sides_are_said(parts: Parts, conditions: Any) -> None:
    positive, negative, empty = conditions
    shape = (1, 4, 8, 8)
    with pytest.raises(DiffusionError, match="no positive condition"):
        Guided(parts.model, (), negative, 5.0, shape)
    with pytest.raises(DiffusionError, match="needs both of them"):
        DualGuided(parts.model, (positive, (), negative), (1.0, 1.0), shape)
    with pytest.raises(DiffusionError, match="an empty condition"):
        PerpNegGuided(parts.model, (positive, negative, ()), 5.0, 1.0, shape)
    half = [replace(empty[0], end=0.5)]
    dual = DualGuided(parts.model, (positive, negative, half), (1.0, 1.0), shape)
    with pytest.raises(DiffusionError, match=r"no condition that counts at noise level 0\.100"):
        dual(torch.zeros(shape), 0.1)


def test_answers_are_in_the_order_of_the_sides(parts: Parts, conditions: Any) -> None:
    sides = Sides(parts.model, {"positive": conditions[0], "negative": conditions[1]}, (1, 4, 8, 8))
    x = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        both = sides.denoised(x, 2.0, BOTH)
        assert torch.allclose(both[1], sides.denoised(x, 2.0, ("negative",))[0], atol=1e-4)


def test_parts_of_a_run() -> None:
    sigmas = [4.0, 3.0, 2.0, 1.0, 0.0]

    assert part_of(sigmas, 0, 10_000, leftover=False) == sigmas
    assert part_of(sigmas, 0, 2, leftover=True) == [4.0, 3.0, 2.0]
    assert part_of(sigmas, 0, 2, leftover=False) == [4.0, 3.0, 0.0]
    assert part_of(sigmas, 2, 10_000, leftover=False) == [2.0, 1.0, 0.0]
    assert part_of(sigmas, 4, 10_000, leftover=False) == []
    assert part_of(sigmas, 3, 2, leftover=False) == []


@pytest.mark.parametrize("sampler", ["euler", "heun", "dpm_2", "dpmpp_2s_ancestral"])
def test_two_halves_are_the_whole(parts: Parts, conditions: Any, sampler: str) -> None:
    """Of one-step samplers; of a stochastic one the first half, whose noise starts alike."""
    latent = empty_latent(64, 64)
    noise = initial_noise(latent, 1)
    sigmas = sigmas_for(parts.model.schedule, "normal", 6)
    guider, chosen = cfg_guider(parts, conditions, 4.0), SAMPLERS[sampler]

    def part(start: int, end: int, latent: Tensor, noise: Tensor, leftover: bool) -> Tensor:
        levels = part_of(sigmas, start, end, leftover=leftover)
        return sample_guided(
            parts.model, guider, latent, noise, levels, sampler=chosen, seed=1
        ).samples

    half = part(0, 3, latent, noise, True)
    if chosen.noise == "none":
        both = part(3, 10_000, half, torch.zeros_like(latent), False)
        assert torch.allclose(both, part(0, 10_000, latent, noise, False), atol=1e-3)
    steps: list[Tensor] = []
    sample_guided(
        parts.model,
        guider,
        latent,
        noise,
        sigmas,
        sampler=chosen,
        seed=1,
        on_step=lambda step: steps.append(step.x),
    )
    assert torch.allclose(steps[3] / 0.18215, half, atol=1e-3)


def test_the_last_clean_estimate_comes_along(parts: Parts, conditions: Any) -> None:
    latent = empty_latent(64, 64)
    steps: list[Step] = []
    outcome = sample_guided(
        parts.model,
        cfg_guider(parts, conditions, 4.0),
        latent,
        initial_noise(latent, 1),
        [10.0, 5.0, 2.0],
        sampler=SAMPLERS["euler"],
        seed=1,
        on_step=steps.append,
    )
    assert torch.allclose(outcome.denoised * 0.18215, steps[-1].denoised, atol=1e-4)
    assert not torch.allclose(outcome.denoised, outcome.samples)
    outcome.denoised.add_(1)  # an ordinary tensor
