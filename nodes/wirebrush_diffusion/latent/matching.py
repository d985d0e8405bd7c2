"""Making two batches fit each other: size, channels and number. All are `[B,C,...,h,w]`."""

from __future__ import annotations

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.pictures.resize import resize


def in_number(x: Tensor, count: int) -> Tensor:
    """`count` items of a batch: repeated from the first, or cut. The batch itself if it fits."""
    if x.shape[0] == count:
        return x
    times = -(-count // x.shape[0])
    return x.repeat(times, *[1] * (x.ndim - 1))[:count]


def in_size(x: Tensor, like: Tensor, method: str = "bilinear", crop: str = "center") -> Tensor:
    """Resized to the last two sides of `like`; `[B,C,t,h,w]` frame by frame."""
    height, width = like.shape[-2:]
    if x.shape[-2:] == (height, width):
        return x
    if x.ndim == 4:
        return resize(x, width, height, method, crop)
    frames = x.transpose(1, 2).flatten(0, 1)
    resized = resize(frames, width, height, method, crop)
    return resized.unflatten(0, (x.shape[0], x.shape[2])).transpose(1, 2).contiguous()


def fitted(x: Tensor, like: Tensor, what: str, method: str = "bilinear") -> Tensor:
    """A latent in the size and number of another; `what` names it in errors."""
    if x.ndim != like.ndim or x.shape[1] != like.shape[1]:
        raise DiffusionError(
            f"{what} has {_kind(x)}, the other latent {_kind(like)}.",
            "Use latents of the same family of models.",
        )
    if x.ndim == 5 and x.shape[2] != like.shape[2]:
        raise DiffusionError(
            f"{what} has {x.shape[2]} frames, the other latent {like.shape[2]}.",
            "Cut the longer one with LatentCut.",
        )
    return in_number(in_size(x, like, method), like.shape[0])


def _kind(x: Tensor) -> str:
    return f"{x.shape[1]} channels" + (" and frames" if x.ndim == 5 else "")


def mask_planes(mask: Tensor) -> Tensor:
    """A mask `[B,H,W]` or `[H,W]` as planes `[B,1,H,W]`, float32."""
    if mask.ndim not in (2, 3, 4) or 0 in mask.shape:
        shape = "x".join(str(side) for side in mask.shape) or "one number"
        raise DiffusionError(
            f"A mask is [B,H,W], this is {shape}.", "Convert a picture with ImageToMask."
        )
    return mask.reshape(-1, 1, *mask.shape[-2:]).float()


def joined_masks(masks: list[tuple[Tensor | None, Tensor]]) -> Tensor | None:
    """Noise masks of several latents in a row, `[B,H,W]`; None if none of them has one.

    A latent without a mask is painted all over: it gets ones. Masks take the size of the first.
    """
    given = [mask for mask, _ in masks if mask is not None]
    if not given:
        return None
    first = mask_planes(given[0])
    planes = [
        first.new_ones((len(latent), 1, *first.shape[-2:]))
        if mask is None
        else in_number(in_size(mask_planes(mask), first, crop="disabled"), len(latent))
        for mask, latent in masks
    ]
    return torch.cat(planes)[:, 0]
