"""Exponential integrators against their authors' formulas, written out plainly in float64.

Our samplers work with coefficients that were multiplied out before the loop; here each formula
stands as in its paper, on an invented model that is far from linear.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from wirebrush_diffusion.noise.schedules import DiscreteSchedule, FlowSchedule, sigmas_for
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.samplers.space import DIFFUSION, FLOW, Space
from wirebrush_diffusion.samplers.step import silent

Levels = Sequence[float]
Textbook = Callable[[Tensor, Levels, Space], Tensor]

X = torch.linspace(-3, 3, 16, dtype=torch.float64).reshape(1, 1, 4, 4)


def model(x: Tensor, sigma: float) -> Tensor:
    return torch.sin(x / (1 + sigma)) + 0.1 * sigma


def noise(sigma: float, after: float) -> Tensor:
    return torch.full_like(X, math.cos(3 * sigma + after))


def ancestral(sigma: float, after: float) -> tuple[float, float]:
    up = math.sqrt(after**2 * (sigma**2 - after**2) / sigma**2)
    return math.sqrt(after**2 - up**2), up


def dpmpp_2m(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """DPM-Solver++(2M) as its authors write it, in lambda."""
    old = None
    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        denoised = model(x, sigma)
        if after == 0:
            return denoised
        h = math.log(sigma) - math.log(after)
        estimate = denoised
        if old is not None:
            r = (math.log(sigmas[i - 1]) - math.log(sigma)) / h
            estimate = (1 + 1 / (2 * r)) * denoised - 1 / (2 * r) * old
        x = after / sigma * x - math.expm1(-h) * estimate
        old = denoised
    return x


def half_log_snr(sigma: float, space: Space) -> float:
    return math.log((1 - sigma) / sigma) if space.flow else -math.log(sigma)


def sde_2m(kind: str) -> Textbook:
    """SDE-DPM-Solver++(2M), eta = 1, midpoint or exponential extrapolation."""

    def run(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
        old = None
        sigmas = space.finite(sigmas)
        for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
            denoised = model(x, sigma)
            if after == 0:
                return denoised
            alpha = 1 - after if space.flow else 1.0
            h = half_log_snr(after, space) - half_log_snr(sigma, space)
            gain = 1 - math.exp(-2 * h)
            x = after / sigma * math.exp(-h) * x + alpha * gain * denoised
            if old is not None:
                r = (half_log_snr(sigma, space) - half_log_snr(sigmas[i - 1], space)) / h
                share = 0.5 * gain if kind == "midpoint" else 1 - gain / (2 * h)
                x = x + alpha * share / r * (denoised - old)
            x = x + noise(sigma, after) * after * math.sqrt(gain)
            old = denoised
        return x

    return run


def sde_3m(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """Three estimates: divided differences d1, d2 with phi_2, phi_3 of 2h."""
    past: list[Tensor] = []
    steps: list[float] = []
    for sigma, after in itertools.pairwise(sigmas):
        denoised = model(x, sigma)
        if after == 0:
            return denoised
        h = math.log(sigma / after)
        x = after / sigma * math.exp(-h) * x + (1 - math.exp(-2 * h)) * denoised
        phi_2 = math.expm1(-2 * h) / (2 * h) + 1
        phi_3 = phi_2 / (2 * h) - 0.5
        if len(past) > 1:
            r0, r1 = steps[0] / h, steps[1] / h
            d1_0, d1_1 = (denoised - past[0]) / r0, (past[0] - past[1]) / r1
            d1 = d1_0 + (d1_0 - d1_1) * r0 / (r0 + r1)
            x = x + phi_2 * d1 - phi_3 * (d1_0 - d1_1) / (r0 + r1)
        elif past:
            x = x + phi_2 * (denoised - past[0]) * h / steps[0]
        x = x + noise(sigma, after) * after * math.sqrt(1 - math.exp(-2 * h))
        past, steps = [denoised, *past], [h, *steps]
    return x


def dpmpp_2s_ancestral(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """DPM-Solver++(2S) with r = 1/2, down and up again."""
    for sigma, after in itertools.pairwise(sigmas):
        down, up = ancestral(sigma, after)
        denoised = model(x, sigma)
        if down == 0:
            x = denoised
            continue
        h = math.log(sigma / down)
        middle = sigma * math.exp(-h / 2)
        ahead = middle / sigma * x - math.expm1(-h / 2) * denoised
        x = down / sigma * x - math.expm1(-h) * model(ahead, middle) + noise(sigma, after) * up
    return x


def dpmpp_sde(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """The stochastic 2S: both half and whole step are ancestral."""
    for sigma, after in itertools.pairwise(sigmas):
        denoised = model(x, sigma)
        if after == 0:
            return denoised
        middle = math.sqrt(sigma * after)
        down, up = ancestral(sigma, middle)
        ahead = down / sigma * x + (1 - down / sigma) * denoised + noise(sigma, middle) * up
        down, up = ancestral(sigma, after)
        x = down / sigma * x + (1 - down / sigma) * model(ahead, middle) + noise(sigma, after) * up
    return x


def res_multistep(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """Exponential integrator with D linear in lambda through the last two estimates."""
    old: Tensor | None = None
    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        denoised = model(x, sigma)
        if after == 0:
            return denoised
        h = math.log(sigma / after)
        x = math.exp(-h) * x + (1 - math.exp(-h)) * denoised
        if old is not None:
            growth = (denoised - old) / math.log(sigmas[i - 1] / sigma)
            x = x + growth * (h - 1 + math.exp(-h))  # of e^(s - h) s over s = 0..h
        old = denoised
    return x


def er_sde(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """VE ER-SDE-Solver-3 (algorithm 3), with the authors' sums of 200 terms."""
    past: list[Tensor] = []
    growths: list[Tensor] = []

    def phi(level: float) -> float:
        return level * (math.exp(level**0.3) + 10)

    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        denoised = model(x, sigma)
        if after == 0:
            return denoised
        r = phi(after) / phi(sigma)
        new = r * x + (1 - r) * denoised
        width = (sigma - after) / 200
        places = [after + k * width for k in range(200)]
        if past:
            growth = (denoised - past[0]) / (sigma - sigmas[i - 1])
            s1 = sum(width / phi(place) for place in places)
            new = new + (after - sigma + s1 * phi(after)) * growth
            if growths:
                bend = (growth - growths[0]) / ((sigma - sigmas[i - 2]) / 2)
                s2 = sum(width * (place - sigma) / phi(place) for place in places)
                new = new + ((after - sigma) ** 2 / 2 + s2 * phi(after)) * bend
            growths = [growth, *growths]
        x = new + noise(sigma, after) * math.sqrt(after**2 - sigma**2 * r**2)
        past = [denoised, *past]
    return x


def seeds_2(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """SEEDS-2 for the clean estimate; noise of the first half decays in the second."""
    for sigma, after in itertools.pairwise(sigmas):
        denoised = model(x, sigma)
        if after == 0:
            return denoised
        h = math.log(sigma / after)
        middle = math.sqrt(sigma * after)
        first, second = noise(sigma, middle), noise(middle, after)
        unit = math.sqrt(1 - math.exp(-h))
        ahead = middle / sigma * math.exp(-h / 2) * x + (1 - math.exp(-h)) * denoised
        ahead = ahead + middle * unit * first
        x = after / sigma * math.exp(-h) * x + (1 - math.exp(-2 * h)) * model(ahead, middle)
        x = x + after * (unit * math.exp(-h / 2) * first + unit * second)
    return x


def uni_pc(kind: str) -> Textbook:
    """UniPC-3, data prediction, multistep (Zhao et al. 2023, algorithms 1 and 2)."""

    def rhos(ratios: list[float], h: float, base: float) -> np.ndarray:
        powers = np.array([[r**k for r in ratios] for k in range(len(ratios))])
        phi, right = math.expm1(-h) / -h - 1, []
        for k in range(1, len(ratios) + 1):
            right.append(phi * math.factorial(k) / base)
            phi = phi / -h - 1 / math.factorial(k + 1)
        return np.linalg.solve(powers, np.array(right))

    def run(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
        points = [*sigmas[:-1], 1e-3]
        total = len(points) - 1
        lambdas = [-math.log(point) for point in points]
        found = [model(x, points[0])]
        for i in range(total):
            order = min(3, i + 1, total - i)
            h = lambdas[i + 1] - lambdas[i]
            base = -h if kind == "bh1" else math.expm1(-h)
            r = [(lambdas[i - k] - lambdas[i]) / h for k in range(1, order)]
            d = [(found[i - k] - found[i]) / r[k - 1] for k in range(1, order)]
            frame = points[i + 1] / points[i] * x - math.expm1(-h) * found[i]
            ahead = [0.5] if order == 2 else (rhos(r, h, base) if order == 3 else [])
            predicted = frame
            for rho, part in zip(ahead, d, strict=True):
                predicted = predicted - base * float(rho) * part
            if i == total - 1:
                return predicted
            found.append(model(predicted, points[i + 1]))
            back = [0.5] if order == 1 else rhos([*r, 1.0], h, base)
            x = frame
            for rho, part in zip(back, [*d, found[i + 1] - found[i]], strict=True):
                x = x - base * float(rho) * part
        return x

    return run


CASES: dict[str, Textbook] = {
    "dpmpp_2m": dpmpp_2m,
    "dpmpp_2m_sde": sde_2m("midpoint"),
    "dpmpp_2m_sde_heun": sde_2m("heun"),
    "dpmpp_3m_sde": sde_3m,
    "dpmpp_2s_ancestral": dpmpp_2s_ancestral,
    "dpmpp_sde": dpmpp_sde,
    "res_multistep": res_multistep,
    "er_sde": er_sde,
    "seeds_2": seeds_2,
    "uni_pc": uni_pc("bh1"),
    "uni_pc_bh2": uni_pc("bh2"),
}


@pytest.mark.parametrize("schedule", ["karras", "normal"])
@pytest.mark.parametrize("name", CASES)
def test_multiplied_out_coefficients_are_the_formula(name: str, schedule: str) -> None:
    sigmas = sigmas_for(DiscreteSchedule.from_betas(), schedule, 12)

    ours = SAMPLERS[name].function(model, X, sigmas, on_step=silent, noise=noise, space=DIFFUSION)

    assert torch.allclose(ours, CASES[name](X, sigmas, DIFFUSION), atol=1e-10)


@pytest.mark.parametrize("name", ["dpmpp_2m", "dpmpp_2m_sde", "uni_pc"])
def test_flows_too(name: str) -> None:
    sigmas = sigmas_for(FlowSchedule(3.0), "simple", 10)

    ours = SAMPLERS[name].function(model, X, sigmas, on_step=silent, noise=noise, space=FLOW)

    assert torch.allclose(ours, CASES[name](X, sigmas, FLOW), atol=1e-10)
