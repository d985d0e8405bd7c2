"""Samplers against their authors' formulas, written out plainly in float64.

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


def plain(x: Tensor, sigma: float) -> Tensor:
    """What the negative side says."""
    return torch.cos(x / (2 + sigma))


def noise(sigma: float, after: float) -> Tensor:
    return torch.full_like(X, math.cos(3 * sigma + after))


class Pair:
    """A guided model with its unconditional side."""

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        return model(x, sigma)

    def both(self, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        return model(x, sigma), plain(x, sigma)


def slope(x: Tensor, sigma: float) -> Tensor:
    return (x - model(x, sigma)) / sigma


def ancestral(sigma: float, after: float) -> tuple[float, float]:
    up = math.sqrt(after**2 * (sigma**2 - after**2) / sigma**2)
    return math.sqrt(after**2 - up**2), up


def euler_ancestral(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """Euler's step down, then noise up; for flows with the data's share restored."""
    for sigma, after in itertools.pairwise(sigmas):
        if space.flow:
            down = after * after / sigma
            renoise = math.sqrt(after**2 - down**2 * (1 - after) ** 2 / (1 - down) ** 2)
            x = x + slope(x, sigma) * (down - sigma)
            if after > 0:
                x = (1 - after) / (1 - down) * x + noise(sigma, after) * renoise
            continue
        down, up = ancestral(sigma, after)
        x = x + slope(x, sigma) * (down - sigma)
        if after > 0:
            x = x + noise(sigma, after) * up
    return x


def ddpm(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """Ho et al. 2020, algorithm 2, on x of unit variance; beta between two visited levels."""
    for sigma, after in itertools.pairwise(sigmas):
        bar, next_bar = 1 / (1 + sigma**2), 1 / (1 + after**2)
        alpha = bar / next_bar
        eps = slope(x, sigma)
        unit = x * math.sqrt(bar)
        unit = (unit - (1 - alpha) / math.sqrt(1 - bar) * eps) / math.sqrt(alpha)
        if after > 0:
            variance = (1 - next_bar) / (1 - bar) * (1 - alpha)
            unit = unit + math.sqrt(variance) * noise(sigma, after)
        x = unit / math.sqrt(next_bar)
    return x


def heun(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """Karras et al. 2022, algorithm 1."""
    for sigma, after in itertools.pairwise(sigmas):
        d = slope(x, sigma)
        ahead = x + (after - sigma) * d
        x = ahead if after == 0 else x + (after - sigma) * (d + slope(ahead, after)) / 2
    return x


def dpm_2_ancestral(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """The slope at the geometric mean."""
    for sigma, after in itertools.pairwise(sigmas):
        down, up = ancestral(sigma, after)
        if down == 0:
            x = model(x, sigma)
            continue
        middle = math.exp((math.log(sigma) + math.log(down)) / 2)
        half = x + slope(x, sigma) * (middle - sigma)
        x = x + slope(half, middle) * (down - sigma) + noise(sigma, after) * up
    return x


def lms(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """Slopes as a polynomial in sigma, integrated exactly; the step to 0 is the clean estimate."""
    past: list[Tensor] = []
    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        if after == 0:
            return model(x, sigma)
        past = [slope(x, sigma), *past][:4]
        nodes = [sigmas[i - k] for k in range(len(past))]
        for j, d in enumerate(past):
            others = [node for k, node in enumerate(nodes) if k != j]
            basis = np.poly1d(others, r=True) if others else np.poly1d([1.0])
            whole = (basis / basis(nodes[j])).integ()
            x = x + float(whole(after) - whole(sigma)) * d
    return x


def ipndm(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """Zhang & Chen 2022, eq. 20 and its lower orders."""
    d: list[Tensor] = []
    for sigma, after in itertools.pairwise(sigmas):
        d = [slope(x, sigma), *d]
        mean = d[0]
        if len(d) == 2:
            mean = (3 * d[0] - d[1]) / 2
        elif len(d) == 3:
            mean = (23 * d[0] - 16 * d[1] + 5 * d[2]) / 12
        elif len(d) > 3:
            mean = (55 * d[0] - 59 * d[1] + 37 * d[2] - 9 * d[3]) / 24
        x = model(x, sigma) if after == 0 else x + (after - sigma) * mean
    return x


def deis(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """tAB-DEIS of order 3: a fine Riemann sum over VP time (linear beta, sigma 0.002 to 80)."""
    low, high, first = math.log(0.002**2 + 1), math.log(80**2 + 1), 1e-3
    beta_d = 2 * (low / first - high) / (first - 1)
    beta_min = high - 0.5 * beta_d

    def time(sigma: float) -> float:
        return (math.sqrt(beta_min**2 + 2 * beta_d * math.log(sigma**2 + 1)) - beta_min) / beta_d

    past: list[tuple[float, Tensor]] = []
    for sigma, after in itertools.pairwise(sigmas):
        if after == 0:
            return model(x, sigma)
        past = [(time(sigma), slope(x, sigma)), *past][:3]
        t = np.linspace(time(sigma), time(after), 200_001)
        level = np.sqrt(np.expm1(beta_d * t**2 / 2 + beta_min * t))
        move = x
        for node, d in past:
            basis = np.ones_like(t)
            for other, _ in past:
                if other != node:
                    basis *= (t - other) / (node - other)
            move = move + float(np.trapezoid(basis, level)) * d
        x = move
    return x


def gradient_estimation(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """Permenter & Yuan 2023, algorithm 2, gamma = 2."""
    old: Tensor | None = None
    for sigma, after in itertools.pairwise(sigmas):
        d = slope(x, sigma)
        if after == 0:
            return model(x, sigma)
        x = x + (after - sigma) * (d if old is None else 2 * d - old)
        old = d
    return x


def euler_ancestral_cfg_pp(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    """CFG++, algorithm 2: DDIM whose noise is the unconditional one."""
    for sigma, after in itertools.pairwise(sigmas):
        if after == 0:
            return model(x, sigma)
        down, up = ancestral(sigma, after)
        eps = (x - plain(x, sigma)) / sigma
        x = model(x, sigma) + down * eps + up * noise(sigma, after)
    return x


def dpmpp_2m_cfg_pp(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    old: Tensor | None = None
    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        denoised, negative = model(x, sigma), plain(x, sigma)
        new = denoised + after / sigma * (x - negative)
        if old is not None and after > 0:
            h = math.log(sigma / after)
            r = math.log(sigmas[i - 1] / sigma) / h
            new = new + (1 - math.exp(-h)) / (2 * r) * (denoised - old)
        x, old = new, negative
    return x


def res_multistep_cfg_pp(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    old: Tensor | None = None
    for i, (sigma, after) in enumerate(itertools.pairwise(sigmas)):
        denoised, negative = model(x, sigma), plain(x, sigma)
        if after == 0:
            return denoised
        h = math.log(sigma / after)
        if old is None:
            x = denoised + after * (x - negative) / sigma
        else:
            growth = (negative - old) / math.log(sigmas[i - 1] / sigma)
            x = math.exp(-h) * (x + denoised - negative) + (1 - math.exp(-h)) * negative
            x = x + growth * (h - 1 + math.exp(-h))
        old = negative
    return x


def gradient_estimation_cfg_pp(x: Tensor, sigmas: Levels, space: Space) -> Tensor:
    old: Tensor | None = None
    for sigma, after in itertools.pairwise(sigmas):
        denoised, d = model(x, sigma), (x - plain(x, sigma)) / sigma
        if after == 0:
            return denoised
        x = denoised + d * after + (0 if old is None else (d - old) * (after - sigma))
        old = d
    return x


CASES: dict[str, Textbook] = {
    "euler_ancestral": euler_ancestral,
    "ddpm": ddpm,
    "heun": heun,
    "dpm_2_ancestral": dpm_2_ancestral,
    "lms": lms,
    "ipndm": ipndm,
    "deis": deis,
    "gradient_estimation": gradient_estimation,
    "euler_ancestral_cfg_pp": euler_ancestral_cfg_pp,
    "dpmpp_2m_cfg_pp": dpmpp_2m_cfg_pp,
    "res_multistep_cfg_pp": res_multistep_cfg_pp,
    "gradient_estimation_cfg_pp": gradient_estimation_cfg_pp,
}


@pytest.mark.parametrize("schedule", ["karras", "normal"])
@pytest.mark.parametrize("name", CASES)
def test_multiplied_out_coefficients_are_the_formula(name: str, schedule: str) -> None:
    sigmas = sigmas_for(DiscreteSchedule.from_betas(), schedule, 12)

    ours = SAMPLERS[name].function(Pair(), X, sigmas, on_step=silent, noise=noise, space=DIFFUSION)

    expected = CASES[name](X, sigmas, DIFFUSION)
    assert torch.allclose(ours, expected, atol=1e-6 if name == "deis" else 1e-10)


@pytest.mark.parametrize("name", ["euler_ancestral", "heun"])
def test_flows_too(name: str) -> None:
    sigmas = sigmas_for(FlowSchedule(3.0), "simple", 10)

    ours = SAMPLERS[name].function(model, X, sigmas, on_step=silent, noise=noise, space=FLOW)

    assert torch.allclose(ours, CASES[name](X, sigmas, FLOW), atol=1e-10)
