"""Pictures cut, turned, mirrored, joined and put into frames."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from wirebrush.api import Image, Mask, Range, node
from wirebrush_diffusion.pictures import sheets
from wirebrush_diffusion.pictures.turning import cropped, flipped, rotated
from wirebrush_nodes.live import explained

Side = Annotated[int, Range(1, 16384, 1)]
Pixels = Annotated[int, Range(0, 16384, 1)]
Rim = Annotated[int, Range(0, 16384, 8)]
Turn = Literal["none", "90 degrees", "180 degrees", "270 degrees"]
Flip = Literal["x-axis: vertically", "y-axis: horizontally"]
Method = Literal["area", "bicubic", "nearest-exact", "bilinear", "lanczos"]


class Widened(NamedTuple):
    """A picture with a rim, and the mask of the rim."""

    IMAGE: Image
    MASK: Mask


@node(id="ImageCrop", category="image/transform", title="Image Crop")
def image_crop(
    image: Image, width: Side = 512, height: Side = 512, x: Pixels = 0, y: Pixels = 0
) -> Image:
    """Cut a rectangle out of a picture.

    Args:
        image: The picture.
        width: Pixels across; what is beyond the picture is left out.
        height: Pixels down.
        x: Pixels from the left edge.
        y: Pixels from the upper edge.
    """
    return cropped(image.movedim(-1, 1), x, y, width, height).movedim(1, -1).contiguous()


@node(id="ImageRotate", category="image/transform")
def image_rotate(image: Image, rotation: Turn = "none") -> Image:
    """Turn a picture clockwise.

    Args:
        image: The picture.
        rotation: How far.
    """
    return rotated(image.movedim(-1, 1), rotation).movedim(1, -1).contiguous()


@node(id="ImageFlip", category="image/transform")
def image_flip(image: Image, flip_method: Flip = "x-axis: vertically") -> Image:
    """Mirror a picture.

    Args:
        image: The picture.
        flip_method: "x-axis" swaps above and below, "y-axis" left and right.
    """
    return flipped(image.movedim(-1, 1), flip_method).movedim(1, -1).contiguous()


@node(id="ImageStitch", category="image/transform", title="Image Stitch")
def image_stitch(
    image1: Image,
    direction: sheets.Direction = "right",
    match_image_size: bool = True,
    spacing_width: Annotated[int, Range(0, 1024, 2)] = 0,
    spacing_color: Literal["white", "black", "red", "green", "blue"] = "white",
    image2: Image | None = None,
) -> Image:
    """Join two pictures side by side.

    Args:
        image1: The first picture.
        direction: On which side of the first the second comes.
        match_image_size: Scale the second so that the edges that meet are equally long.
        spacing_width: Pixels between them; an odd number becomes the next even one.
        spacing_color: The colour between them.
        image2: The second picture; without one the first stays as it is.
    """
    if image2 is None:
        return image1
    with explained("image2"):
        return sheets.stitched(
            image1,
            image2,
            direction,
            match=match_image_size,
            spacing=spacing_width,
            colour=spacing_color,
        )


@node(id="ResizeAndPadImage", category="image/transform")
def resize_and_pad_image(
    image: Image,
    target_width: Side = 512,
    target_height: Side = 512,
    padding_color: Literal["white", "black"] = "white",
    interpolation: Method = "area",
) -> Image:
    """Bring a picture to a size without cutting or stretching it.

    Args:
        image: The picture.
        target_width: New width in pixels.
        target_height: New height in pixels.
        padding_color: What fills the bars at two sides.
        interpolation: area is best for shrinking, lanczos and bicubic for enlarging.
    """
    with explained("image"):
        return sheets.letterboxed(image, target_width, target_height, padding_color, interpolation)


@node(id="ImagePadForOutpaint", category="image", title="Pad Image for Outpainting")
def image_pad_for_outpaint(
    image: Image,
    left: Rim = 0,
    top: Rim = 0,
    right: Rim = 0,
    bottom: Rim = 0,
    feathering: Pixels = 40,
) -> Widened:
    """Put grey around a picture, and mask it, so that a sampler paints on beyond the edges.

    Args:
        image: The picture.
        left: Pixels to add on the left.
        top: Pixels to add above.
        right: Pixels to add on the right.
        bottom: Pixels to add below.
        feathering: Over how many pixels the mask fades into the picture.
    """
    with explained("image"):
        return Widened(*sheets.widened(image, left, top, right, bottom, feathering))
