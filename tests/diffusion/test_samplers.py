"""Samplers against exact answers: for Gaussian data the denoiser and its flow are known."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from wirebrush_diffusion.denoiser import Denoiser
from wirebrush_diffusion.noise import StepNoise, brownian_noise, independent_noise
from wirebrush_diffusion.samplers import SAMPLERS, Step
from wirebrush_diffusion.samplers.dpmpp import dpmpp_2m, dpmpp_2m_sde
from wirebrush_diffusion.samplers.euler import euler, euler_ancestral, heun
from wirebrush_diffusion.samplers.step import ancestral_split, no_noise
from wirebrush_diffusion.schedules import DiscreteSchedule, linspace, sigmas_for

MEAN, SPREAD = 0.7, 0.5
ORDERS = {"euler": 1, "ddim": 1, "heun": 2, "dpmpp_2m": 2}


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """The exact denoiser for data ~ N(MEAN, SPREAD^2)."""
    return (SPREAD**2 * x + sigma**2 * MEAN) / (SPREAD**2 + sigma**2)


def exact(x: Tensor, start: float, end: float) -> Tensor:
    """Where the probability flow takes x."""
    return MEAN + (x - MEAN) * math.sqrt((SPREAD**2 + end**2) / (SPREAD**2 + start**2))


def levels(steps: int, start: float = 10.0, end: float = 0.1) -> list[float]:
    return [math.exp(log) for log in linspace(math.log(start), math.log(end), steps + 1)]


def error(name: str, steps: int) -> float:
    sigmas = levels(steps)
    x = torch.linspace(-12, 12, 64, dtype=torch.float64).reshape(1, 1, 8, 8)
    result = SAMPLERS[name].function(gaussian, x, sigmas, on_step=lambda step: None, noise=no_noise)
    return float((result - exact(x, sigmas[0], sigmas[-1])).abs().max())


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_deterministic_samplers_converge_at_their_order(name: str, order: int) -> None:
    ratio = math.log2(error(name, 64) / error(name, 128))

    assert ratio == pytest.approx(order, abs=0.25)
    assert error(name, 400) < (2e-2 if order == 1 else 5e-4)


@pytest.mark.parametrize("name", ["euler_ancestral", "dpmpp_2m_sde", "lcm"])
def test_stochastic_samplers_keep_the_distribution(name: str) -> None:
    sigmas = sigmas_for(DiscreteSchedule.from_betas(), "karras", 80)
    generator = torch.Generator().manual_seed(1)
    x = MEAN + sigmas[0] * torch.randn((1, 1, 128, 128), generator=generator)
    sampler = SAMPLERS[name]
    noise = (
        brownian_noise(x, 3, sigmas[-2], sigmas[0])
        if sampler.noise == "brownian"
        else independent_noise(x, 3)
    )

    result = sampler.function(gaussian, x, sigmas, on_step=lambda step: None, noise=noise)

    assert float(result.mean()) == pytest.approx(MEAN, abs=0.02)
    if name != "lcm":  # which answers with the clean estimate, and that is narrower
        assert float(result.std()) == pytest.approx(SPREAD, abs=0.03)


def test_without_noise_the_stochastic_ones_are_the_deterministic_ones() -> None:
    x = torch.linspace(-3, 3, 16).reshape(1, 1, 4, 4)
    sigmas = [*levels(12), 0.0]

    assert torch.equal(euler_ancestral(gaussian, x, sigmas, eta=0.0), euler(gaussian, x, sigmas))
    assert torch.allclose(
        dpmpp_2m_sde(gaussian, x, sigmas, eta=0.0), dpmpp_2m(gaussian, x, sigmas), atol=1e-5
    )


def test_more_steps_than_levels_do_no_harm() -> None:
    x = torch.randn((1, 4, 4, 4), generator=torch.Generator().manual_seed(0))
    sigmas = [5.0, 5.0, 2.0, 2.0, 1.0, 0.0]

    for sampler in SAMPLERS.values():
        noise = independent_noise(x, 0) if sampler.noise != "none" else no_noise
        result = sampler.function(gaussian, x, sigmas, on_step=lambda step: None, noise=noise)
        assert result.isfinite().all()


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_step_is_reported_and_inputs_stay_untouched(name: str) -> None:
    steps: list[Step] = []
    x = torch.randn((2, 4, 4, 4), generator=torch.Generator().manual_seed(0))
    before = x.clone()
    noise = independent_noise(x, 0)

    SAMPLERS[name].function(gaussian, x, [*levels(6), 0.0], on_step=steps.append, noise=noise)

    assert [(step.index, step.total) for step in steps] == [(i, 7) for i in range(7)]
    assert steps[0].x is x
    assert torch.equal(x, before)
    for step in steps:  # nothing was changed in place after it was reported
        assert torch.allclose(step.denoised, gaussian(step.x, step.sigma))


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
    down, up = ancestral_split(5.0, 3.0, eta)

    assert down**2 + up**2 == pytest.approx(9.0)
    assert ancestral_split(1.0, 0.0, eta) == (0.0, 0.0)


def textbook_2m(model: Denoiser, x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Tensor:
    """DPM-Solver++(2M) as its authors write it, in lambda."""
    old = None
    for i in range(len(sigmas) - 1):
        denoised = model(x, sigmas[i])
        if sigmas[i + 1] == 0:
            return denoised
        now, after = -math.log(sigmas[i]), -math.log(sigmas[i + 1])
        h = after - now
        estimate = denoised
        if old is not None:
            r = (now + math.log(sigmas[i - 1])) / h
            estimate = (1 + 1 / (2 * r)) * denoised - 1 / (2 * r) * old
        x = sigmas[i + 1] / sigmas[i] * x - math.expm1(-h) * estimate
        old = denoised
    return x


def textbook_2m_sde(
    model: Denoiser, x: Tensor, sigmas: Sequence[float], noise: StepNoise
) -> Tensor:
    """SDE-DPM-Solver++(2M), midpoint, eta = 1."""
    old = None
    for i in range(len(sigmas) - 1):
        denoised = model(x, sigmas[i])
        if sigmas[i + 1] == 0:
            return denoised
        h = math.log(sigmas[i]) - math.log(sigmas[i + 1])
        gain = 1 - math.exp(-2 * h)
        x = sigmas[i + 1] / sigmas[i] * math.exp(-h) * x + gain * denoised
        if old is not None:
            r = (math.log(sigmas[i - 1]) - math.log(sigmas[i])) / h
            x = x + 0.5 * gain / r * (denoised - old)
        x = x + noise(sigmas[i], sigmas[i + 1]) * sigmas[i + 1] * math.sqrt(gain)
        old = denoised
    return x


def textbook_heun(model: Denoiser, x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Tensor:
    """Karras et al. 2022, algorithm 1."""
    for sigma, after in itertools.pairwise(sigmas):
        slope = (x - model(x, sigma)) / sigma
        ahead = x + (after - sigma) * slope
        if after > 0:
            ahead_slope = (ahead - model(ahead, after)) / after
            ahead = x + (after - sigma) * (slope + ahead_slope) / 2
        x = ahead
    return x


def textbook_ancestral(
    model: Denoiser, x: Tensor, sigmas: Sequence[float], noise: StepNoise
) -> Tensor:
    """Euler's step down, then noise up."""
    for sigma, after in itertools.pairwise(sigmas):
        up = math.sqrt(after**2 * (sigma**2 - after**2) / sigma**2)
        down = math.sqrt(after**2 - up**2)
        x = x + (x - model(x, sigma)) / sigma * (down - sigma)
        if after > 0:
            x = x + noise(sigma, after) * up
    return x


@pytest.mark.parametrize(
    ("name", "textbook"),
    [
        ("dpmpp_2m", textbook_2m),
        ("dpmpp_2m_sde", textbook_2m_sde),
        ("heun", textbook_heun),
        ("euler_ancestral", textbook_ancestral),
    ],
)
def test_fused_coefficients_are_the_textbook_formula(
    name: str, textbook: Callable[[Denoiser, Tensor, Sequence[float], StepNoise], Tensor]
) -> None:
    x = torch.linspace(-3, 3, 16, dtype=torch.float64).reshape(1, 1, 4, 4)
    sigmas = sigmas_for(DiscreteSchedule.from_betas(), "karras", 15)

    def wavy(x: Tensor, sigma: float) -> Tensor:
        return torch.sin(x / (1 + sigma)) + 0.1 * sigma

    def noise(sigma: float, after: float) -> Tensor:
        return torch.full_like(x, math.cos(sigma + after))

    ours = SAMPLERS[name].function(wavy, x, sigmas, on_step=lambda step: None, noise=noise)

    assert torch.allclose(ours, textbook(wavy, x, sigmas, noise), atol=1e-10)


def test_flows_arrive_as_well() -> None:
    def straight(x: Tensor, sigma: float) -> Tensor:
        """Data is always MEAN: the exact clean estimate."""
        return torch.full_like(x, MEAN)

    x = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    for name, sampler in SAMPLERS.items():
        noise = (
            brownian_noise(x, 3, 0.25, 1.0)
            if sampler.noise == "brownian"
            else independent_noise(x, 3)
        )
        result = sampler.function(
            straight,
            x,
            [1.0, 0.75, 0.5, 0.25, 0.0],
            on_step=lambda step: None,
            noise=noise,
            flow=True,
        )
        assert torch.allclose(result, torch.full_like(x, MEAN), atol=1e-4), name
