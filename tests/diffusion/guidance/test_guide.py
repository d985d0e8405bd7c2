"""Guiders on a real tiny network: what they ask it, and what they make of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.guidance.guide import BOTH, Guided, GuidedDenoiser
from wirebrush_diffusion.guidance.perturbed import PerturbedAttention, SelfAttention
from wirebrush_diffusion.guidance.rules import (
    DynamicThresholding,
    EpsilonScaling,
    GuidanceInterval,
    ProjectedGuidance,
    RescaleCfg,
    Rule,
    TangentialDamping,
)
from wirebrush_diffusion.guidance.sides import Sides
from wirebrush_diffusion.guidance.three_sides import DualGuided, PerpNegGuided
from wirebrush_diffusion.latent.space import empty_latent
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise.schedules import sigmas_for
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.samplers import SAMPLERS, Step
from wirebrush_diffusion.sampling import part_of, sample_guided


@pytest.fixture(scope="module")
def parts(folder: Path) -> Parts:
    return load(folder)


@pytest.fixture(scope="module")
def conditions(parts: Parts) -> list[list[Condition]]:
    texts = ("a red house", "fog", "")
    return [[Condition(parts.text_encoder.encode(text).context)] for text in texts]


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


RULES_AFTER: list[Rule] = [PerturbedAttention(2.0), EpsilonScaling(1.3), SelfAttention(1.0)]


@pytest.mark.parametrize(
    "rule", [*RULES_AFTER, TangentialDamping()], ids=lambda r: type(r).__name__
)
def test_perp_neg_follows_rules_around_the_combination(
    parts: Parts, conditions: Any, rule: Rule
) -> None:
    """With the negative as the empty side, it is classifier-free guidance, and so are its rules."""
    positive, negative, _ = conditions
    shape = (1, 4, 8, 8)
    sides = (positive, negative, negative)
    plain = PerpNegGuided(parts.model, sides, 5.0, 1.0, shape)
    ruled = PerpNegGuided(parts.model, sides, 5.0, 1.0, shape, rules=[rule])
    x = 3.0 * torch.randn(shape, generator=torch.Generator().manual_seed(5))

    with torch.inference_mode():
        denoised = ruled(x, 3.0)
        assert not torch.allclose(denoised, plain(x, 3.0), atol=1e-4)
        if rule in RULES_AFTER:
            same = Guided(parts.model, positive, negative, 5.0, shape, rules=[rule])
            assert torch.allclose(denoised, same(x, 3.0), atol=1e-3)


def test_perp_neg_is_the_combination(parts: Parts, conditions: Any) -> None:
    """Rules that combine in another way have nothing to do; those that set the scale have."""
    shape = (1, 4, 8, 8)
    sides = tuple(conditions)
    x = 3.0 * torch.randn(shape, generator=torch.Generator().manual_seed(5))

    def estimate(cfg: float, *rules: Rule) -> Tensor:
        with torch.inference_mode():
            return PerpNegGuided(parts.model, sides, cfg, 1.0, shape, rules=rules)(x, 3.0)

    assert torch.equal(estimate(5.0, RescaleCfg(1.0)), estimate(5.0))
    assert torch.equal(estimate(5.0, GuidanceInterval(0.9, 1.0)), estimate(1.0))


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


class Frames(nn.Module):
    """A network for video latents `[N,C,t,h,w]`, whose answer is its input and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.config = SimpleNamespace(in_channels=4, cross_attention_dim=8)

    def forward(self, x: Tensor, time: Tensor, **inputs: Any) -> tuple[Tensor]:
        text = inputs["encoder_hidden_states"].mean(dim=(1, 2))
        return (x * text.reshape(-1, 1, 1, 1, 1),)


def test_latents_of_five_dimensions() -> None:
    model = DiffusionModel(Frames())
    sides = [[Condition(torch.full((1, 3, 8), value))] for value in (0.5, 0.1)]
    x = torch.randn((2, 4, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    rules: list[list[Rule]] = [[], [RescaleCfg()], [ProjectedGuidance()], [DynamicThresholding()]]

    for chosen in rules:
        found = Guided(model, *sides, 3.0, x.shape, rules=chosen)(x, 2.0)
        assert found.shape == x.shape
        assert found.isfinite().all()
    plain = Guided(model, *sides, 3.0, x.shape)(x, 2.0)
    eps = (0.1 + 3 * 0.4) * x / 5**0.5
    assert torch.allclose(plain, x - 2 * eps, atol=1e-4)


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
