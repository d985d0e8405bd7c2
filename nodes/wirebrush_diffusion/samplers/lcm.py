"""Latent consistency sampling (Luo et al. 2023, arXiv:2310.04378)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from torch import Tensor

from wirebrush_diffusion.denoiser import Denoiser
from wirebrush_diffusion.noise import StepNoise
from wirebrush_diffusion.samplers.multistep import Mix, run_plan
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, no_noise, silent


def lcm(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """Jump to the clean estimate, then noise it to the next level: for models distilled for it."""
    plan = [Mix(0.0, space.alpha(after), (), after) for _, after in itertools.pairwise(sigmas)]
    return run_plan(model, x, sigmas, plan, on_step, noise)
