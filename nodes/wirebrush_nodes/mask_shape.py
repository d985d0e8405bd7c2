"""Masks cut, combined, softened at the edges, grown."""

from __future__ import annotations

from typing import Annotated, Literal

from wirebrush.api import Mask, Range, node
from wirebrush_diffusion.latent.matching import mask_planes
from wirebrush_diffusion.pictures import masks
from wirebrush_diffusion.pictures.turning import cropped
from wirebrush_nodes.live import explained

Pixels = Annotated[int, Range(0, 16384, 1)]
Side = Annotated[int, Range(1, 16384, 1)]
Operation = Literal["multiply", "add", "subtract", "and", "or", "xor"]


@node(id="CropMask", category="mask")
def crop_mask(
    mask: Mask, x: Pixels = 0, y: Pixels = 0, width: Side = 512, height: Side = 512
) -> Mask:
    """Cut a rectangle out of a mask.

    Args:
        mask: The mask.
        x: Pixels from the left edge.
        y: Pixels from the upper edge.
        width: Pixels across; what is beyond the mask is left out.
        height: Pixels down.
    """
    with explained("mask"):
        return cropped(mask_planes(mask)[:, 0], x, y, width, height)


@node(id="MaskComposite", category="mask")
def mask_composite(
    destination: Mask,
    source: Mask,
    x: Pixels = 0,
    y: Pixels = 0,
    operation: Operation = "multiply",
) -> Mask:
    """Combine two masks where the second lies over the first.

    Args:
        destination: The mask below.
        source: The mask that is laid over it.
        x: Pixels from the left edge of the first.
        y: Pixels from its upper edge.
        operation: How they meet. "and", "or" and "xor" take what is from 0.5 up as masked.
    """
    with explained("destination"):
        below = mask_planes(destination)[:, 0]
    with explained("source"):
        return masks.combined(below, mask_planes(source)[:, 0], x, y, operation)


@node(id="FeatherMask", category="mask")
def feather_mask(
    mask: Mask, left: Pixels = 0, top: Pixels = 0, right: Pixels = 0, bottom: Pixels = 0
) -> Mask:
    """Let a mask fade out towards the edges of the picture.

    Args:
        mask: The mask.
        left: Over how many pixels at the left edge.
        top: At the upper edge.
        right: At the right edge.
        bottom: At the lower edge.
    """
    with explained("mask"):
        return masks.feathered(mask_planes(mask)[:, 0], left, top, right, bottom)


@node(id="GrowMask", category="mask")
def grow_mask(
    mask: Mask,
    expand: Annotated[int, Range(-16384, 16384, 1)] = 0,
    tapered_corners: bool = True,
) -> Mask:
    """Make what is masked larger or smaller.

    Args:
        mask: The mask.
        expand: By how many pixels on each side; below 0 it shrinks.
        tapered_corners: Cut corners off instead of growing in squares.
    """
    with explained("mask"):
        return masks.grown(mask_planes(mask)[:, 0], expand, tapered=tapered_corners)
