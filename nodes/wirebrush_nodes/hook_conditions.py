"""Conditions with hooks, masks and times of their own."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from wirebrush.api import Conditioning, Mask, Range, node
from wirebrush_nodes.conditioning import conditioning_set_timestep_range
from wirebrush_nodes.conditioning_area import conditioning_set_mask
from wirebrush_nodes.hook_values import HookGroup, TimestepsRange

HOOKS, FALLBACK = "hooks", "fallback"
"""Options of a condition."""
Strength = Annotated[float, Range(0.0, 10.0, 0.01)]
Percent = Annotated[float, Range(0.0, 1.0, 0.001)]
Bounds = Literal["default", "mask bounds"]


class Ranges(NamedTuple):
    """A part of the sampling, what is before it and what is after."""

    TIMESTEPS_RANGE: TimestepsRange
    BEFORE_RANGE: TimestepsRange
    AFTER_RANGE: TimestepsRange


@node(
    id="ConditioningTimestepsRange",
    category="advanced/hooks",
    title="Timesteps Range",
    experimental=True,
)
def conditioning_timesteps_range(
    start_percent: Percent = 0.0, end_percent: Percent = 1.0
) -> Ranges:
    """A part of the sampling, to let conditions count there only.

    Args:
        start_percent: Where it begins: 0 is the first, noisy step.
        end_percent: Where it ends: 1 is the last step.
    """
    return Ranges(
        TimestepsRange(start_percent, end_percent),
        TimestepsRange(0.0, start_percent),
        TimestepsRange(end_percent, 1.0),
    )


@node(
    id="ConditioningSetProperties",
    category="advanced/hooks/cond single",
    title="Cond Set Props",
    experimental=True,
)
def conditioning_set_properties(
    cond_NEW: Conditioning,
    strength: Strength = 1.0,
    set_cond_area: Bounds = "default",
    mask: Mask | None = None,
    hooks: HookGroup | None = None,
    timesteps: TimestepsRange | None = None,
) -> Conditioning:
    """Give a condition a mask, hooks and a part of the sampling, as far as they are connected.

    Args:
        cond_NEW: The condition.
        strength: How strongly it counts inside the mask.
        set_cond_area: "mask bounds" shows the model only the rectangle around the mask.
        mask: White (1) where it counts.
        hooks: LoRAs that act for this condition alone, besides those it has.
        timesteps: When it counts.
    """
    made = cond_NEW
    if mask is not None:
        made = conditioning_set_mask(made, mask, strength, set_cond_area)
    if hooks is not None:
        made = tuple(
            cond.with_options(**{HOOKS: (*cond.options.get(HOOKS, ()), *hooks.hooks)})
            for cond in made
        )
    if timesteps is not None:
        made = conditioning_set_timestep_range(made, timesteps.start, timesteps.end)
    return made


@node(
    id="ConditioningSetPropertiesAndCombine",
    category="advanced/hooks/cond single",
    title="Cond Set Props Combine",
    experimental=True,
)
def conditioning_set_properties_and_combine(
    cond: Conditioning,
    cond_NEW: Conditioning,
    strength: Strength = 1.0,
    set_cond_area: Bounds = "default",
    mask: Mask | None = None,
    hooks: HookGroup | None = None,
    timesteps: TimestepsRange | None = None,
) -> Conditioning:
    """Give a condition a mask, hooks and times, and let it count together with another.

    Args:
        cond: The other condition, which stays as it is.
        cond_NEW: The condition.
        strength: How strongly it counts inside the mask.
        set_cond_area: "mask bounds" shows the model only the rectangle around the mask.
        mask: White (1) where it counts.
        hooks: LoRAs that act for this condition alone, besides those it has.
        timesteps: When it counts.
    """
    new = conditioning_set_properties(cond_NEW, strength, set_cond_area, mask, hooks, timesteps)
    return (*cond, *new)


@node(
    id="ConditioningSetDefaultCombine",
    category="advanced/hooks/cond single",
    title="Cond Set Default Combine",
    experimental=True,
)
def conditioning_set_default_combine(
    cond: Conditioning,
    cond_DEFAULT: Conditioning,
    hooks: HookGroup | None = None,
) -> Conditioning:
    """A condition for all places that the others' masks and areas leave over.

    Args:
        cond: The others.
        cond_DEFAULT: The condition for what is left.
        hooks: LoRAs that act for it alone.
    """
    default = conditioning_set_properties(cond_DEFAULT, hooks=hooks)
    return (*cond, *(one.with_options(**{FALLBACK: True}) for one in default))
