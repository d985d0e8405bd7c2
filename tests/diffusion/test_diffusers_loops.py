"""Our samplers beside diffusers' schedulers, where both define the same thing: one trajectory.

Both are given the same levels and an invented network; diffusers works on x of unit variance or in
sigma, in float32 tables, hence the tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import diffusers
import pytest
import torch
from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.schedules import DiscreteSchedule
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.samplers.er_sde import er_sde, power_scale
from wirebrush_diffusion.samplers.space import DIFFUSION, FLOW
from wirebrush_diffusion.samplers.step import silent

BETAS: dict[str, Any] = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
SD = DiscreteSchedule.from_betas()
STEPS = 10
X = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def network(x: Tensor, time: float) -> Tensor:
    """Predicts noise, of x at unit variance."""
    return torch.tanh(x * (0.6 + time / 2000)) + 0.05 * torch.cos(3 * x)


def denoised(x: Tensor, sigma: float) -> Tensor:
    scaling = Prediction.EPS.scaling(sigma)
    return scaling.denoised(x, network(x * scaling.input, SD.timestep(sigma)))


def theirs(scheduler: Any) -> tuple[Tensor, list[float]]:
    """Their trajectory, and the levels it visited (each level once)."""
    scheduler.set_timesteps(STEPS)
    in_sigma = float(scheduler.init_noise_sigma) > 1.0
    first = SD.sigma(float(scheduler.timesteps[0]))
    x = X * (first if in_sigma else first / math.sqrt(1 + first**2))
    for time in scheduler.timesteps:
        read = scheduler.scale_model_input(x, time)
        x = scheduler.step(network(read, float(time)), time, x, return_dict=False)[0]
    times = list(dict.fromkeys(float(time) for time in scheduler.timesteps))
    return x, [SD.sigma(time) for time in times]


SAME: dict[str, Callable[[], Any]] = {
    "euler": lambda: diffusers.EulerDiscreteScheduler(**BETAS),
    "ddim": lambda: diffusers.DDIMScheduler(**BETAS, clip_sample=False, set_alpha_to_one=True),
    "heun": lambda: diffusers.HeunDiscreteScheduler(**BETAS),
    "dpmpp_2m": lambda: diffusers.DPMSolverMultistepScheduler(**BETAS, final_sigmas_type="zero"),
    "res_multistep": lambda: diffusers.DPMSolverMultistepScheduler(
        **BETAS, final_sigmas_type="zero", solver_type="heun"
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_one_trajectory(name: str) -> None:
    expected, levels = theirs(SAME[name]())
    start = X * levels[0]

    ours = SAMPLERS[name].function(
        denoised, start, [*levels, 0.0], on_step=silent, noise=_unasked, space=DIFFUSION
    )

    assert float((ours - expected).abs().max() / expected.std()) < 2e-3


def test_flows() -> None:
    scheduler: Any = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    scheduler.set_timesteps(STEPS)
    x = X
    for time in scheduler.timesteps:
        x = scheduler.step(network(x, float(time)), time, x, return_dict=False)[0]

    def flow(x: Tensor, sigma: float) -> Tensor:
        return Prediction.FLOW.scaling(sigma).denoised(x, network(x, sigma * 1000))

    ours = SAMPLERS["euler"].function(
        flow, X, scheduler.sigmas.tolist(), on_step=silent, noise=_unasked, space=FLOW
    )
    assert torch.allclose(ours, x, atol=1e-4)


def test_two_authors_ode_is_one_ode() -> None:
    """Without noise, ER-SDE of one stage is Euler's step."""
    levels = [10.0, 5.0, 2.0, 0.5, 0.0]
    one = er_sde(denoised, X * 10, levels, s_noise=0.0, scale=power_scale(0.0), max_stage=1)
    other = SAMPLERS["euler"].function(
        denoised, X * 10, levels, on_step=silent, noise=_unasked, space=DIFFUSION
    )
    assert torch.allclose(one, other, atol=1e-9)


def _unasked(sigma: float, after: float) -> Tensor:
    raise AssertionError("a deterministic sampler asked for noise")
