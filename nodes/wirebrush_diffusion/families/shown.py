"""Pictures that a network is told about as a CLIP vision encoder saw them, with noise over them.

unCLIP (Ramesh et al. 2022, arXiv:2204.06125) reads them as class labels, SDXL in place of the
pooled text. Conditions carry them in `unclip`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.noise.schedules import DiscreteSchedule

SEEN = "unclip"
LEVELS = 1000


class Shown(NamedTuple):
    """A picture for the network: what CLIP saw `[1,P]`, how strongly, with how much noise 0..1."""

    embedding: Tensor
    strength: float = 1.0
    noise: float = 0.0


def check_shown(pictures: Sequence[Shown], width: int) -> None:
    """Raise if they were not seen by the encoder that the network knows, `width` wide."""
    for picture in pictures:
        found = picture.embedding.shape[-1]
        if found != width:
            raise DiffusionError(
                f"The picture was encoded {found} wide, this model reads {width}.",
                "Use the vision encoder that the model was trained with.",
            )


def shown(
    pictures: Sequence[Shown],
    seed: int,
    merge_noise: float,
    mean: Tensor | None = None,
    spread: Tensor | None = None,
) -> Tensor:
    """The pictures mixed, and the noise's level beside them: `[1, 2P]`.

    The sum of several gets `merge_noise`. `mean` and `spread` `[1,P]` are what the encoder sees on
    average; noise is measured by them.
    """
    mean = torch.zeros(1) if mean is None else mean
    spread = torch.ones(1) if spread is None else spread
    seen = [_noisy(p.embedding, p.noise, seed, mean, spread) * p.strength for p in pictures]
    if len(seen) == 1:
        return seen[0]
    total = torch.stack(seen).sum(dim=0)
    return _noisy(total[:, : total.shape[-1] // 2], merge_noise, seed, mean, spread)


def _noisy(embedding: Tensor, amount: float, seed: int, mean: Tensor, spread: Tensor) -> Tensor:
    level = round((LEVELS - 1) * min(max(amount, 0.0), 1.0))
    sigma = DiscreteSchedule.from_betas(steps=LEVELS, kind="squaredcos_cap_v2").sigmas[level]
    noise = torch.randn(embedding.shape, generator=torch.Generator("cpu").manual_seed(seed))
    scaled = (embedding.float().cpu() - mean) / spread
    noisy = (scaled + noise * sigma) / (1.0 + sigma * sigma) ** 0.5
    return torch.cat([noisy * spread + mean, level_code(level, embedding.shape[-1])], dim=1)


def level_code(level: int, width: int) -> Tensor:
    """A noise level as cosines and sines of many speeds, `[1, width]`."""
    half = width // 2
    speeds = torch.exp(torch.arange(half) * (-torch.tensor(10000.0).log() / half))
    return torch.cat([(level * speeds).cos(), (level * speeds).sin()]).unsqueeze(0)
