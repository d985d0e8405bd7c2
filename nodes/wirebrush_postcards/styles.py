"""Two styles of postcard: the same scene as a woodcut, and as pixel art."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter, ImageOps

Style = Callable[[np.ndarray], np.ndarray]

INK, PAPER = (46.0, 30.0, 24.0), (246.0, 232.0, 202.0)
PERIOD = 8
"""Pixels from one line of a woodcut to the next: the width of a latent's cell."""
BLOCK = 4
"""Pixels of a picture to one block of pixel art."""


def woodcut(picture: np.ndarray) -> np.ndarray:
    """Return uint8 [128, 128, 3] cut in wood: lines as thick as the picture is dark, and outlines.

    Ink and paper are the same two colours whatever the picture's are; outlines are cut out where
    it is dark and printed where it is light.
    """
    grey = Image.fromarray(picture).convert("L")
    even = np.asarray(ImageOps.equalize(grey), dtype=np.float32) / 255
    tones = 0.55 * even + 0.45 * np.asarray(ImageOps.autocontrast(grey), dtype=np.float32) / 255
    thick = np.clip((0.86 - tones) / 0.8, 0, 1) * (PERIOD - 1.2)
    rows = (np.arange(len(tones), dtype=np.float32) % PERIOD)[:, None]
    lines = np.clip(thick / 2 + 0.5 - np.abs(rows - (PERIOD - 1) / 2), 0, 1)
    edges = _outlines(grey)
    ink = lines * (thick > 0.5) * (1 - edges) + edges * (thick < 0.55 * PERIOD)
    return (np.array(PAPER) + (np.array(INK) - PAPER) * ink[..., None]).astype(np.uint8)


def pixel(picture: np.ndarray) -> np.ndarray:
    """Return uint8 [128, 128, 3] as blocks of one colour, each colour one of few."""
    size = picture.shape[1] // BLOCK, picture.shape[0] // BLOCK
    small = Image.fromarray(picture).resize(size, Image.Resampling.BOX)
    few = np.round(np.asarray(small, dtype=np.float32) / 36.43) * 36.43
    return few.clip(0, 255).astype(np.uint8).repeat(BLOCK, 0).repeat(BLOCK, 1)


STYLES: dict[str, Style] = {"woodcut": woodcut, "pixel": pixel}


def _outlines(grey: Image.Image) -> np.ndarray:
    """Return 0..1 [H, W]: where shapes end."""
    soft = grey.filter(ImageFilter.GaussianBlur(0.7)).filter(ImageFilter.FIND_EDGES)
    edges = np.clip(np.asarray(soft, dtype=np.float32) / 34 - 0.25, 0, 1)
    edges[:2], edges[-2:], edges[:, :2], edges[:, -2:] = 0, 0, 0, 0
    return edges
