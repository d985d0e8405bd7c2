"""Turn drawn pictures into latents once, so that the diffusion training never sees a pixel."""

import math
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from wirebrush_postcards.checkpoints import load_state, save_state
from wirebrush_postcards.dataset import scene_number
from wirebrush_postcards.scenes import Scene

CELL = 8
"""Pixels of a picture to one cell of its latent, along a side."""


@torch.no_grad()
def encode_pictures(model: AutoencoderKL, pictures: np.ndarray, batch: int = 32) -> Tensor:
    """Encode uint8 [N, 128, 128, 3] into the most likely latents, float [N, 4, 16, 16]."""
    parts = []
    for start in range(0, len(pictures), batch):
        stack = torch.from_numpy(np.array(pictures[start : start + batch])).permute(0, 3, 1, 2)
        parts.append(
            model.encode(stack.float().to(model.device) / 127.5 - 1).latent_dist.mode().cpu()
        )
    return torch.cat(parts)


def spread_frame(live: int, count: int) -> Tensor:
    """Return [count, live], columns orthogonal, rows of length 1: `live` signals in `count`."""
    corners = torch.tensor([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
    return corners[:, -live:] * (count / live) ** 0.5


@torch.no_grad()
def normalise_latents(model: AutoencoderKL, latents: Tensor, least: float = 0.3) -> None:
    """Change the two 1x1 convolutions around the latents so that all channels have deviation 1.

    The pictures stay the same, and the scaling factor becomes 1. A channel whose deviation is below
    `least` carries nothing (the KL term has switched it off); the others, made white, are then
    spread over all four.
    """
    count = latents.shape[1]
    flat = latents.permute(1, 0, 2, 3).flatten(1)
    live = torch.nonzero(flat.std(1) >= least).flatten()
    mean = flat.mean(1)
    values, vectors = torch.linalg.eigh(torch.cov(flat[live]))
    frame = spread_frame(len(live), count)
    forth = frame @ (vectors @ torch.diag(values**-0.5) @ vectors.T)
    back = vectors @ torch.diag(values**0.5) @ vectors.T @ torch.linalg.pinv(frame)
    before, after = model.quant_conv, model.post_quant_conv
    after.bias += after.weight[:, :, 0, 0] @ mean
    after.weight[:, :, 0, 0] = after.weight[:, live, 0, 0] @ back
    rows, offset = before.weight[live, :, 0, 0], before.bias[live] - mean[live]
    before.weight[:count, :, 0, 0], before.bias[:count] = forth @ rows, forth @ offset
    before.weight[count:], before.bias[count:] = 0.0, 2 * math.log(0.02)
    model.register_to_config(scaling_factor=1.0)


def weight_map(scene: Scene) -> Tensor:
    """Return how much each cell of the latent counts, [16, 16]: more on thing, sun and moon."""
    weights = torch.ones(128 // CELL, 128 // CELL)
    spots = [(scene.light_x, scene.light_y, 15.0, 15.0)]
    if scene.thing != "none":
        spots.append(
            (scene.thing_x, 92.0, 26.0, 20.0)
            if scene.thing == "house"
            else (scene.thing_x, 75.0, 26.0, 28.0)
        )
    for x, y, half_x, half_y in spots:
        left, right = int((x - half_x) / CELL), int((x + half_x) / CELL) + 1
        top, bottom = int((y - half_y) / CELL), int((y + half_y) / CELL) + 1
        weights[max(0, top) : bottom, max(0, left) : right] = 2.0
    return weights / weights.mean()


def cached_latents(path: Path, model: AutoencoderKL, pictures: np.ndarray) -> tuple[Tensor, Tensor]:
    """Return latents [N, 4, 16, 16] and weights [N, 1, 16, 16] of the pictures, kept in `path`."""
    kept = load_state(path)
    if kept is None:
        maps = torch.stack([weight_map(scene_number(number)) for number in range(len(pictures))])[
            :, None
        ]
        kept = {"latents": encode_pictures(model, pictures).half(), "maps": maps.half()}
        save_state(path, kept)
    return kept["latents"], kept["maps"]
