"""One run: noise, guidance, mask and sampler put together.

latent = sample(model, empty, positive, negative, seed=1, steps=20, cfg=6.0)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.guidance.guide import AnySize, Guided, GuidedDenoiser, Guider
from wirebrush_diffusion.inpaint import Masked, differential, latent_mask
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise.ahead import DrawnAhead
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.schedules import NEARLY_WHOLE, sigmas_for
from wirebrush_diffusion.noise.sources import (
    StepNoise,
    brownian_noise,
    independent_noise,
    initial_noise,
)
from wirebrush_diffusion.samplers import SAMPLERS, OnStep, Sampler, Space, Step
from wirebrush_diffusion.samplers.step import no_noise, silent


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
    return sample_sigmas(
        model,
        latent,
        initial_noise(latent, seed, batch_index),
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
    if denoise <= 0:
        return []
    total = steps if denoise > NEARLY_WHOLE else int(steps / denoise)
    levels = sigmas_for(model.schedule, schedule, total + 1)
    return [*levels[:-2], *levels[-1:]][-steps - 1 :]


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

    def guider(shape: Sequence[int], *, pairs: bool) -> Guided:
        return Guided(model, positive, negative, cfg, shape, pairs=pairs)

    return sample_guided(
        model,
        guider,
        latent,
        noise,
        sigmas,
        sampler=sampler,
        seed=seed,
        mask=mask,
        on_step=on_step,
    ).samples


class Outcome(NamedTuple):
    """The end of a run and its last clean estimate, both unscaled, float32 on the CPU."""

    samples: Tensor
    denoised: Tensor


def sample_guided(
    model: DiffusionModel,
    guider: Guider,
    latent: Tensor,
    noise: Tensor,
    sigmas: Sequence[float],
    *,
    sampler: Sampler,
    seed: int,
    mask: Tensor | None = None,
    gradual: float = 0.0,
    on_step: OnStep = silent,
) -> Outcome:
    """The same with a guidance of one's own. With fewer than two levels nothing is done.

    `gradual` (0..1): a grey mask says when each place is painted: see `inpaint.differential`.
    """
    if len(sigmas) < 2:
        return Outcome(latent, latent)
    last: list[Tensor] = []

    def keep(step: Step) -> None:
        last[:] = [step.denoised]
        on_step(step)

    with torch.inference_mode():
        original = model.latent.to_network(latent).to(model.device)
        noise = noise.to(model.device)
        denoiser = _denoiser(guider, sampler, original.shape)
        denoiser.prepare(sigmas)
        if mask is not None:
            given = (denoiser, mask, original, noise, sigmas)
            denoiser = _masked(model, *given, sampler=sampler, seed=seed, gradual=gradual)
        x = _walked(model, denoiser, original, noise, sigmas, sampler, seed, on_step=keep)
        ends = [model.latent.from_network(end).float().cpu() for end in (x, *last)]
    # ordinary tensors, which may be changed in place
    return Outcome(ends[0].clone(), ends[-1].clone())


def _masked(
    model: DiffusionModel,
    inner: GuidedDenoiser,
    mask: Tensor,
    original: Tensor,
    noise: Tensor,
    sigmas: Sequence[float],
    *,
    sampler: Sampler,
    seed: int,
    gradual: float,
) -> Masked:
    if sampler.resizes:
        raise DiffusionError(
            "A sampler that enlarges the latent cannot keep what is outside a mask.",
            "Take the noise mask off, or use another sampler.",
        )
    outside = _mask_noise(noise, seed) if sampler.fresh_mask_noise else noise
    steady = latent_mask(mask, original)
    at = differential(steady, sigmas, model.schedule, gradual)
    return Masked(inner, at, original, outside, model.prediction)


def _denoiser(guider: Guider, sampler: Sampler, shape: Sequence[int]) -> GuidedDenoiser:
    if sampler.resizes:
        return AnySize(guider, pairs=sampler.pairs)
    return guider(shape, pairs=sampler.pairs)


def _walked(
    model: DiffusionModel,
    denoiser: GuidedDenoiser,
    original: Tensor,
    noise: Tensor,
    sigmas: Sequence[float],
    sampler: Sampler,
    seed: int,
    *,
    on_step: OnStep,
) -> Tensor:
    top = model.schedule.sigmas[-1]
    pure = sigmas[0] > top or math.isclose(sigmas[0], top, rel_tol=1e-5)
    x = model.prediction.noised(original, noise, sigmas[0], pure=pure)
    space = Space(model.prediction is Prediction.FLOW, model.schedule)
    step_noise = _step_noise(sampler, x, seed, sigmas)
    x = sampler.function(denoiser, x, sigmas, on_step=on_step, noise=step_noise, space=space)
    return model.prediction.unnoised(x, sigmas[-1])


def _mask_noise(noise: Tensor, seed: int) -> Tensor:
    return initial_noise(noise, (seed + 1) % 2**64).to(noise.device)


def _step_noise(sampler: Sampler, x: Tensor, seed: int, sigmas: Sequence[float]) -> StepNoise:
    if sampler.noise == "independent":
        return independent_noise(x, seed)
    if sampler.noise == "brownian":
        path = brownian_noise(x, seed, min(s for s in sigmas if s > 0), max(sigmas))
        return DrawnAhead(path, sigmas)
    return no_noise


def part_of(sigmas: Sequence[float], start: int, end: int, *, leftover: bool) -> list[float]:
    """The steps `start` to `end` of a run; without `leftover` noise its last level becomes 0."""
    part = list(sigmas[: end + 1])
    if len(part) < len(sigmas) and not leftover:
        part[-1:] = [0.0]
    return part[start:] if start < len(part) - 1 else []


__all__ = [
    "OnStep",
    "Outcome",
    "Step",
    "part_of",
    "run_sigmas",
    "sample",
    "sample_guided",
    "sample_sigmas",
    "sampler_named",
]
