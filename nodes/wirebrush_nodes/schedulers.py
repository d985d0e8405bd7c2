"""Noise levels without a model: from two ends, or as published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from wirebrush.api import Choice, Range, Sigmas, Unit, node
from wirebrush_diffusion.noise import spacings
from wirebrush_diffusion.noise.gits import gits
from wirebrush_nodes.levels import sigmas_from
from wirebrush_nodes.live import explained

Steps = Annotated[int, Range(1, 10000)]
Level = Annotated[float, Range(0.0, 5000.0, 0.01)]
HIGHEST, LOWEST = 14.614642, 0.0291675  # of Stable Diffusion 1, 2 and XL


@node(id="KarrasScheduler", category="sampling/custom_sampling/schedulers")
def karras_scheduler(
    steps: Steps = 20,
    sigma_max: Level = HIGHEST,
    sigma_min: Level = LOWEST,
    rho: Annotated[float, Range(0.0, 100.0, 0.01)] = 7.0,
) -> Sigmas:
    """Noise levels that get denser towards the clean end, as Karras et al. advise.

    Args:
        steps: How many steps to take.
        sigma_max: The noisiest level.
        sigma_min: The cleanest level above 0.
        rho: How much denser; 1 is even, 7 is usual.
    """
    with explained("rho"):
        return sigmas_from(spacings.karras(steps, sigma_min, sigma_max, rho))


@node(id="ExponentialScheduler", category="sampling/custom_sampling/schedulers")
def exponential_scheduler(
    steps: Steps = 20, sigma_max: Level = HIGHEST, sigma_min: Level = LOWEST
) -> Sigmas:
    """Noise levels that shrink by the same factor at each step.

    Args:
        steps: How many steps to take.
        sigma_max: The noisiest level.
        sigma_min: The cleanest level above 0.
    """
    with explained("sigma_min"):
        return sigmas_from(spacings.exponential(steps, sigma_min, sigma_max))


@node(id="PolyexponentialScheduler", category="sampling/custom_sampling/schedulers")
def polyexponential_scheduler(
    steps: Steps = 20,
    sigma_max: Level = HIGHEST,
    sigma_min: Level = LOWEST,
    rho: Annotated[float, Range(0.0, 100.0, 0.01)] = 1.0,
) -> Sigmas:
    """Exponential levels, denser towards one end.

    Args:
        steps: How many steps to take.
        sigma_max: The noisiest level.
        sigma_min: The cleanest level above 0.
        rho: 1 is exponential; above, levels are denser at the clean end, below at the noisy one.
    """
    with explained("sigma_min"):
        return sigmas_from(spacings.polyexponential(steps, sigma_min, sigma_max, rho))


@node(id="LaplaceScheduler", category="sampling/custom_sampling/schedulers")
def laplace_scheduler(
    steps: Steps = 20,
    sigma_max: Level = HIGHEST,
    sigma_min: Level = LOWEST,
    mu: Annotated[float, Range(-10.0, 10.0, 0.1)] = 0.0,
    beta: Annotated[float, Range(0.0, 10.0, 0.1)] = 0.5,
) -> Sigmas:
    """Noise levels that are densest in the middle, where a picture's shapes are decided.

    The last level is sigma_min, not 0, so a little noise stays.

    Args:
        steps: How many levels to visit, which is one step more.
        sigma_max: The noisiest level.
        sigma_min: The cleanest level.
        mu: Where levels are densest, as the logarithm of a noise level.
        beta: How far they spread from there.
    """
    return sigmas_from(spacings.laplace(steps, sigma_min, sigma_max, mu, beta))


@node(id="VPScheduler", category="sampling/custom_sampling/schedulers")
def vp_scheduler(
    steps: Steps = 20,
    beta_d: Level = 19.9,
    beta_min: Level = 0.1,
    eps_s: Annotated[float, Range(0.0, 1.0, 0.0001)] = 0.001,
) -> Sigmas:
    """The levels of the continuous variance-preserving process.

    Args:
        steps: How many steps to take.
        beta_d: How fast noise grows faster.
        beta_min: How fast noise grows at first.
        eps_s: The time of the cleanest level; the noisiest has time 1.
    """
    with explained("beta_d"):
        return sigmas_from(spacings.vp(steps, beta_d, beta_min, eps_s))


@node(id="AlignYourStepsScheduler", category="sampling/custom_sampling/schedulers")
def align_your_steps_scheduler(
    model_type: Annotated[str, Choice(tuple(spacings.ALIGN_YOUR_STEPS))] = "SD1",
    steps: Steps = 10,
    denoise: Unit = 1.0,
) -> Sigmas:
    """Levels found to be best for few steps (Align Your Steps).

    Args:
        model_type: The family of the model.
        steps: How many steps to take; the published levels are for 10.
        denoise: How much of the canvas may change: only the last part of the steps is made.
    """
    return _published(spacings.ALIGN_YOUR_STEPS[model_type], steps, denoise)


@node(id="GITSScheduler", category="sampling/custom_sampling/schedulers")
def gits_scheduler(
    coeff: Annotated[float, Range(0.8, 1.5, 0.05)] = 1.2,
    steps: Annotated[int, Range(2, 1000)] = 10,
    denoise: Unit = 1.0,
) -> Sigmas:
    """Levels where a picture's path bends most (GITS), for few steps of Stable Diffusion.

    They are computed for the spectrum of natural pictures, and so differ a little from tables.

    Args:
        coeff: Above 1, levels are lower: more steps for details.
        steps: How many steps to take; above 20 they are interpolated.
        denoise: How much of the canvas may change: only the last part of the steps is made.
    """
    with explained("steps"):
        return sigmas_from(spacings.last_part(gits(steps, coeff), steps, denoise))


@node(id="OptimalStepsScheduler", category="sampling/custom_sampling/schedulers")
def optimal_steps_scheduler(
    model_type: Annotated[str, Choice(tuple(spacings.OPTIMAL_STEPS))] = "FLUX",
    steps: Annotated[int, Range(3, 1000)] = 20,
    denoise: Unit = 1.0,
) -> Sigmas:
    """Levels found to be best for few steps of flow models (Optimal Steps).

    Args:
        model_type: The family of the model.
        steps: How many steps to take.
        denoise: How much of the canvas may change: only the last part of the steps is made.
    """
    return _published(spacings.OPTIMAL_STEPS[model_type], steps, denoise)


def _published(published: Sequence[float], steps: int, denoise: float) -> Sigmas:
    return sigmas_from(spacings.last_part(spacings.resampled(published, steps), steps, denoise))
