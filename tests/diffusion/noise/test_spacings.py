"""Levels between two ends, and published ones."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from diffusers.schedulers import AysSchedules, EulerDiscreteScheduler
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.noise.beta_quantiles import beta_quantiles
from wirebrush_diffusion.noise.schedules import DiscreteSchedule, turbo
from wirebrush_diffusion.noise.spacings import (
    ALIGN_YOUR_STEPS,
    OPTIMAL_STEPS,
    exponential,
    extended,
    karras,
    kl_optimal,
    laplace,
    last_part,
    linear_quadratic,
    ltxv,
    polyexponential,
    resampled,
    vp,
)

LOW, HIGH = 0.0291675, 14.614642


@given(steps=st.integers(1, 200), low=st.floats(0.001, 1.0), high=st.floats(1.1, 500.0))
@settings(max_examples=60, deadline=None)
def test_all_descend_from_one_end_to_the_other(steps: int, low: float, high: float) -> None:
    for levels in (
        karras(steps, low, high),
        exponential(steps, low, high),
        polyexponential(steps, low, high, 2.0),
        kl_optimal(steps, low, high),
        [*laplace(steps, low, high), 0.0],
    ):
        assert len(levels) == steps + 1
        assert levels[-1] == 0.0
        assert levels[0] == pytest.approx(high, rel=1e-6) or len(levels) < 4 or levels[0] > 300
        if steps > 1:
            assert levels[-2] == pytest.approx(low, rel=1e-6) or levels[-2] < 0.01
        assert all(before >= after for before, after in itertools.pairwise(levels))


def test_vp_is_the_continuous_process() -> None:
    levels = vp(20)

    for time, level in zip(torch.linspace(1, 1e-3, 20).tolist(), levels, strict=False):
        alpha_bar = math.exp(-(19.9 * time**2 / 2 + 0.1 * time))
        assert level == pytest.approx(math.sqrt((1 - alpha_bar) / alpha_bar), rel=1e-4)
    with pytest.raises(DiffusionError, match="beyond all numbers"):
        vp(20, beta_d=5000)


@pytest.mark.parametrize(
    ("model", "theirs"),
    [
        ("SD1", "StableDiffusionSigmas"),
        ("SDXL", "StableDiffusionXLSigmas"),
        ("SVD", "StableDiffusionVideoSigmas"),
    ],
)
def test_align_your_steps_is_what_diffusers_has(model: str, theirs: str) -> None:
    assert resampled(ALIGN_YOUR_STEPS[model], 10) == pytest.approx(AysSchedules[theirs], abs=4e-3)


@pytest.mark.parametrize("published", [*ALIGN_YOUR_STEPS.values(), *OPTIMAL_STEPS.values()])
def test_published_levels_can_be_had_in_any_number(published: Any) -> None:
    for steps in (3, 7, 10, 25, 100):
        levels = resampled(published, steps)
        assert len(levels) == steps + 1
        assert (levels[0], levels[-1]) == (pytest.approx(published[0]), 0.0)
        assert all(before > after for before, after in itertools.pairwise(levels))
    twice = resampled(published, 2 * (len(published) - 1))
    assert twice[:-1:2] == pytest.approx(list(published[:-1]))  # what was there stays


@pytest.mark.parametrize(("denoise", "kept"), [(1.0, 10), (0.5, 5), (0.26, 3), (0.0, -1)])
def test_a_part_is_the_end(denoise: float, kept: int) -> None:
    levels = resampled(ALIGN_YOUR_STEPS["SD1"], 10)

    assert last_part(levels, 10, denoise) == (levels[-(kept + 1) :] if kept > 0 else [])


@pytest.mark.parametrize("steps", [2, 5, 20, 51])
def test_linear_quadratic_is_smooth_where_its_halves_meet(steps: int) -> None:
    gone = [1 - level for level in linear_quadratic(steps, 1.0)]

    half = steps // 2
    assert gone[half] == pytest.approx(0.025)
    assert gone[-1] == 1.0
    slopes = [after - before for before, after in itertools.pairwise(gone)]
    assert slopes[:half] == pytest.approx([0.025 / half] * half)
    bends = [after - before for before, after in itertools.pairwise(slopes[half:])]
    assert bends == pytest.approx(bends[:1] * len(bends))
    assert linear_quadratic(1, 3.0) == [3.0, 0.0]


def test_turbo_visits_the_times_it_was_distilled_for() -> None:
    schedule = DiscreteSchedule.from_betas()

    assert turbo(schedule, 1) == [schedule.sigma(999), 0.0]
    assert turbo(schedule, 4, 0.5) == [schedule.sigma(t) for t in (499, 399, 299, 199)] + [0.0]


def test_ltxv_moves_towards_noise_with_size() -> None:
    small, large = ltxv(10, 1024), ltxv(10, 4096)

    assert all(a <= b + 1e-12 for a, b in zip(small, large, strict=True))
    assert small[0] == large[0] == 1.0
    assert small[-2] == pytest.approx(0.1)
    shift = math.exp(0.95)
    assert ltxv(4, 1024, stretch=False)[2] == pytest.approx(shift / (shift + 1))


def test_steps_can_be_cut_between_two_levels() -> None:
    assert extended([4.0, 2.0, 1.0, 0.0], 2, 3.0, 1.5, "linear") == [4.0, 2.0, 1.5, 1.0, 0.0]
    assert extended([4.0, 2.0, 0.0], 2, -1, 0, "linear") == [4.0, 3.0, 2.0, 1.0, 0.0]
    gone = {name: 4 - extended([4.0, 2.0], 2, -1, 0, name)[1] for name in ("cosine", "sine")}
    assert gone["cosine"] == pytest.approx(2 * math.sin(math.pi / 4))
    assert gone["sine"] == pytest.approx(2 - 2 * math.cos(math.pi / 4))


@pytest.mark.parametrize("shape", [(0.6, 0.6), (1.0, 1.0), (2.0, 5.0), (50.0, 0.01)])
def test_quantiles_invert_the_distribution(shape: tuple[float, float]) -> None:
    shares = [i / 20 for i in range(21)]
    found = beta_quantiles(shares, *shape)

    assert (found[0], found[-1]) == (0.0, 1.0)
    assert found == sorted(found)
    if shape == (1.0, 1.0):
        assert found == pytest.approx(shares)
    if shape == (2.0, 5.0):  # whose distribution function is a polynomial
        back = [1 - (1 - x) ** 5 * (1 + 5 * x) for x in found]
        assert back == pytest.approx(shares, abs=1e-12)
    if shape[0] == shape[1]:
        assert found == pytest.approx([1 - x for x in reversed(found)], abs=1e-12)


def test_what_cannot_be_spaced_is_said() -> None:
    with pytest.raises(DiffusionError, match="levels above 0 only"):
        exponential(10, 0.0, 5.0)
    with pytest.raises(DiffusionError, match="rho is 0"):
        karras(10, LOW, HIGH, 0.0)


def test_ends_are_stable_diffusions() -> None:
    theirs = EulerDiscreteScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, use_karras_sigmas=True
    )
    theirs.set_timesteps(15)

    assert karras(15, LOW, HIGH) == pytest.approx(theirs.sigmas.tolist(), rel=1e-4)
