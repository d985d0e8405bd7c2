"""Conditions put together, mixed, silenced, and narrowed to a part of the sampling."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import torch

from wirebrush.api import Cond, Conditioning, NodeError, Range, Unit, node
from wirebrush_diffusion.text.arithmetic import averaged, averaged_pooled, chained
from wirebrush_nodes.live import explained

Percent = Annotated[float, Range(0.0, 1.0, 0.001)]


@node(id="ConditioningCombine", category="conditioning", title="Conditioning (Combine)")
def conditioning_combine(
    conditioning_1: Conditioning, conditioning_2: Conditioning
) -> Conditioning:
    """Let two conditions count together; the sampler averages what they ask for.

    Args:
        conditioning_1: One condition, such as a text for the left half.
        conditioning_2: The other.
    """
    return (*conditioning_1, *conditioning_2)


@node(id="ConditioningAverage", category="conditioning")
def conditioning_average(
    conditioning_to: Conditioning,
    conditioning_from: Conditioning,
    conditioning_to_strength: Unit = 1.0,
) -> Conditioning:
    """Mix two texts into one that lies between them.

    Args:
        conditioning_to: The text that is mixed into.
        conditioning_from: The text that is mixed in; only its first condition is used.
        conditioning_to_strength: How much of the first is left: 1 is all, 0 none.
    """
    other = _first(conditioning_from)
    strength = conditioning_to_strength
    with explained("conditioning_from"):
        return tuple(
            replace(
                cond,
                embedding=averaged(cond.embedding, other.embedding, strength),
                pooled=averaged_pooled(cond.pooled, other.pooled, strength),
            )
            for cond in conditioning_to
        )


@node(id="ConditioningConcat", category="conditioning", title="Conditioning (Concat)")
def conditioning_concat(
    conditioning_to: Conditioning, conditioning_from: Conditioning
) -> Conditioning:
    """Let the model read one text after the other, each encoded on its own.

    Args:
        conditioning_to: The text that comes first.
        conditioning_from: The text behind it; only its first condition is used.
    """
    other = _first(conditioning_from)
    with explained("conditioning_from"):
        return tuple(
            replace(cond, embedding=chained(cond.embedding, other.embedding))
            for cond in conditioning_to
        )


@node(id="ConditioningZeroOut", category="advanced/conditioning")
def conditioning_zero_out(conditioning: Conditioning) -> Conditioning:
    """Say nothing at all, which for some models is not the same as an empty text.

    Args:
        conditioning: A condition; its places and sizes are kept, its text is not.
    """
    return tuple(
        replace(
            cond,
            embedding=torch.zeros_like(cond.embedding),
            pooled=None if cond.pooled is None else torch.zeros_like(cond.pooled),
        )
        for cond in conditioning
    )


@node(id="ConditioningSetTimestepRange", category="advanced/conditioning")
def conditioning_set_timestep_range(
    conditioning: Conditioning, start: Percent = 0.0, end: Percent = 1.0
) -> Conditioning:
    """Let a condition count for a part of the sampling only.

    Args:
        conditioning: The condition.
        start: When it begins to count: 0 is the first, noisy step.
        end: When it ends: 1 is the last step.
    """
    return tuple(cond.with_options(start=start, end=end) for cond in conditioning)


def _first(conditioning: Conditioning) -> Cond:
    if not conditioning:
        raise NodeError("There is no condition in it.", "Connect a text.", port="conditioning_from")
    return conditioning[0]
