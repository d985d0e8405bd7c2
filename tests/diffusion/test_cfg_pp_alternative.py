"""The earlier form of CFG++: its own formula, and Euler's where both sides agree."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from wirebrush_diffusion.samplers import EULER_CFG_PP_ALTERNATIVE, SAMPLERS

SIGMAS = [8.0, 3.0, 1.0, 0.3, 0.0]


class TwoSided:
    """Guided and unconditional estimates that are `apart` from each other."""

    def __init__(self, apart: float) -> None:
        self.apart = apart

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        return x / (1 + sigma**2)

    def both(self, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        guided = self(x, sigma)
        return guided, guided - self.apart


def test_steps_are_those_of_the_formula() -> None:
    x = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    model, expected = TwoSided(0.25), x
    for sigma, after in pairwise(SIGMAS):
        guided, plain = model.both(expected, sigma)
        slope = (expected - guided + plain - guided) / sigma
        expected = expected + slope * (after - sigma)

    found = EULER_CFG_PP_ALTERNATIVE.function(model, x, SIGMAS)

    assert torch.allclose(found, expected)


def test_without_guidance_it_is_eulers_step() -> None:
    x = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    model = TwoSided(0.0)

    found = EULER_CFG_PP_ALTERNATIVE.function(model, x, SIGMAS)

    assert torch.allclose(found, SAMPLERS["euler"].function(model, x, SIGMAS))
