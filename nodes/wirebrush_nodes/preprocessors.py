"""Steering pictures for ControlNets that need no model to be made."""

from __future__ import annotations

from typing import Annotated

from wirebrush.api import Image, Mask, Range, Unit, node
from wirebrush_diffusion.latent.matching import mask_planes
from wirebrush_diffusion.pictures import filters
from wirebrush_diffusion.pictures.edges import canny
from wirebrush_diffusion.pictures.resize import resize
from wirebrush_diffusion.pictures.sheets import resized
from wirebrush_nodes.live import explained

Threshold = Annotated[float, Range(0.01, 0.99, 0.01)]
Cells = Annotated[int, Range(8, 1024, 1)]


@node(id="Canny", category="image/preprocessors")
def canny_edges(
    image: Image, low_threshold: Threshold = 0.4, high_threshold: Threshold = 0.8
) -> Image:
    """Find the edges in a picture, for ControlNets that were trained on them.

    Args:
        image: The picture.
        low_threshold: How strong an edge must be to go on from a stronger one.
        high_threshold: How strong it must be to begin; higher finds fewer.
    """
    with explained("image"):
        return canny(image, low_threshold, high_threshold).unsqueeze(-1).repeat(1, 1, 1, 3)


@node(id="ImageGrayscale", category="image/preprocessors", title="Grayscale")
def image_grayscale(image: Image) -> Image:
    """Take the colours out of a picture, for ControlNets that colour it anew.

    Args:
        image: The picture.
    """
    return filters.grey(image)


@node(id="ImageThreshold", category="image/preprocessors", title="Threshold")
def image_threshold(image: Image, threshold: Unit = 0.5) -> Image:
    """Make a picture black and white, for ControlNets of scribbles and codes.

    Args:
        image: The picture.
        threshold: What is brighter becomes white, the rest black.
    """
    return (filters.grey(image)[..., :3] > threshold).float()


@node(id="ImageColorPalette", category="image/preprocessors", title="Color Palette")
def image_color_palette(image: Image, cells: Cells = 64) -> Image:
    """Reduce a picture to a mosaic of its colours, for ControlNets and adapters of colour.

    Args:
        image: The picture.
        cells: Pixels of a mosaic stone.
    """
    height, width = image.shape[1:3]
    across, down = max(1, round(width / cells)), max(1, round(height / cells))
    with explained("image"):
        return resized(resized(image, across, down, "area"), width, height, "nearest-exact")


@node(id="ImageTileBlur", category="image/preprocessors", title="Tile")
def image_tile_blur(image: Image, down_by: Annotated[float, Range(1.0, 64.0, 0.1)] = 8.0) -> Image:
    """Take the details out of a picture, for tile ControlNets that paint them anew.

    Args:
        image: The picture.
        down_by: How many times smaller the picture is made before it is enlarged again.
    """
    height, width = image.shape[1:3]
    across, down = max(1, round(width / down_by)), max(1, round(height / down_by))
    with explained("image"):
        return resized(resized(image, across, down, "area"), width, height, "bicubic")


@node(id="InpaintPreprocessor", category="image/preprocessors", title="Inpaint Preprocessor")
def inpaint_preprocessor(
    image: Image, mask: Mask, black_pixel_for_xinsir_cn: bool = False
) -> Image:
    """Cut out of a picture what shall be painted anew, for Stable Diffusion 1's inpaint ControlNet.

    What is cut out has the value -1, which no picture has. A noise mask, or an inpainting node,
    besides keeps the rest of the picture exactly.

    Args:
        image: The picture.
        mask: White (1) where it shall be painted anew; it is stretched over the picture.
        black_pixel_for_xinsir_cn: Paint black instead of -1, for SDXL's union ControlNet with type
            repaint.
    """
    with explained("mask"):
        planes = mask_planes(mask)
    tall, wide = image.shape[1:3]
    away = resize(planes, wide, tall, "bilinear").movedim(1, -1) > 0.5
    return image[..., :3].masked_fill(away, 0.0 if black_pixel_for_xinsir_cn else -1.0)
