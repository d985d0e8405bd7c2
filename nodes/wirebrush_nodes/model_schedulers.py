"""Noise levels of a model, or for a latent: what was trained on, in so many steps."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from wirebrush.api import Choice, Latent, Model, Optional, Range, Run, Sigmas, Unit, node
from wirebrush_diffusion.noise import spacings
from wirebrush_diffusion.noise.schedules import SCHEDULES, NoiseSchedule, sigmas_for, turbo
from wirebrush_diffusion.noise.schedules import beta as beta_levels
from wirebrush_nodes.levels import sigmas_from
from wirebrush_nodes.live import explained, live_model

Steps = Annotated[int, Range(1, 10000)]
Shape = Annotated[float, Range(0.0, 50.0, 0.01)]
NOISIEST = 999_999_999.9  # the field's number for "above every level"


class SigmaValue(NamedTuple):
    """A noise level."""

    sigma_value: float


@node(id="BasicScheduler", category="sampling/custom_sampling/schedulers")
def basic_scheduler(
    model: Model,
    scheduler: Annotated[str, Choice(tuple(SCHEDULES))] = "simple",
    steps: Steps = 20,
    denoise: Unit = 1.0,
    *,
    run: Run,
) -> Sigmas:
    """The noise levels that KSampler would visit.

    Args:
        model: The model that will paint.
        scheduler: How the noise levels are spread over the steps.
        steps: How many steps to take.
        denoise: How much of the canvas may change: 1 paints anew, 0.5 keeps the layout.
    """
    schedule = _schedule(model, run)
    with explained("steps"):
        return sigmas_from(sigmas_for(schedule, scheduler, steps, denoise))


@node(id="BetaSamplingScheduler", category="sampling/custom_sampling/schedulers")
def beta_sampling_scheduler(
    model: Model, steps: Steps = 20, alpha: Shape = 0.6, beta: Shape = 0.6, *, run: Run
) -> Sigmas:
    """Training times spread by a beta distribution.

    Args:
        model: The model that will paint.
        steps: How many steps to take; equal times count once.
        alpha: Below 1, times are denser at the clean end; above, sparser.
        beta: Below 1, times are denser at the noisy end; above, sparser.
    """
    schedule = _schedule(model, run)
    with explained("alpha"):
        return sigmas_from(beta_levels(schedule, steps, alpha, beta))


@node(id="SDTurboScheduler", category="sampling/custom_sampling/schedulers")
def sd_turbo_scheduler(
    model: Model, steps: Annotated[int, Range(1, 10)] = 1, denoise: Unit = 1.0, *, run: Run
) -> Sigmas:
    """The levels that SD-Turbo and SDXL-Turbo were distilled for.

    Args:
        model: The model that will paint.
        steps: How many steps to take; 1 to 4 are usual.
        denoise: How much of the canvas may change, in tenths.
    """
    return sigmas_from(turbo(_schedule(model, run), steps, denoise))


@node(id="LTXVScheduler", category="sampling/custom_sampling/schedulers")
def ltxv_scheduler(
    steps: Steps = 20,
    max_shift: Annotated[float, Range(0.0, 100.0, 0.01)] = 2.05,
    base_shift: Annotated[float, Range(0.0, 100.0, 0.01)] = 0.95,
    stretch: bool = True,
    terminal: Annotated[float, Range(0.0, 0.99, 0.01)] = 0.1,
    latent: Annotated[Latent, Optional()] | None = None,
) -> Sigmas:
    """A flow's levels, moved towards noise by the latent's size: for LTX-Video.

    Args:
        steps: How many steps to take.
        max_shift: The shift for 4096 latent positions.
        base_shift: The shift for 1024 latent positions.
        stretch: Whether to make the last level above 0 the terminal one.
        terminal: That level.
        latent: The latent whose size counts; without one it is 4096 positions.
    """
    positions = 4096 if latent is None else latent.samples[0, 0].numel()
    levels = spacings.ltxv(
        steps, positions, max_shift, base_shift, stretch=stretch, terminal=terminal
    )
    return sigmas_from(levels)


@node(id="SamplingPercentToSigma", category="sampling/custom_sampling/sigmas")
def sampling_percent_to_sigma(
    model: Model,
    sampling_percent: Annotated[float, Range(0.0, 1.0, 0.0001)] = 0.0,
    return_actual_sigma: bool = False,
    *,
    run: Run,
) -> SigmaValue:
    """The noise level after a part of a run.

    Args:
        model: The model that will paint.
        sampling_percent: The part of the run, 0 to 1.
        return_actual_sigma: Give the ends as levels that the model knows, not as numbers beyond.
    """
    schedule = _schedule(model, run)
    if return_actual_sigma and sampling_percent in (0.0, 1.0):
        return SigmaValue(schedule.sigmas[-1 if sampling_percent == 0.0 else 0])
    sigma = schedule.at_percent(sampling_percent)
    return SigmaValue(NOISIEST if math.isinf(sigma) else sigma)


def _schedule(model: Model, run: Run) -> NoiseSchedule:
    with explained("model"), live_model(model, run) as network:
        return network.schedule
