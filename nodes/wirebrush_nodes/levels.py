"""SIGMAS on wires, and the nodes that cut and change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

import torch

from wirebrush.api import NodeError, Range, Sigmas, Text, Unit, node
from wirebrush_diffusion.noise.spacings import extended

LOWEST = 1e-4  # in place of 0 where a run starts there: nothing can be scaled from 0
Level = Annotated[float, Range(0.0, 20000.0, 0.001)]


class Halves(NamedTuple):
    """The noisy and the clean part of a run."""

    high_sigmas: Sigmas
    low_sigmas: Sigmas


def levels_of(sigmas: Sigmas, port: str = "sigmas") -> list[float]:
    """The levels as numbers, checked; what repeats the 0 at the end is left out."""
    levels: list[float] = sigmas.float().flatten().tolist() if sigmas.ndim == 1 else [-1.0]
    if any(not 0 <= level < float("inf") for level in levels):
        raise NodeError(
            f"Sigmas are a row of numbers from 0 up; these are {str(sigmas.tolist())[:60]}.",
            "Connect a scheduler node, for example BasicScheduler.",
            port=port,
        )
    if len(levels) > 1 and levels[0] == 0:
        raise NodeError(
            "The run starts at noise level 0, where there is nothing to do.",
            "FlipSigmas turns levels around.",
            port=port,
        )
    while levels[-2:] == [0.0, 0.0]:
        levels.pop()
    if 0.0 in levels[:-1]:
        raise NodeError(
            f"Noise level {levels.index(0.0) + 1} of {len(levels)} is 0, where a run ends, but "
            f"{levels[levels.index(0.0) + 1]:g} comes after it.",
            "Leave out the 0, or what comes after it; SplitSigmas makes two runs of one.",
            port=port,
        )
    return levels


def sigmas_from(levels: Sequence[float]) -> Sigmas:
    """Numbers as a value for wires: float32, as in the whole field."""
    return torch.tensor(levels, dtype=torch.float32)


@node(id="ManualSigmas", category="sampling/custom_sampling/sigmas")
def manual_sigmas(
    sigmas: Annotated[str, Text(placeholder="14.6, 6.5, 2.7, 0.7, 0")] = "1, 0.5",
) -> Sigmas:
    """Noise levels typed in.

    Args:
        sigmas: Numbers with commas between; they should descend, and mostly end in 0.
    """
    parts = [part for part in sigmas.replace(",", " ").replace(";", " ").split() if part]
    try:
        levels = [float(part) for part in parts]
    except ValueError as error:
        raise NodeError(
            f"{sigmas[:60]!r} is no list of numbers.", "Write: 14.6, 2.7, 0", port="sigmas"
        ) from error
    found = sigmas_from(levels)
    levels_of(found)
    return found


@node(id="SplitSigmas", category="sampling/custom_sampling/sigmas")
def split_sigmas(sigmas: Sigmas, step: Annotated[int, Range(0, 10000)] = 0) -> Halves:
    """Cut a run in two; both parts have the level where it is cut.

    Args:
        sigmas: The noise levels of the whole run.
        step: How many steps the first part has.
    """
    return Halves(sigmas[: step + 1], sigmas[step:])


@node(id="SplitSigmasDenoise", category="sampling/custom_sampling/sigmas")
def split_sigmas_denoise(sigmas: Sigmas, denoise: Unit = 1.0) -> Halves:
    """Cut a run in two by the part that the second one has.

    Args:
        sigmas: The noise levels of the whole run.
        denoise: The second run's part of the steps: 0.3 leaves it the last three of ten.
    """
    steps = max(sigmas.shape[-1] - 1, 0)
    cut = steps - round(steps * denoise)
    if cut == steps:  # nothing is left for the second part
        return Halves(sigmas, sigmas[:0])
    return Halves(sigmas[: cut + 1], sigmas[cut:])


@node(id="FlipSigmas", category="sampling/custom_sampling/sigmas")
def flip_sigmas(sigmas: Sigmas) -> Sigmas:
    """Turn the noise levels around: to find the noise that a picture comes from.

    Args:
        sigmas: The noise levels of a run.
    """
    flipped = sigmas.flip(0)
    if len(flipped) and flipped[0] == 0:
        flipped[0] = LOWEST
    return flipped


@node(id="SetFirstSigma", category="sampling/custom_sampling/sigmas")
def set_first_sigma(sigmas: Sigmas, sigma: Level = 136.0) -> Sigmas:
    """Start a run at another noise level.

    Args:
        sigmas: The noise levels of a run.
        sigma: The level to start at.
    """
    changed = sigmas.clone()
    changed[:1] = sigma
    return changed


@node(id="ExtendIntermediateSigmas", category="sampling/custom_sampling/sigmas")
def extend_intermediate_sigmas(
    sigmas: Sigmas,
    steps: Annotated[int, Range(1, 100)] = 2,
    start_at_sigma: Annotated[float, Range(-1.0, 20000.0, 0.01)] = -1.0,
    end_at_sigma: Annotated[float, Range(0.0, 20000.0, 0.01)] = 12.0,
    spacing: Literal["linear", "cosine", "sine"] = "linear",
) -> Sigmas:
    """Cut some steps of a run into smaller ones.

    Args:
        sigmas: The noise levels of a run.
        steps: How many steps each one becomes.
        start_at_sigma: The highest level at which steps are cut; -1 is no limit.
        end_at_sigma: The lowest level at which steps are cut.
        spacing: How the new levels lie between the old ones.
    """
    return sigmas_from(extended(levels_of(sigmas), steps, start_at_sigma, end_at_sigma, spacing))
