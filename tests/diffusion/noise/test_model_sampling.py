"""Other predictions and noise levels for a model."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from diffusers import EDMEulerScheduler, FlowMatchEulerDiscreteScheduler, LCMScheduler
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.model_sampling import (
    AngularSchedule,
    ContinuousSchedule,
    CosineSchedule,
    Sampled,
    ScaledFlowSchedule,
    cascade,
    continuous_edm,
    continuous_v,
    discrete,
    flow,
    flux,
    ltxv,
)
from wirebrush_diffusion.noise.schedules import (
    SCHEDULES,
    DiscreteSchedule,
    FlowSchedule,
    NoiseSchedule,
    sigmas_for,
)

SD = DiscreteSchedule.from_betas()
ALL: dict[str, Sampled] = {
    "lcm": discrete(SD, "lcm"),
    "zsnr": discrete(SD, "v_prediction", zsnr=True),
    "edm": continuous_edm(SD, "edm"),
    "cosmos": continuous_edm(SD, "cosmos_rflow", 80.0, 0.002),
    "v": continuous_v(SD),
    "cascade": cascade(SD),
    "flow": flow(SD, 3.0),
    "flux": flux(FlowSchedule(resolution=10_000)),
    "ltxv": ltxv(SD),
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("spacing", SCHEDULES)
def test_every_schedule_fits_every_table(name: str, spacing: str) -> None:
    sigmas = sigmas_for(ALL[name].schedule, spacing, 12)

    assert sigmas[-1] == 0.0
    assert all(before >= after for before, after in itertools.pairwise(sigmas))
    assert all(math.isfinite(sigma) for sigma in sigmas)


@given(percent=st.floats(0.01, 0.99))
@settings(max_examples=40, deadline=None)
def test_levels_have_times_and_parts(percent: float) -> None:
    tables: list[NoiseSchedule] = [
        ContinuousSchedule(0.002, 120.0),
        AngularSchedule(0.03, 500.0),
        ScaledFlowSchedule(0.002, 80.0),
        CosineSchedule(2.0),
    ]
    for table in tables:
        sigma = table.at_percent(percent)
        assert table.sigmas[0] * 0.99 <= sigma <= table.sigmas[-1] * 1.01
        assert table.sigma(table.timestep(sigma)) == pytest.approx(sigma, rel=1e-3)
        assert table.at_percent(0.0) >= table.sigmas[-1]
        assert table.at_percent(1.0) == 0.0


def test_edm_is_what_diffusers_has() -> None:
    theirs: Any = EDMEulerScheduler(sigma_min=0.002, sigma_max=80.0, sigma_data=0.5)
    theirs.set_timesteps(10)
    x, output = torch.randn(2, 4, 4, 4), torch.randn(2, 4, 4, 4)
    for sigma in (0.1, 1.0, 30.0):
        scaling = Prediction.EDM.scaling(sigma)
        at = torch.tensor(sigma)
        assert torch.allclose(x * scaling.input, theirs.precondition_inputs(x, at), atol=1e-5)
        expected = theirs.precondition_outputs(x, output, at)
        assert torch.allclose(scaling.denoised(x, output.clone()), expected, atol=1e-4)
        told = float(theirs.precondition_noise(at))
        assert ALL["edm"].schedule.timestep(sigma) == pytest.approx(told)


def test_flows_are_what_diffusers_has() -> None:
    theirs: Any = FlowMatchEulerDiscreteScheduler(shift=3.0)
    theirs.set_timesteps(10)

    ours = [FlowSchedule(3.0).sigma(float(t)) for t in torch.linspace(1000, 1, 10)]

    assert theirs.sigmas[0] == pytest.approx(ours[0])
    for side, shift in ((1024, 1.15), (256, 0.5)):
        bent = flux(FlowSchedule(), width=side, height=side).schedule
        assert bent == FlowSchedule(math.exp(shift), resolution=10_000)
    coarser = flow(FlowSchedule(steps=1, resolution=10_000), 5.0).schedule
    assert coarser == FlowSchedule(5.0, steps=1)  # the network's time stays


def test_latent_consistency_levels_are_those_of_diffusers() -> None:
    theirs: Any = LCMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    theirs.set_timesteps(4, original_inference_steps=50)
    table = ALL["lcm"].schedule

    assert len(table.sigmas) == 50
    for time in theirs.timesteps.tolist():
        assert table.sigma(time) == pytest.approx(SD.sigmas[time])
        assert table.timestep(SD.sigmas[time]) == time


def test_zero_snr_ends_in_pure_noise() -> None:
    zero = ALL["zsnr"].schedule
    expected = DiscreteSchedule.from_betas(zero_snr=True)
    assert zero.sigmas == pytest.approx(expected.sigmas, rel=1e-3)
    assert ALL["zsnr"].prediction is Prediction.V


def test_a_scaled_flow_is_a_flow() -> None:
    """With x = data + sigma * noise and time sigma / (1 + sigma)."""
    data, noise = torch.randn(1, 4, 4, 4), torch.randn(1, 4, 4, 4)
    sigma = 3.0
    x = data + sigma * noise
    scaling = Prediction.SCALED_FLOW.scaling(sigma)

    assert torch.allclose(x * scaling.input, data / 4 + noise * 0.75, atol=1e-6)
    assert torch.allclose(scaling.denoised(x, noise - data), data, atol=1e-5)


def test_the_picture_itself_needs_no_scaling() -> None:
    x, output = torch.randn(1, 4, 4, 4), torch.randn(1, 4, 4, 4)
    scaling = discrete(SD, "img_to_img").prediction.scaling(2.0)
    assert scaling.input == 1.0
    assert torch.equal(scaling.denoised(x, output), output)


def test_ends_that_make_no_sense_are_said() -> None:
    with pytest.raises(DiffusionError, match="sigma_min is 5"):
        continuous_edm(SD, "eps", sigma_max=2.0, sigma_min=5.0)
