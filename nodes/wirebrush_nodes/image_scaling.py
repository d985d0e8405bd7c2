"""Pictures scaled in proportion."""

from __future__ import annotations

from typing import Annotated, Literal

from wirebrush.api import Image, Range, node
from wirebrush_diffusion.pictures.sheets import resized
from wirebrush_nodes.live import explained

Method = Literal["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]
MEGAPIXEL = 1024 * 1024
KONTEXT_SIZES = (
    (672, 1568), (688, 1504), (720, 1456), (752, 1392), (800, 1328), (832, 1248), (880, 1184),
    (944, 1104), (1024, 1024), (1104, 944), (1184, 880), (1248, 832), (1328, 800), (1392, 752),
    (1456, 720), (1504, 688), (1568, 672),
)  # fmt: skip
"""Widths and heights that FLUX.1 Kontext was trained on, as its authors list them."""


@node(id="ImageScaleBy", category="image/upscaling", title="Upscale Image By")
def image_scale_by(
    image: Image,
    upscale_method: Method = "nearest-exact",
    scale_by: Annotated[float, Range(0.01, 8.0, 0.01)] = 1.0,
) -> Image:
    """Scale a picture by a factor.

    Args:
        image: The picture.
        upscale_method: lanczos and bicubic are smooth, area is best for shrinking, nearest-exact
            keeps hard edges.
        scale_by: How many times as wide and high it becomes.
    """
    return _scaled(image, scale_by, upscale_method)


@node(id="ImageScaleToTotalPixels", category="image/upscaling")
def image_scale_to_total_pixels(
    image: Image,
    upscale_method: Method = "nearest-exact",
    megapixels: Annotated[float, Range(0.01, 16.0, 0.01)] = 1.0,
) -> Image:
    """Scale a picture to a number of pixels, as models were trained on.

    Args:
        image: The picture.
        upscale_method: How pixels between pixels are filled.
        megapixels: The new width times the new height; 1 is 1024 x 1024.
    """
    height, width = image.shape[1:3]
    return _scaled(image, (megapixels * MEGAPIXEL / (height * width)) ** 0.5, upscale_method)


@node(id="ImageScaleToMaxDimension", category="image/upscaling")
def image_scale_to_max_dimension(
    image: Image,
    upscale_method: Literal["area", "lanczos", "bilinear", "nearest-exact", "bicubic"] = "area",
    largest_size: Annotated[int, Range(0, 16384, 1)] = 512,
) -> Image:
    """Scale a picture so that its longer side has a given length.

    Args:
        image: The picture.
        upscale_method: How pixels between pixels are filled.
        largest_size: The longer side in pixels; 0 keeps the size.
    """
    if largest_size == 0:
        return image
    return _scaled(image, largest_size / max(image.shape[1:3]), upscale_method)


@node(id="FluxKontextImageScale", category="advanced/conditioning/flux")
def flux_kontext_image_scale(image: Image) -> Image:
    """Scale a picture to the size nearest to its proportions that FLUX.1 Kontext knows.

    Args:
        image: The picture; little is cut off at two sides.
    """
    height, width = image.shape[1:3]
    size = min(KONTEXT_SIZES, key=lambda size: abs(size[0] / size[1] - width / height))
    with explained("image"):
        return resized(image, *size, "lanczos", "center")


def _scaled(image: Image, factor: float, method: str) -> Image:
    height, width = (max(1, round(side * factor)) for side in image.shape[1:3])
    with explained("image"):
        return resized(image, width, height, method)
