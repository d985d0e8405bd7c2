"""Noise levels: the field's numbers, and what every schedule must keep to."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from diffusers import EulerDiscreteScheduler
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.noise.schedules import (
    NEARLY_WHOLE,
    SCHEDULES,
    DiscreteSchedule,
    FlowSchedule,
    beta,
    float32,
    sigmas_for,
)

SD = DiscreteSchedule.from_betas()


def test_stable_diffusion_has_the_known_end_points() -> None:
    assert SD.sigmas[0] == pytest.approx(0.0291675, abs=1e-6)
    assert SD.sigmas[-1] == pytest.approx(14.614642, abs=1e-5)
    assert len(SD.sigmas) == 1000


@pytest.mark.parametrize("kind", ["scaled_linear", "linear", "squaredcos_cap_v2"])
def test_tables_are_those_of_diffusers(kind: str) -> None:
    theirs = EulerDiscreteScheduler(beta_schedule=kind, beta_start=0.001, beta_end=0.01)
    bars = theirs.alphas_cumprod.double()

    ours = DiscreteSchedule.from_betas(0.001, 0.01, kind=kind)

    expected = ((1 - bars) / bars).sqrt()
    # theirs is computed in float32, which is coarse where 1 - a is small
    assert torch.tensor(ours.sigmas).allclose(expected.float(), rtol=1e-3)


@given(
    name=st.sampled_from(sorted(SCHEDULES)),
    steps=st.integers(1, 300),
    denoise=st.floats(0.05, 1.0),
)
@settings(max_examples=300, deadline=None)
def test_every_schedule_descends_and_ends_in_zero(name: str, steps: int, denoise: float) -> None:
    sigmas = sigmas_for(SD, name, steps, denoise)

    assert sigmas[-1] == 0.0
    assert all(before >= after for before, after in itertools.pairwise(sigmas))
    assert sigmas[0] <= float32(SD.sigmas[-1]) * (1 + 1e-6)
    assert sigmas[-2] > 0
    if name == "beta":  # equal times count once
        assert len(sigmas) <= steps + 1
    elif name != "ddim_uniform" or denoise <= NEARLY_WHOLE:  # else it may make a few more
        assert len(sigmas) == steps + 1
    assert all(float32(sigma) == sigma for sigma in sigmas)


@pytest.mark.parametrize(
    ("name", "option"), [("karras", "use_karras_sigmas"), ("exponential", "use_exponential_sigmas")]
)
def test_levels_are_those_of_diffusers(name: str, option: str) -> None:
    chosen: dict[str, Any] = {option: True}
    theirs = EulerDiscreteScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, **chosen
    )
    theirs.set_timesteps(12)

    assert sigmas_for(SD, name, 12) == pytest.approx(theirs.sigmas.tolist(), rel=1e-4)


def test_beta_takes_levels_from_the_table_and_is_symmetric_in_time() -> None:
    times = [SD.timestep(sigma) for sigma in sigmas_for(SD, "beta", 20)[:-1]]

    assert times[0] == 999
    assert all(
        SD.sigmas[int(time)] == sigma
        for time, sigma in zip(times, sigmas_for(SD, "beta", 20), strict=False)
    )
    assert [times[i] + times[-i] for i in range(1, 20)] == pytest.approx([999] * 19, abs=1)


def test_a_finer_table_rounds_less() -> None:
    coarse, fine = FlowSchedule(3.0), FlowSchedule(3.0, resolution=10_000)

    exact = [fine.sigma(1000 * (1 - i / 7)) for i in range(7)]
    off = [abs(a - b) for a, b in zip(sigmas_for(fine, "simple", 7), exact, strict=False)]
    assert max(off) < 3.1e-4
    assert len(coarse.sigmas) == 1000
    assert fine.sigmas[-1] == coarse.sigmas[-1] == 1.0


def test_less_denoising_starts_part_of_the_way() -> None:
    whole = sigmas_for(SD, "normal", 40)

    assert sigmas_for(SD, "normal", 20, denoise=0.5) == whole[-21:]
    assert sigmas_for(SD, "normal", 20, denoise=0.0) == []


@given(st.floats(0.0, 999.0))
def test_times_and_levels_agree(time: float) -> None:
    assert abs(SD.timestep(SD.sigma(time)) - time) <= 0.5 + 1e-3


def test_percent_runs_from_noise_to_picture() -> None:
    assert SD.at_percent(0.0) == math.inf
    assert SD.at_percent(1.0) == 0.0
    assert SD.at_percent(0.5) == pytest.approx(SD.sigma(499.5))


def test_zero_terminal_snr_is_finite_and_keeps_the_clean_end() -> None:
    zero = DiscreteSchedule.from_betas(zero_snr=True)

    assert zero.sigmas[-1] == pytest.approx(4518.7, rel=1e-3)
    assert zero.sigmas[0] == pytest.approx(SD.sigmas[0], rel=1e-4)


def test_a_flow_bends_towards_noise() -> None:
    flow = FlowSchedule(shift=3.0)

    assert flow.sigma(1000) == 1.0
    assert flow.sigma(500) == pytest.approx(0.75)
    assert sigmas_for(flow, "simple", 4)[0] == 1.0
    assert sigmas_for(flow, "normal", 4)[-1] == 0.0


def test_what_does_not_exist_is_said() -> None:
    with pytest.raises(DiffusionError, match="no schedule 'steep'"):
        sigmas_for(SD, "steep", 20)
    with pytest.raises(DiffusionError, match="alpha is 0"):
        beta(SD, 20, alpha=0)
    with pytest.raises(DiffusionError, match="the end of a run of 100000000"):
        sigmas_for(SD, "normal", 10_000, denoise=0.0001)
    with pytest.raises(DiffusionError, match="beta_schedule is 'wild'"):
        DiscreteSchedule.from_betas(kind="wild")
