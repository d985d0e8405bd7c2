"""One run: noise, guidance, mask and sampler put together.

latent = sample(model, empty, positive, negative, seed=1, steps=20, cfg=6.0)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from wirebrush_diffusion.condition import Condition
from wirebrush_diffusion.controlnet import Control
from wirebrush_diffusion.denoiser import Denoiser, Prediction
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance import Guided
from wirebrush_diffusion.inpaint import Masked, latent_mask
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise import (
    StepNoise,
    brownian_noise,
    independent_noise,
    initial_noise,
)
from wirebrush_diffusion.samplers import SAMPLERS, OnStep, Sampler, Space, Step
from wirebrush_diffusion.samplers.step import no_noise, silent
from wirebrush_diffusion.schedules import sigmas_for


def sample(
    model: DiffusionModel,
    latent: Tensor,
    positive: Sequence[Condition],
    negative: Sequence[Condition] = (),
    *,
    seed: int,
    steps: int = 20,
    cfg: float = 8.0,
    sampler: str = "euler",
    schedule: str = "normal",
    denoise: float = 1.0,
    mask: Tensor | None = None,
    batch_index: Sequence[int] | None = None,
    on_step: OnStep = silent,
) -> Tensor:
    """Denoise a latent `[B,C,h,w]` (unscaled; zeros = start from nothing) into a new one.

    `mask` `[B,H,W]`: paint where it is 1 and keep the rest. `on_step` is called after each step
    with tensors that live on the device; what it raises ends the run. Returns float32 on the CPU.
    """
    chosen = sampler_named(sampler)
    latent = model.latent.fit(latent).float()
    sigmas = run_sigmas(model, chosen, schedule, steps, denoise)
    if len(sigmas) < 2:
        return latent
    noise = initial_noise(latent, seed, batch_index)
    return sample_sigmas(
        model,
        latent,
        noise,
        positive,
        negative,
        sigmas,
        sampler=chosen,
        seed=seed,
        cfg=cfg,
        mask=mask,
        on_step=on_step,
    )


def sampler_named(name: str) -> Sampler:
    """The sampler of that name, or an error that lists them."""
    if name not in SAMPLERS:
        raise DiffusionError(f"There is no sampler {name!r}.", f"Known are {', '.join(SAMPLERS)}.")
    return SAMPLERS[name]


def run_sigmas(
    model: DiffusionModel, sampler: Sampler, schedule: str, steps: int, denoise: float
) -> list[float]:
    """The noise levels that a sampler visits on this model."""
    if not sampler.skip_penultimate:
        return sigmas_for(model.schedule, schedule, steps, denoise)
    levels = sigmas_for(model.schedule, schedule, steps + 1, denoise)
    return [*levels[:-2], *levels[-1:]]


def sample_sigmas(
    model: DiffusionModel,
    latent: Tensor,
    noise: Tensor,
    positive: Sequence[Condition],
    negative: Sequence[Condition],
    sigmas: Sequence[float],
    *,
    sampler: Sampler,
    seed: int,
    cfg: float,
    mask: Tensor | None = None,
    on_step: OnStep = silent,
) -> Tensor:
    """The same with noise and levels of one's own: `sigmas` descend and usually end in 0."""
    with torch.inference_mode():
        original = model.latent.to_network(latent).to(model.device)
        noise = noise.to(model.device)
        timed = _timed_controls([*positive, *negative], model)
        denoiser = Guided(
            model,
            [_with(condition, timed) for condition in positive],
            [_with(condition, timed) for condition in negative],
            cfg,
            original.shape,
        )
        x = _denoised(
            model, denoiser, original, noise, sigmas, sampler, seed, mask=mask, on_step=on_step
        )
        result = model.latent.from_network(x).float().cpu()
    return result.clone()  # an ordinary tensor, which may be changed in place


def _denoised(
    model: DiffusionModel,
    denoiser: Denoiser,
    original: Tensor,
    noise: Tensor,
    sigmas: Sequence[float],
    sampler: Sampler,
    seed: int,
    *,
    mask: Tensor | None,
    on_step: OnStep,
) -> Tensor:
    if mask is not None:
        outside = _mask_noise(noise, seed) if sampler.fresh_mask_noise else noise
        at = latent_mask(mask, original)
        denoiser = Masked(denoiser, at, original, outside, model.prediction)
    top = model.schedule.sigmas[-1]
    pure = sigmas[0] > top or math.isclose(sigmas[0], top, rel_tol=1e-5)
    x = model.prediction.noised(original, noise, sigmas[0], pure=pure)
    space = Space(model.prediction is Prediction.FLOW, model.schedule)
    step_noise = _step_noise(sampler, x, seed, sigmas)
    x = sampler.function(denoiser, x, sigmas, on_step=on_step, noise=step_noise, space=space)
    return model.prediction.unnoised(x, sigmas[-1])


def _timed_controls(
    conditions: Sequence[Condition], model: DiffusionModel
) -> dict[Control, Control]:
    """Each control with its times as noise levels; one object each, so that sides share passes."""
    controls = {control for condition in conditions for control in condition.controls}
    return {control: control.on(model.schedule) for control in controls}


def _with(condition: Condition, timed: Mapping[Control, Control]) -> Condition:
    return replace(condition, controls=tuple(timed[control] for control in condition.controls))


def _mask_noise(noise: Tensor, seed: int) -> Tensor:
    return initial_noise(noise, (seed + 1) % 2**64).to(noise.device)


def _step_noise(sampler: Sampler, x: Tensor, seed: int, sigmas: Sequence[float]) -> StepNoise:
    if sampler.noise == "independent":
        return independent_noise(x, seed)
    if sampler.noise == "brownian":
        return brownian_noise(x, seed, min(s for s in sigmas if s > 0), max(sigmas))
    return no_noise


__all__ = ["OnStep", "Step", "run_sigmas", "sample", "sample_sigmas", "sampler_named"]
