"""Parts of a text that are looked at more or less: what pictures add to it (FLUX Redux).

A bias on the scores of attention, `log(strength)`: at strength 1 nothing changes, at 0.5 a part has
half its weight. The part itself is not affected, nor is what came before it.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

TEXT_BIAS = "text_bias"
"""In a condition's options `[2, T]`, in `extra` `[N, 2, T]`: each place's bias, and the number of
the part that it belongs to; 0 is the text."""


def with_part(told: Tensor | None, text: int, places: int, bias: float) -> Tensor:
    """`[2, text + places]`: one part more behind what was told of the text before it."""
    before = torch.zeros((2, 0)) if told is None else told
    before = pad(before, (0, text - before.shape[1]))
    number = float(before[1].max()) + 1.0 if text else 1.0
    part = torch.tensor([[bias], [number]]).expand(2, places)
    return torch.cat([before, part], dim=1)


def attention_bias(told: Tensor, text: int, picture: int, dtype: torch.dtype) -> Tensor:
    """What is added to each score `[N, 1, S, S]`, for `text + picture` places that look."""
    told = pad(told, (0, text + picture - told.shape[2]))
    bias, part = told[:, 0].float(), told[:, 1]
    later = part[:, None, :] > part[:, :, None]
    return (bias[:, None, :] * later).to(dtype).unsqueeze(1)
