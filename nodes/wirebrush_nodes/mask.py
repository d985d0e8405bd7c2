"""Masks."""

from __future__ import annotations

from typing import Annotated, Literal

import torch

from wirebrush.api import File, Image, Mask, Range, Run, Unit, node
from wirebrush_diffusion.latent.matching import mask_planes
from wirebrush_diffusion.pictures import masks
from wirebrush_diffusion.pictures.files import read_channel
from wirebrush_nodes.image_io import preview_image
from wirebrush_nodes.live import explained

Side = Annotated[int, Range(1, 16384, 1)]


@node(id="LoadImageMask", category="mask", title="Load Image (as Mask)")
def load_image_mask(
    image: Annotated[str, File("image", upload=True)],
    channel: Literal["alpha", "red", "green", "blue"] = "alpha",
    *,
    run: Run,
) -> Mask:
    """Read one channel of a picture as a mask.

    Args:
        image: An uploaded picture.
        channel: Of alpha, what is transparent becomes 1; of a colour, what is bright.
    """
    path = run.path(run.file("image", image))
    with explained("image"):
        return read_channel(path, channel)


@node(id="MaskToImage", category="mask", title="Convert Mask to Image")
def mask_to_image(mask: Mask) -> Image:
    """Show a mask as a picture in greys.

    Args:
        mask: The mask.
    """
    with explained("mask"):
        return mask_planes(mask).movedim(1, -1).repeat(1, 1, 1, 3)


@node(id="ImageToMask", category="mask", title="Convert Image to Mask")
def image_to_mask(image: Image, channel: Literal["red", "green", "blue", "alpha"] = "red") -> Mask:
    """Take one channel of a picture as a mask.

    Args:
        image: The picture.
        channel: Which one; bright becomes 1. An opaque picture's alpha is 1 everywhere.
    """
    return masks.channel(image, channel)


@node(id="ImageColorToMask", category="mask")
def image_color_to_mask(image: Image, color: Annotated[int, Range(0, 0xFFFFFF, 1)] = 0) -> Mask:
    """Mask what has exactly one colour.

    Args:
        image: The picture.
        color: Red, green and blue as one number, 0xRRGGBB.
    """
    return masks.colour_mask(image, color)


@node(id="SolidMask", category="mask")
def solid_mask(value: Unit = 1.0, width: Side = 512, height: Side = 512) -> Mask:
    """A mask that is the same everywhere.

    Args:
        value: 1 is masked, 0 is not.
        width: Pixels across.
        height: Pixels down.
    """
    with explained():
        return torch.full((1, height, width), value)


@node(id="InvertMask", category="mask")
def invert_mask(mask: Mask) -> Mask:
    """Swap what is masked and what is not.

    Args:
        mask: The mask.
    """
    return 1.0 - mask


@node(id="ThresholdMask", category="mask")
def threshold_mask(mask: Mask, value: Unit = 0.5) -> Mask:
    """Make a soft mask hard.

    Args:
        mask: The mask.
        value: What is above becomes 1, the rest 0.
    """
    return (mask > value).float()


@node(id="MaskPreview", category="mask")
def mask_preview(mask: Mask, *, run: Run) -> None:
    """Show a mask on the node without keeping it.

    Args:
        mask: The mask.
    """
    with explained("mask"):
        planes = mask_planes(mask).movedim(1, -1)
    preview_image(planes, run=run)
