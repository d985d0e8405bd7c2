"""Values on their way into a pack's node and out of it.

Pictures, masks and numbers are the same on both sides. A latent is a dict there and a record here.
Everything else travels as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from wirebrush.api import Blocked, Latent, Link
from wirebrush_comfy.shims.graphs import ExecutionBlocker

COPIED_BYTES = 1 << 28
"""Larger tensors are handed over as they are; writing into one of them is then an error."""


def to_pack(value: Any) -> Any:
    """A value as a pack's node takes it.

    Packs write into what they are given more often than not, and nobody in ComfyUI stops them. Here
    the same tensor is what the cache keeps, so they get one of their own.
    """
    if isinstance(value, Tensor):
        return value.clone() if value.nbytes <= COPIED_BYTES else value
    if isinstance(value, Latent):
        return _latent_dict(value)
    if isinstance(value, Link):
        return [value.node, value.output]
    if type(value) is list:
        return [to_pack(item) for item in value]
    if type(value) is dict:
        return {key: to_pack(item) for key, item in value.items()}
    return value


def from_pack(value: Any, kind: str) -> Any:
    """A value that a pack's node gave for an output of that type."""
    if isinstance(value, ExecutionBlocker):
        return Blocked(value.message)
    if kind in ("LATENT", "*") and isinstance(value, Mapping) and "samples" in value:
        if isinstance(value["samples"], Tensor):
            return _latent(value)
    if isinstance(value, Tensor):
        value = value.detach()
        return value.unsqueeze(0) if kind == "MASK" and value.ndim == 2 else value
    return value


def _latent_dict(latent: Latent) -> dict[str, Any]:
    data: dict[str, Any] = {"samples": to_pack(latent.samples)}
    if latent.noise_mask is not None:
        data["noise_mask"] = latent.noise_mask.clone().unsqueeze(1)
    if latent.batch_index is not None:
        data["batch_index"] = list(latent.batch_index)
    return data


def _latent(data: Mapping[str, Any]) -> Latent:
    mask, index = data.get("noise_mask"), data.get("batch_index")
    if isinstance(mask, Tensor):
        mask = mask.reshape(-1, *mask.shape[-2:]).detach().to(torch.float32)
    return Latent(
        samples=data["samples"].detach(),
        noise_mask=mask,
        batch_index=None if index is None else tuple(int(place) for place in index),
    )
