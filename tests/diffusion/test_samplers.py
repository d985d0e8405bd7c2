"""Samplers against exact answers: for Gaussian data the denoiser and its flow are known."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.noise.schedules import (
    SCHEDULES,
    DiscreteSchedule,
    FlowSchedule,
    sigmas_for,
)
from wirebrush_diffusion.noise.sources import StepNoise, brownian_noise, independent_noise
from wirebrush_diffusion.noise.spacings import linspace
from wirebrush_diffusion.samplers import SAMPLERS, Sampler, Step
from wirebrush_diffusion.samplers.dpm_solver import dpm_adaptive
from wirebrush_diffusion.samplers.dpmpp import dpmpp_2m, dpmpp_2m_sde
from wirebrush_diffusion.samplers.er_sde import power_scale
from wirebrush_diffusion.samplers.euler import euler, euler_ancestral, heun
from wirebrush_diffusion.samplers.sa_solver import Adams
from wirebrush_diffusion.samplers.space import DIFFUSION, FLOW, Space
from wirebrush_diffusion.samplers.step import no_noise, silent

MEAN, SPREAD = 0.7, 0.5
OWN_STEPS = ("dpm_fast", "dpm_adaptive")  # which choose the levels between the ends themselves
SHIFTED = "dpmpp_2s_ancestral_cfg_pp"
"""Mixes two moments' estimates in a diffusion, as the field has it: there it has no order."""
STOCHASTIC = [
    name
    for name, sampler in SAMPLERS.items()
    if sampler.noise != "none" and not name.endswith("_gpu") and name != SHIFTED
]


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """The exact denoiser for data ~ N(MEAN, SPREAD^2)."""
    return (SPREAD**2 * x + sigma**2 * MEAN) / (SPREAD**2 + sigma**2)


def flow_gaussian(x: Tensor, sigma: float) -> Tensor:
    """The same where x = (1 - sigma) * data + sigma * noise."""
    alpha = 1 - sigma
    return MEAN + alpha * SPREAD**2 * (x - alpha * MEAN) / ((alpha * SPREAD) ** 2 + sigma**2)


def exact(x: Tensor, start: float, end: float, *, flow: bool = False) -> Tensor:
    """Where the probability flow takes x."""

    def frame(sigma: float) -> tuple[float, float]:
        alpha = 1 - sigma if flow else 1.0
        return alpha * MEAN, math.sqrt((alpha * SPREAD) ** 2 + sigma**2)

    (mean, spread), (end_mean, end_spread) = frame(start), frame(end)
    return end_mean + (x - mean) * end_spread / spread


def levels(steps: int, start: float = 10.0, end: float = 0.1) -> list[float]:
    return [math.exp(log) for log in linspace(math.log(start), math.log(end), steps + 1)]


ODES: dict[str, tuple[float, dict[str, Any]]] = {
    # the order that shows, and the settings that make a stochastic one follow the ODE; multistep
    # ones start with a step of order 1, which bounds what shows
    "euler": (1, {}),
    "euler_cfg_pp": (1, {}),
    "euler_ancestral": (1, {"eta": 0.0}),
    "euler_ancestral_cfg_pp": (1, {"eta": 0.0}),
    "ddpm": (1, {"eta": 0.0}),
    "ddim": (1, {}),
    "heun": (2, {}),
    "heunpp2": (1, {}),
    "dpm_2": (2, {}),
    "dpm_2_ancestral": (2, {"eta": 0.0}),
    "lms": (2, {}),
    "dpm_fast": (2, {}),
    "dpmpp_2s_ancestral": (2, {"eta": 0.0}),
    "dpmpp_sde": (2, {"eta": 0.0}),
    "dpmpp_2m": (2, {}),
    "dpmpp_2m_cfg_pp": (2, {}),
    "dpmpp_2m_sde": (2, {"eta": 0.0}),
    "dpmpp_3m_sde": (2, {"eta": 0.0}),
    "ipndm": (2, {}),
    "ipndm_v": (2, {}),
    "deis": (2, {}),
    "res_multistep": (2, {}),
    "res_multistep_cfg_pp": (2, {}),
    "res_multistep_ancestral": (2, {"eta": 0.0}),
    "res_multistep_ancestral_cfg_pp": (2, {"eta": 0.0}),
    "gradient_estimation": (1, {}),
    "gradient_estimation_cfg_pp": (1, {}),
    "er_sde": (1.7, {"scale": power_scale(0.0), "s_noise": 0.0}),  # sums stand for its integrals
    "seeds_2": (2, {"eta": 0.0}),
    "seeds_3": (3, {"eta": 0.0}),
    "sa_solver": (3, {"adams": Adams(eta=0.0)}),
    "sa_solver_pece": (3, {"adams": Adams(eta=0.0, pece=True)}),
    "uni_pc": (2, {}),
    "uni_pc_bh2": (2, {}),
}


def error(name: str, steps: int, space: Space) -> float:
    sigmas = levels(steps, 0.95 if space.flow else 10.0)
    x = torch.linspace(-12, 12, 64, dtype=torch.float64).reshape(1, 1, 8, 8)
    base = SAMPLERS["sa_solver" if name == "sa_solver_pece" else name]
    sampler = base.with_settings(**ODES[name][1])
    model = flow_gaussian if space.flow else gaussian
    result = sampler.function(model, x, sigmas, on_step=silent, noise=no_noise, space=space)
    return float((result - exact(x, sigmas[0], sigmas[-1], flow=space.flow)).abs().max())


@pytest.mark.parametrize("space", [DIFFUSION, FLOW], ids=["diffusion", "flow"])
@pytest.mark.parametrize("name", ODES)
def test_samplers_converge_at_their_order(name: str, space: Space) -> None:
    order = ODES[name][0]

    coarse, fine = error(name, 66, space), error(name, 132, space)

    assert math.log2(coarse / fine) > order - 0.25
    assert fine < (0.06 if order == 1 else 3e-3)


def test_every_sampler_is_held_to_an_order() -> None:
    others = {"lcm", "dpm_adaptive", "dpmpp_2m_sde_heun", SHIFTED}
    assert set(SAMPLERS) == set(ODES) | others | {n for n in SAMPLERS if n.endswith("_gpu")}


def test_the_one_that_mixes_two_moments_is_right_for_flows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ODES, SHIFTED, (2, {"eta": 0.0}))

    coarse, fine = error(SHIFTED, 66, FLOW), error(SHIFTED, 132, FLOW)

    assert math.log2(coarse / fine) > 1.75
    assert fine < 3e-3
    assert error(SHIFTED, 132, DIFFUSION) > 0.1, "else its docstring is out of date"


@pytest.mark.parametrize(("tolerance", "reached"), [(0.1, 0.05), (0.01, 0.03), (1e-4, 1e-3)])
def test_the_adaptive_one_is_as_exact_as_it_is_told(tolerance: float, reached: float) -> None:
    x = torch.linspace(-12, 12, 64, dtype=torch.float64).reshape(1, 1, 8, 8)

    result = dpm_adaptive(gaussian, x, [10.0, 0.1], rtol=tolerance, atol=tolerance / 5)

    assert float((result - exact(x, 10.0, 0.1)).abs().max()) < reached


@pytest.mark.parametrize(("tolerance", "reached"), [(0.1, 0.3), (1e-4, 1e-2)])
def test_the_adaptive_one_finds_the_noise_of_a_picture(tolerance: float, reached: float) -> None:
    x = torch.linspace(0, 1.4, 64, dtype=torch.float64).reshape(1, 1, 8, 8)

    result = dpm_adaptive(gaussian, x, [0.1, 1.0, 10.0], rtol=tolerance, atol=tolerance / 5)

    assert float((result - exact(x, 0.1, 10.0)).abs().max()) < reached
    with pytest.raises(DiffusionError, match=r"cannot renew noise \(eta is 0.5\) on its way up"):
        dpm_adaptive(gaussian, x, [0.1, 10.0], eta=0.5)


def noise_for(sampler: Sampler, x: Tensor, sigmas: Sequence[float]) -> StepNoise:
    if sampler.noise == "brownian":
        return brownian_noise(x, 3, min(s for s in sigmas if s > 0), max(sigmas))
    return independent_noise(x, 3) if sampler.noise == "independent" else no_noise


@pytest.mark.parametrize(
    ("name", "flow"), [*itertools.product(STOCHASTIC, (False, True)), (SHIFTED, True)]
)
def test_stochastic_samplers_keep_the_distribution(name: str, flow: bool) -> None:
    schedule = FlowSchedule(3.0) if flow else DiscreteSchedule.from_betas()
    sigmas = sigmas_for(schedule, "simple", 240) if flow else sigmas_for(schedule, "karras", 60)
    generator = torch.Generator().manual_seed(1)
    start = torch.randn((1, 1, 96, 96), generator=generator)
    x = start if flow else MEAN + sigmas[0] * start
    sampler = SAMPLERS[name]

    result = sampler.function(
        flow_gaussian if flow else gaussian,
        x,
        sigmas,
        on_step=silent,
        noise=noise_for(sampler, x, sigmas),
        space=Space(flow, schedule),
    )

    assert float(result.mean()) == pytest.approx(MEAN, abs=0.03)
    if name != "lcm":  # which answers with the clean estimate, and that is narrower
        assert float(result.std()) == pytest.approx(SPREAD, abs=0.04)


def test_without_noise_the_stochastic_ones_are_the_deterministic_ones() -> None:
    x = torch.linspace(-3, 3, 16).reshape(1, 1, 4, 4)
    sigmas = [*levels(12), 0.0]

    ancestral = euler_ancestral(gaussian, x, sigmas, eta=0.0)
    assert torch.allclose(ancestral, euler(gaussian, x, sigmas), atol=1e-5)
    assert torch.allclose(
        dpmpp_2m_sde(gaussian, x, sigmas, eta=0.0), dpmpp_2m(gaussian, x, sigmas), atol=1e-5
    )


@pytest.mark.parametrize("name", SAMPLERS)
@given(st.lists(st.floats(0.03, 14.0), min_size=1, max_size=7), st.booleans())
@settings(max_examples=12, deadline=None)
def test_no_list_of_levels_ends_in_nonsense(name: str, drawn: list[float], clean: bool) -> None:
    """Equal levels (more steps than a table has), single steps, ends above 0."""
    sigmas = sorted(drawn, reverse=True)
    sigmas += [0.0] if clean or len(sigmas) == 1 else []
    x = torch.randn((1, 4, 2, 2), generator=torch.Generator().manual_seed(0)) * sigmas[0]
    sampler = SAMPLERS[name]
    noise = independent_noise(x, 0)

    result = sampler.function(gaussian, x, sigmas, on_step=silent, noise=noise, space=DIFFUSION)

    assert result.shape == x.shape
    assert result.isfinite().all()


@pytest.mark.parametrize("name", SAMPLERS)
def test_no_schedule_makes_a_sampler_run_wild(name: str) -> None:
    """Extrapolation over very unequal steps may; the levels that are in use must not."""
    table, sampler = DiscreteSchedule.from_betas(), SAMPLERS[name]
    for schedule, steps in itertools.product(SCHEDULES, (1, 4, 30)):
        sigmas = sigmas_for(table, schedule, steps)
        x = sigmas[0] * torch.randn((1, 4, 2, 2), generator=torch.Generator().manual_seed(0))
        noise = independent_noise(x, 0)
        result = sampler.function(gaussian, x, sigmas, on_step=silent, noise=noise, space=DIFFUSION)
        assert float((result - x).abs().max()) < 4 * sigmas[0] + 5, (schedule, steps)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("shape", [(2, 4, 4, 4), (1, 3, 2, 4, 4)], ids=["pictures", "video"])
def test_every_step_is_reported_and_inputs_stay_untouched(
    name: str, shape: tuple[int, ...]
) -> None:
    steps: list[Step] = []
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    before = x.clone()
    noise = independent_noise(x, 0)
    run = SAMPLERS[name].function

    run(gaussian, x, [*levels(6), 0.0], on_step=steps.append, noise=noise, space=DIFFUSION)

    if name in OWN_STEPS:
        assert all(0 <= step.index < step.total for step in steps)
    else:
        assert [(step.index, step.total) for step in steps] == [(i, 7) for i in range(7)]
    assert steps[0].x is x
    assert torch.equal(x, before)
    for step in steps:  # nothing was changed in place after it was reported
        assert torch.allclose(step.denoised, gaussian(step.x, step.sigma))


ONE_STEP = ("euler", "ddim", "heun", "dpm_2", "euler_cfg_pp")  # which remember nothing


@pytest.mark.parametrize("name", ONE_STEP)
@given(
    schedule=st.sampled_from(sorted(SCHEDULES)),
    steps=st.integers(2, 30),
    part=st.floats(0.0, 1.0),
    seed=st.integers(0, 2**32),
    flow=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_a_run_in_two_parts_is_the_run(
    name: str, schedule: str, steps: int, part: float, seed: int, flow: bool
) -> None:
    table = FlowSchedule(3.0) if flow else DiscreteSchedule.from_betas()
    sigmas = sigmas_for(table, schedule, steps)
    cut = round(part * (len(sigmas) - 1))
    generator = torch.Generator().manual_seed(seed)
    x = sigmas[0] * torch.randn((1, 4, 2, 2), generator=generator, dtype=torch.float64)
    space = Space(flow, table)

    def run(x: Tensor, levels: list[float]) -> Tensor:
        if len(levels) < 2:
            return x
        return SAMPLERS[name].function(
            flow_gaussian if flow else gaussian,
            x,
            levels,
            on_step=silent,
            noise=no_noise,
            space=space,
        )

    parts = run(run(x, sigmas[: cut + 1]), sigmas[cut:])

    hair = 1e-3 if name == "euler_cfg_pp" and flow else 1e-9  # its first level is moved by a hair
    assert torch.allclose(parts, run(x, sigmas), atol=hair)


def test_a_callback_can_end_a_run() -> None:
    class Stop(Exception):
        pass

    def on_step(step: Step) -> None:
        if step.index == 2:
            raise Stop

    calls: list[float] = []

    def model(x: Tensor, sigma: float) -> Tensor:
        calls.append(sigma)
        return x

    with pytest.raises(Stop):
        heun(model, torch.zeros((1, 1, 2, 2)), levels(10), on_step=on_step)
    assert len(calls) == 5


@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
def test_ancestral_variances_add_up(eta: float) -> None:
    down, scale, up = DIFFUSION.split(5.0, 3.0, eta)
    assert (down**2 + up**2, scale) == (pytest.approx(9.0), 1.0)

    down, scale, up = FLOW.split(0.8, 0.3, eta)
    assert (down * scale) ** 2 + up**2 == pytest.approx(0.09)
    assert (1 - down) * scale == pytest.approx(0.7)
    for space in (DIFFUSION, FLOW):
        assert space.split(1.0, 0.0, eta) == (0.0, 1.0, 0.0)


@given(st.floats(0.001, 0.999))
@settings(deadline=None)
def test_lambda_and_level_are_inverse(sigma: float) -> None:
    for space in (DIFFUSION, FLOW):
        assert space.level(space.half_log_snr(sigma)) == pytest.approx(sigma, rel=1e-9)


def test_a_flow_starts_a_hair_below_pure_noise() -> None:
    space = Space(flow=True, schedule=FlowSchedule(3.0))

    first = space.finite([1.0, 0.5, 0.0])[0]

    assert first == pytest.approx(3 * 0.9999 / (1 + 2 * 0.9999))
    assert DIFFUSION.finite([14.6, 0.0]) == [14.6, 0.0]


@pytest.mark.parametrize("name", SAMPLERS)
def test_flows_arrive_as_well(name: str) -> None:
    def straight(x: Tensor, sigma: float) -> Tensor:
        """Data is always MEAN: the exact clean estimate."""
        return torch.full_like(x, MEAN)

    x = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    sampler = SAMPLERS[name]
    sigmas = [1.0, 0.75, 0.5, 0.25, 0.0]

    result = sampler.function(
        straight, x, sigmas, on_step=silent, noise=noise_for(sampler, x, sigmas), space=FLOW
    )

    left = 0.25 if name in OWN_STEPS else 1e-3 if name.startswith("uni_pc") else 0.0
    alone: Callable[[Tensor], Tensor] = partial(torch.sub, torch.full_like(x, MEAN))
    assert float(alone(result).abs().max()) <= left * float(x.abs().max() + MEAN) + 1e-4
