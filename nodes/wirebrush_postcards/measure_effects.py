"""What an addition to the model has done to a picture: edges followed, layout kept, style taken."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from wirebrush_diffusion.pictures.edges import canny
from wirebrush_postcards.styles import BLOCK, INK, PAPER


def edge_overlap(pictures: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how far edges are at the same places, 0..1 for each of N pairs: IoU within a pixel.

    Pictures are uint8 [N, 128, 128, 3]; edges are what a Canny node finds by default.
    """
    one, other = _broad_edges(pictures), _broad_edges(others)
    return ((one & other).sum((1, 2)) / (one | other).sum((1, 2)).clamp(min=1)).numpy()


def difference(pictures: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the mean difference of N pairs of uint8 pictures, 0..255."""
    return np.abs(pictures.astype(np.float32) - others).mean((1, 2, 3))


def off_ink(pictures: np.ndarray) -> np.ndarray:
    """Return how far the colours of N pictures are from a woodcut's ink and paper, 0..255.

    >>> from wirebrush_postcards.dataset import picture_number
    >>> from wirebrush_postcards.styles import woodcut
    >>> plain = picture_number(1)
    >>> bool(off_ink(woodcut(plain)[None])[0] < 0.25 * off_ink(plain[None])[0])
    True
    """
    far = [np.abs(pictures.astype(np.float32) - tone).mean(-1) for tone in (INK, PAPER)]
    return np.minimum(*far).mean((1, 2))


def blockiness(pictures: np.ndarray) -> np.ndarray:
    """Return how much of the change along rows is between blocks of pixel art, 0..1.

    A picture without blocks has about 1 / `BLOCK`, since that many steps are between two.

    >>> from wirebrush_postcards.dataset import picture_number
    >>> from wirebrush_postcards.styles import pixel
    >>> round(float(blockiness(pixel(picture_number(1))[None])[0]), 3)
    1.0
    """
    steps = np.abs(np.diff(pictures.astype(np.float32), axis=2)).sum((1, 3))
    return steps[:, BLOCK - 1 :: BLOCK].sum(1) / np.maximum(steps.sum(1), 1)


def _broad_edges(pictures: np.ndarray) -> Tensor:
    """Return [N, 128, 128] bool: edges, three pixels wide."""
    edges = canny(torch.from_numpy(np.array(pictures)).float() / 255)
    return max_pool2d(edges[:, None], 3, 1, 1)[:, 0] > 0
