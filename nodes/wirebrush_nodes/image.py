"""Changing pictures."""

from __future__ import annotations

from typing import Annotated, Literal

import torch

from wirebrush.api import Image, Range, Unit, node
from wirebrush_diffusion.pictures.blend import blend
from wirebrush_diffusion.pictures.resize import keep_aspect, resize
from wirebrush_nodes.live import explained

Side = Annotated[int, Range(1, 16384, 1)]
NewSide = Annotated[int, Range(0, 16384, 1)]
Batch = Annotated[int, Range(1, 4096)]
Method = Literal["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]
Crop = Literal["disabled", "center"]
Mode = Literal["normal", "multiply", "screen", "overlay", "soft_light", "difference"]


@node(id="ImageScale", category="image/upscaling", title="Upscale Image")
def image_scale(
    image: Image,
    upscale_method: Method = "nearest-exact",
    width: NewSide = 512,
    height: NewSide = 512,
    crop: Crop = "disabled",
) -> Image:
    """Resize a picture.

    Args:
        image: The picture.
        upscale_method: lanczos and bicubic are smooth, area is best for shrinking, nearest-exact
            keeps hard edges.
        width: New width in pixels; 0 follows from the height, both 0 keep the size.
        height: New height in pixels; 0 follows from the width.
        crop: "center" cuts to the new proportions first, "disabled" stretches.
    """
    old_height, old_width = image.shape[1:3]
    width, height = keep_aspect(width, height, old_width, old_height)
    with explained("image"):
        resized = resize(image.movedim(-1, 1), width, height, upscale_method, crop)
    return resized.movedim(1, -1).clamp(0.0, 1.0).contiguous()


@node(id="ImageInvert", category="image", title="Invert Image")
def image_invert(image: Image) -> Image:
    """Turn every colour into its opposite, as in a photographic negative.

    Args:
        image: The picture.
    """
    return 1.0 - image


@node(id="ImageBlend", category="image/postprocessing")
def image_blend(
    image1: Image,
    image2: Image,
    blend_factor: Unit = 0.5,
    blend_mode: Mode = "normal",
) -> Image:
    """Lay one picture over another.

    Args:
        image1: The picture below.
        image2: The picture above; resized to the other if need be.
        blend_factor: How much of the blend is seen: 0 is only the picture below.
        blend_mode: How the colours meet, as in any picture editor.
    """
    with explained("image2"):
        return blend(image1, image2, blend_factor, blend_mode)


@node(id="EmptyImage", category="image", title="EmptyImage")
def empty_image(
    width: Side = 512,
    height: Side = 512,
    batch_size: Batch = 1,
    color: Annotated[int, Range(0, 0xFFFFFF, 1)] = 0,
) -> Image:
    """A picture of one colour.

    Args:
        width: Pixels across.
        height: Pixels down.
        batch_size: How many.
        color: Red, green and blue as one number, 0xRRGGBB.
    """
    channels = [(color >> shift & 0xFF) / 255.0 for shift in (16, 8, 0)]
    with explained():
        return torch.tensor(channels).repeat(batch_size, height, width, 1)
