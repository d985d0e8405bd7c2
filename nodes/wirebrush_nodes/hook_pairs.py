"""Pairs of conditions, positive and negative, with hooks, masks and times of their own."""

from __future__ import annotations

from typing import NamedTuple

from wirebrush.api import Conditioning, Mask, node
from wirebrush_nodes.hook_conditions import (
    Bounds,
    Strength,
    conditioning_set_default_combine,
    conditioning_set_properties,
)
from wirebrush_nodes.hook_values import HookGroup, TimestepsRange


class Pair(NamedTuple):
    """Both sides."""

    positive: Conditioning
    negative: Conditioning


@node(
    id="PairConditioningSetProperties",
    category="advanced/hooks/cond pair",
    title="Cond Pair Set Props",
    experimental=True,
)
def pair_conditioning_set_properties(
    positive_NEW: Conditioning,
    negative_NEW: Conditioning,
    strength: Strength = 1.0,
    set_cond_area: Bounds = "default",
    mask: Mask | None = None,
    hooks: HookGroup | None = None,
    timesteps: TimestepsRange | None = None,
) -> Pair:
    """The same as Cond Set Props, for both sides.

    Args:
        positive_NEW: What the picture should show.
        negative_NEW: What it should not show.
        strength: How strongly they count inside the mask.
        set_cond_area: "mask bounds" shows the model only the rectangle around the mask.
        mask: White (1) where they count.
        hooks: LoRAs that act for these conditions alone, besides those they have.
        timesteps: When they count.
    """
    given = (strength, set_cond_area, mask, hooks, timesteps)
    return Pair(
        conditioning_set_properties(positive_NEW, *given),
        conditioning_set_properties(negative_NEW, *given),
    )


@node(
    id="PairConditioningSetPropertiesAndCombine",
    category="advanced/hooks/cond pair",
    title="Cond Pair Set Props Combine",
    experimental=True,
)
def pair_conditioning_set_properties_and_combine(
    positive: Conditioning,
    negative: Conditioning,
    positive_NEW: Conditioning,
    negative_NEW: Conditioning,
    strength: Strength = 1.0,
    set_cond_area: Bounds = "default",
    mask: Mask | None = None,
    hooks: HookGroup | None = None,
    timesteps: TimestepsRange | None = None,
) -> Pair:
    """The same as Cond Set Props Combine, for both sides.

    Args:
        positive: What the picture should show; stays as it is.
        negative: What it should not show; stays as it is.
        positive_NEW: What it should show besides.
        negative_NEW: What it should not show besides.
        strength: How strongly the new ones count inside the mask.
        set_cond_area: "mask bounds" shows the model only the rectangle around the mask.
        mask: White (1) where the new ones count.
        hooks: LoRAs that act for the new ones alone, besides those they have.
        timesteps: When the new ones count.
    """
    new = pair_conditioning_set_properties(
        positive_NEW, negative_NEW, strength, set_cond_area, mask, hooks, timesteps
    )
    return Pair((*positive, *new.positive), (*negative, *new.negative))


@node(
    id="PairConditioningSetDefaultCombine",
    category="advanced/hooks/cond pair",
    title="Cond Pair Set Default Combine",
    experimental=True,
)
def pair_conditioning_set_default_combine(
    positive: Conditioning,
    negative: Conditioning,
    positive_DEFAULT: Conditioning,
    negative_DEFAULT: Conditioning,
    hooks: HookGroup | None = None,
) -> Pair:
    """The same as Cond Set Default Combine, for both sides.

    Args:
        positive: What the picture should show.
        negative: What it should not show.
        positive_DEFAULT: What it should show wherever the others leave something over.
        negative_DEFAULT: What it should not show there.
        hooks: LoRAs that act for the last two alone.
    """
    return Pair(
        conditioning_set_default_combine(positive, positive_DEFAULT, hooks),
        conditioning_set_default_combine(negative, negative_DEFAULT, hooks),
    )


@node(
    id="PairConditioningCombine",
    category="advanced/hooks/cond pair",
    title="Cond Pair Combine",
    experimental=True,
)
def pair_conditioning_combine(
    positive_A: Conditioning,
    negative_A: Conditioning,
    positive_B: Conditioning,
    negative_B: Conditioning,
) -> Pair:
    """Let two pairs of conditions count together.

    Args:
        positive_A: What the picture should show.
        negative_A: What it should not show.
        positive_B: What it should show besides.
        negative_B: What it should not show besides.
    """
    return Pair((*positive_A, *positive_B), (*negative_A, *negative_B))
