"""Filters on pictures, as in any picture editor."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from wirebrush.api import Image, Range, Seed, Unit, node
from wirebrush_diffusion.pictures import filters
from wirebrush_nodes.live import explained

Radius = Annotated[int, Range(1, 31, 1)]
Operation = Literal["erode", "dilate", "open", "close", "gradient", "bottom_hat", "top_hat"]
Dither = Literal["none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16"]


class Yuv(NamedTuple):
    """Luma and two colour differences, each as a picture in greys."""

    Y: Image
    U: Image
    V: Image


@node(id="ImageBlur", category="image/postprocessing")
def image_blur(
    image: Image, blur_radius: Radius = 1, sigma: Annotated[float, Range(0.1, 10.0, 0.1)] = 1.0
) -> Image:
    """Make a picture soft.

    Args:
        image: The picture.
        blur_radius: How many pixels to each side are mixed.
        sigma: How much the far ones count: from 1 up nearly as much as the near ones.
    """
    with explained("image"):
        return filters.blurred(image, blur_radius, sigma)


@node(id="ImageSharpen", category="image/postprocessing")
def image_sharpen(
    image: Image,
    sharpen_radius: Radius = 1,
    sigma: Annotated[float, Range(0.1, 10.0, 0.01)] = 1.0,
    alpha: Annotated[float, Range(0.0, 5.0, 0.01)] = 1.0,
) -> Image:
    """Make a picture crisp.

    Args:
        image: The picture.
        sharpen_radius: Over how many pixels edges are strengthened.
        sigma: How wide they are strengthened within it.
        alpha: How much; 0 changes nothing, 1 is strong.
    """
    with explained("image"):
        return filters.sharpened(image, sharpen_radius, sigma, alpha)


@node(id="ImageQuantize", category="image/postprocessing")
def image_quantize(
    image: Image, colors: Annotated[int, Range(1, 256, 1)] = 256, dither: Dither = "none"
) -> Image:
    """Reduce a picture to a palette of few colours.

    Args:
        image: The picture.
        colors: How many colours; they are chosen for each picture.
        dither: How colours in between are suggested by patterns.
    """
    with explained("image"):
        return filters.quantized(image, colors, dither)


@node(id="Morphology", category="image/postprocessing", title="ImageMorphology")
def morphology(
    image: Image,
    operation: Operation = "erode",
    kernel_size: Annotated[int, Range(3, 999, 1)] = 3,
) -> Image:
    """Thicken or thin what is bright.

    Args:
        image: The picture, mostly black and white.
        operation: erode thins what is bright, dilate thickens it, open removes specks, close
            fills gaps, gradient keeps the outlines, the hats keep what open and close removed.
        kernel_size: Over how many pixels.
    """
    with explained("image"):
        return filters.MORPHOLOGY[operation](image, kernel_size)


@node(id="ImageAddNoise", category="image")
def image_add_noise(image: Image, seed: Seed = 0, strength: Unit = 0.5) -> Image:
    """Put grain over a picture.

    Args:
        image: The picture.
        seed: Which noise.
        strength: How strong it is; 0 is none.
    """
    with explained("image"):
        return filters.noisy(image, seed, strength)


@node(id="ImageRGBToYUV", category="image/batch")
def image_rgb_to_yuv(image: Image) -> Yuv:
    """Take brightness and colour of a picture apart.

    Args:
        image: The picture.
    """
    return Yuv(*(plane.unsqueeze(-1).repeat(1, 1, 1, 3) for plane in filters.to_yuv(image)))


@node(id="ImageYUVToRGB", category="image/batch")
def image_yuv_to_rgb(Y: Image, U: Image, V: Image) -> Image:
    """Put brightness and colour together to a picture.

    Args:
        Y: The brightness.
        U: How blue; 0.5 is no colour.
        V: How red; 0.5 is no colour.
    """
    return filters.from_yuv(*(image[..., :3].mean(dim=-1) for image in (Y, U, V)))
