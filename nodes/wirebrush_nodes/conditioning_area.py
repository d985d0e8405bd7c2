"""Conditions narrowed to a place: a rectangle or a mask."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from wirebrush.api import Conditioning, Mask, Range, Unit, node
from wirebrush_diffusion.latent.matching import mask_planes
from wirebrush_diffusion.pictures.masks import bounds
from wirebrush_nodes.live import explained

Strength = Annotated[float, Range(0.0, 10.0, 0.01)]
AreaSide = Annotated[int, Range(64, 16384, 8)]
Corner = Annotated[int, Range(0, 16384, 8)]
STEP = 8  # pixels for each latent position


@node(id="ConditioningSetArea", category="conditioning", title="Conditioning (Set Area)")
def conditioning_set_area(
    conditioning: Conditioning,
    width: AreaSide = 64,
    height: AreaSide = 64,
    x: Corner = 0,
    y: Corner = 0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a condition count in a rectangle only.

    Args:
        conditioning: The condition.
        width: Pixels across.
        height: Pixels down.
        x: Pixels from the left edge of the picture.
        y: Pixels from the upper edge.
        strength: How strongly it counts beside others there.
    """
    area = (height // STEP, width // STEP, y // STEP, x // STEP)
    return _all_with(conditioning, area=area, strength=strength)


@node(
    id="ConditioningSetAreaPercentage",
    category="conditioning",
    title="Conditioning (Set Area with Percentage)",
)
def conditioning_set_area_percentage(
    conditioning: Conditioning,
    width: Unit = 1.0,
    height: Unit = 1.0,
    x: Unit = 0.0,
    y: Unit = 0.0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a condition count in a rectangle only, given in parts of the picture.

    Args:
        conditioning: The condition.
        width: Part of the picture's width, 0 to 1.
        height: Part of its height.
        x: Where it begins from the left, 0 to 1.
        y: Where it begins from above.
        strength: How strongly it counts beside others there.
    """
    return _all_with(conditioning, area=(height, width, y, x, True), strength=strength)


@node(id="ConditioningSetAreaStrength", category="conditioning")
def conditioning_set_area_strength(
    conditioning: Conditioning, strength: Strength = 1.0
) -> Conditioning:
    """Change how strongly a condition counts beside others.

    Args:
        conditioning: The condition.
        strength: 1 is normal, 0 leaves it out.
    """
    return _all_with(conditioning, strength=strength)


@node(id="ConditioningSetMask", category="conditioning", title="Conditioning (Set Mask)")
def conditioning_set_mask(
    conditioning: Conditioning,
    mask: Mask,
    strength: Strength = 1.0,
    set_cond_area: Literal["default", "mask bounds"] = "default",
) -> Conditioning:
    """Let a condition count where a mask is white.

    Args:
        conditioning: The condition.
        mask: 1 (white) where it counts; of any size, it is stretched over the picture.
        strength: How strongly it counts there.
        set_cond_area: "mask bounds" shows the model only the rectangle around the mask, "default"
            the whole picture.
    """
    with explained("mask"):
        planes = mask_planes(mask)[:, 0]
    options = {"mask": planes, "mask_strength": strength}
    if set_cond_area == "mask bounds":
        left, top, right, bottom = bounds(planes) or (0, 0, 1, 1)
        tall, wide = planes.shape[-2:]
        size = ((bottom - top) / tall, (right - left) / wide)
        return _all_with(conditioning, **options, area=(*size, top / tall, left / wide, True))
    return _all_with(conditioning, **options)


def _all_with(conditioning: Conditioning, **options: Any) -> Conditioning:
    return tuple(cond.with_options(**options) for cond in conditioning)
