"""Pictures laid over each other, with masks and transparency."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from wirebrush.api import Image, Mask, NodeError, Range, node
from wirebrush_diffusion.latent.matching import in_number, in_size, mask_planes
from wirebrush_diffusion.pictures import porter_duff
from wirebrush_diffusion.pictures.blend import same_channels
from wirebrush_diffusion.pictures.masks import channel
from wirebrush_diffusion.pictures.placing import composited
from wirebrush_diffusion.pictures.sheets import resized, with_alpha
from wirebrush_nodes.live import explained

Pixels = Annotated[int, Range(0, 16384, 1)]
Mode = Literal[
    "ADD", "CLEAR", "DARKEN", "DST", "DST_ATOP", "DST_IN", "DST_OUT", "DST_OVER", "LIGHTEN",
    "MULTIPLY", "OVERLAY", "SCREEN", "SRC", "SRC_ATOP", "SRC_IN", "SRC_OUT", "SRC_OVER", "XOR",
]  # fmt: skip


class Transparent(NamedTuple):
    """A picture and what is transparent in it."""

    IMAGE: Image
    MASK: Mask


@node(id="ImageCompositeMasked", category="image")
def image_composite_masked(
    destination: Image,
    source: Image,
    x: Pixels = 0,
    y: Pixels = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Image:
    """Lay one picture over another where a mask is white.

    Args:
        destination: The picture below.
        source: The picture that is laid over it; what reaches beyond is cut off.
        x: Pixels from the left edge.
        y: Pixels from the upper edge.
        resize_source: Stretch the source over the whole destination first.
        mask: 1 (white) where the source is seen; stretched over the source. Without one, all.
    """
    with explained("mask"):
        planes = None if mask is None else mask_planes(mask)
    if source.shape[-1] > destination.shape[-1]:
        source = source[..., : destination.shape[-1]]
    destination, source = same_channels(destination, source)
    below, above = destination.movedim(-1, 1), source.movedim(-1, 1)
    with explained("source"):
        result = composited(below, above, x, y, planes, resize_source=resize_source)
    return result.movedim(1, -1).contiguous()


@node(
    id="PorterDuffImageComposite",
    category="mask/compositing",
    title="Porter-Duff Image Composite",
)
def porter_duff_image_composite(
    source: Image,
    source_alpha: Mask,
    destination: Image,
    destination_alpha: Mask,
    mode: Mode = "DST",
) -> Transparent:
    """Combine two pictures with transparency.

    Args:
        source: The picture above; resized to the other if need be.
        source_alpha: Its mask, as LoadImage gives it: 1 is transparent.
        destination: The picture below.
        destination_alpha: Its mask.
        mode: Which of the two is seen where, and how colours meet.
    """
    count = max(len(source), len(destination))
    height, width = destination.shape[1:3]
    with explained("source"):
        above = resized(source[..., :3], width, height, "bicubic", "center")
    if above.shape[-1] != 3 or destination.shape[-1] < 3:
        raise NodeError("Only pictures in colour can be composed.", "Both need 3 or 4 channels.")
    below = in_number(destination[..., :3], count)
    with explained("source_alpha"):
        hidden = _mask_over(source_alpha, below)
    with explained("destination_alpha"):
        hidden_below = _mask_over(destination_alpha, below)
    layers = (in_number(above, count), hidden), (below, hidden_below)
    return Transparent(*porter_duff.composed(*layers, mode))


@node(id="SplitImageWithAlpha", category="mask/compositing", title="Split Image with Alpha")
def split_image_with_alpha(image: Image) -> Transparent:
    """Take the transparency of a picture off as a mask.

    Args:
        image: The picture. One without transparency gives a mask of zeros.
    """
    return Transparent(image[..., :3].clone(), 1.0 - channel(image, "alpha"))


@node(id="JoinImageWithAlpha", category="mask/compositing", title="Join Image with Alpha")
def join_image_with_alpha(image: Image, alpha: Mask) -> Image:
    """Make a picture transparent where a mask is white.

    Args:
        image: The picture.
        alpha: The mask; stretched over the picture. 1 is transparent.
    """
    with explained("alpha"):
        return with_alpha(image, mask_planes(alpha))


def _mask_over(mask: Mask, image: Image) -> Mask:
    """A mask in the size and number of pictures."""
    return in_number(in_size(mask_planes(mask), image.movedim(-1, 1)), len(image))[:, 0]
