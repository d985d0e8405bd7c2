"""Latent consistency sampling (Luo et al. 2023, arXiv:2310.04378)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from wirebrush_diffusion.denoiser import Denoiser
from wirebrush_diffusion.noise import StepNoise
from wirebrush_diffusion.samplers.step import OnStep, Step, no_noise, renoised, silent


def lcm(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    flow: bool = False,
) -> Tensor:
    """Jump to the clean estimate, then noise it to the next level: for models distilled for it."""
    total = len(sigmas) - 1
    for i in range(total):
        denoised = model(x, sigmas[i])
        on_step(Step(i, total, sigmas[i], x, denoised))
        x = denoised
        if sigmas[i + 1] > 0:
            step_noise = noise(sigmas[i], sigmas[i + 1])
            x = renoised(denoised, step_noise, sigmas[i + 1], flow=flow)
    return x
