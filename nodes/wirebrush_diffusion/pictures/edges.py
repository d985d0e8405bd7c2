"""Edges of pictures (Canny 1986, "A Computational Approach to Edge Detection")."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d, max_pool2d, pad

LUMA = (0.299, 0.587, 0.114)
WEAK, STRONG = 1, 2
FINE = 2**14


def canny(image: Tensor, low: float = 0.4, high: float = 0.8, sigma: float = 1.0) -> Tensor:
    """Edges one pixel wide, `[B,H,W]` of 0 and 1, of pictures `[B,H,W,C]` 0..1.

    The picture is made soft by `sigma` pixels. An edge is where its Sobel gradient is steepest
    across and above `high`, and goes on along neighbours above `low`. A step from black to white
    has a gradient of about 2.3 at `sigma` 1.
    """
    grey = _grey(image)[:, None]
    across, down = _gradient(_blurred(grey, sigma))
    # Rounded, so that ties are ties whatever order a sum was taken in.
    steep = (torch.hypot(across, down) * FINE).round() / FINE
    ridge = torch.where(_is_ridge(steep, across, down), steep, 0.0)
    marks = (ridge > low).int() * WEAK + (ridge > high).int()
    return _linked(marks)[:, 0].to(image.dtype)


def _grey(image: Tensor) -> Tensor:
    if image.shape[-1] == 1:
        return image[..., 0]
    return image[..., :3] @ image.new_tensor(LUMA)


def _blurred(grey: Tensor, sigma: float) -> Tensor:
    places = torch.arange(-2, 3, dtype=grey.dtype, device=grey.device)
    kernel = torch.exp(-(places**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    mode = "reflect" if min(grey.shape[-2:]) > 2 else "replicate"  # two pixels cannot be mirrored
    grey = conv2d(pad(grey, (2, 2, 0, 0), mode=mode), kernel.view(1, 1, 1, 5))
    return conv2d(pad(grey, (0, 0, 2, 2), mode=mode), kernel.view(1, 1, 5, 1))


def _gradient(grey: Tensor) -> tuple[Tensor, Tensor]:
    sobel = grey.new_tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    kernels = torch.stack([sobel, sobel.T])[:, None]
    both = conv2d(pad(grey, (1, 1, 1, 1), mode="replicate"), kernels)
    return both[:, :1], both[:, 1:]


def _is_ridge(steep: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """Whether no neighbour across the edge is steeper; of two alike, the later one is left out."""
    turn = torch.round(torch.atan2(down, across) * 4 / math.pi).long() % 4
    around = pad(steep, (1, 1, 1, 1))
    height, width = steep.shape[-2:]
    ahead, behind = [], []
    for x, y in ((1, 0), (1, 1), (0, 1), (-1, 1)):
        ahead.append(around[..., 1 + y : 1 + y + height, 1 + x : 1 + x + width])
        behind.append(around[..., 1 - y : 1 - y + height, 1 - x : 1 - x + width])
    next_one = torch.stack(ahead).gather(0, turn[None])[0]
    last_one = torch.stack(behind).gather(0, turn[None])[0]
    return (steep > last_one) & (steep >= next_one)


def _linked(marks: Tensor) -> Tensor:
    """Strong edges, and weak ones that touch them, however far along."""
    edges = (marks >= STRONG).float()
    weak = (marks >= WEAK).float()
    while True:
        grown = max_pool2d(edges, 3, stride=1, padding=1) * weak
        if torch.equal(grown, edges):
            return edges
        edges = grown
