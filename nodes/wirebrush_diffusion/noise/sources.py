"""Where noise comes from. Always the CPU's generator, so that every device paints the same picture.

A seed starts one generator per batch, as everywhere in the field: item i of a batch depends on its
position. `batch_index` draws the noise that an item had in the batch it was cut from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.noise.brownian import BrownianTree

StepNoise = Callable[[float, float], Tensor]
"""`noise(sigma, sigma_next)`: unit normal noise `[B,C,h,w]` for the step between two levels."""


def initial_noise(like: Tensor, seed: int, batch_index: Sequence[int] | None = None) -> Tensor:
    """Unit normal noise of `like`'s shape, on the CPU, float32."""
    generator = torch.Generator("cpu").manual_seed(seed)
    if batch_index is None:
        return torch.randn(like.shape, generator=generator)
    if len(batch_index) != like.shape[0] or min(batch_index, default=0) < 0:
        raise DiffusionError(
            f"batch_index has {len(batch_index)} places for a batch of {like.shape[0]}.",
            "Give one place, counted from 0, for each item.",
        )
    wanted = frozenset(batch_index)
    drawn: dict[int, Tensor] = {}
    for position in range(max(wanted, default=-1) + 1):
        item = torch.randn((1, *like.shape[1:]), generator=generator)
        if position in wanted:
            drawn[position] = item
    return torch.cat([drawn[position] for position in batch_index])


class IndependentNoise:
    """Fresh noise at each step, for ancestral samplers."""

    def __init__(self, like: Tensor, seed: int) -> None:
        # At `seed` itself the generator would repeat the initial noise.
        self._generator = torch.Generator("cpu").manual_seed((seed + 1) % 2**64)
        self._shape, self._device = like.shape, like.device

    def __call__(self, sigma: float, sigma_next: float) -> Tensor:
        return self.shaped(self._shape)

    def shaped(self, shape: Sequence[int]) -> Tensor:
        """Noise of another shape than usual, for samplers that change it."""
        drawn = torch.randn(tuple(shape), generator=self._generator)
        return drawn.to(self._device, non_blocking=True)


def independent_noise(like: Tensor, seed: int) -> IndependentNoise:
    """Unit normal noise of `like`'s shape, on its device; a new draw for each step."""
    return IndependentNoise(like, seed)


def brownian_noise(like: Tensor, seed: int, sigma_min: float, sigma_max: float) -> StepNoise:
    """Increments of one Brownian path over sigma, scaled to unit variance, for SDE samplers."""
    tree = BrownianTree(sigma_min, sigma_max, like.shape, seed)
    device = like.device

    def draw(sigma: float, sigma_next: float) -> Tensor:
        # The path runs from clean to noisy, a sampler mostly the other way: hence the sign.
        width = abs(sigma - sigma_next)
        if width == 0:
            return torch.zeros(like.shape, device=device)
        sign = -1.0 if sigma_next < sigma else 1.0
        increment = tree.increment(min(sigma, sigma_next), max(sigma, sigma_next))
        return increment.mul(sign / width**0.5).to(device, non_blocking=True)

    return draw
