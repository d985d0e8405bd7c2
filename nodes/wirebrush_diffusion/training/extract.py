"""LoRAs out of differences: the part of a change that fits into a rank is its largest singular
values (Eckart and Young 1936)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from wirebrush_diffusion.patches.weights import Merge, PatchedWeights, WeightPatch

WHOLE_SVD = 768
"""Matrices up to this side are decomposed exactly; larger ones to the rank that is asked for."""
SPARE = 16
"""How many more values than wanted are looked for, so that those wanted are right."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a difference is kept: `rank` of its values or `full`; `vectors` are biases and norms."""

    rank: int = 8
    full: bool = False
    vectors: bool = True


def stem_for(role: str, encoders: int, place: int) -> str:
    """How kohya's names of a part begin: "" is the network, else a text encoder of that role."""
    if not role:
        return "lora_unet_"
    number = 2 if role == "g" else place + 1
    alone = encoders == 1 and role != "g"
    inside = "text_model_" if role in ("l", "g", "h") else ""
    return f"lora_te{'' if alone else number}_{inside}"


def differences(
    weights: PatchedWeights, patches: Sequence[WeightPatch | Merge]
) -> Iterator[tuple[str, Tensor]]:
    """What patches make of each weight, float32; weights that they leave alone are left out.

    After a merge (a subtraction) the weights are themselves the difference; else it is to the
    model without patches.
    """
    merged = any(isinstance(patch, Merge) for patch in patches)
    touched = {name for p in patches if isinstance(p, WeightPatch) for name in p.deltas}
    for name in weights.shapes():
        if not merged and name not in touched:
            continue
        changed = weights.patched(name, patches)
        plain = None if merged else weights.patched(name, ())
        if changed is not None:
            difference = changed if plain is None else changed - plain
            if difference.any():
                yield name, difference


def lora_of(name: str, difference: Tensor, stem: str, form: Form) -> dict[str, Tensor]:
    """One weight's difference as tensors of a LoRA file, half precision as usual."""
    module, _, kind = name.rpartition(".")
    base = stem + module.replace(".", "_")
    if difference.ndim < 2:
        known = {"weight": "diff", "bias": "diff_b"}
        if not form.vectors or kind not in known:
            return {}
        return {f"{base}.{known[kind]}": _stored(difference)}
    if kind != "weight":
        return {}
    if form.full:
        return {f"{base}.diff": _stored(difference)}
    up, down = factors_of(difference, form.rank)
    rank = down.shape[0]
    return {
        f"{base}.lora_up.weight": _stored(up),
        f"{base}.lora_down.weight": _stored(down),
        f"{base}.alpha": torch.tensor(float(rank)),
    }


def factors_of(difference: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """`up @ down` nearest to the difference: `[out,r,1,1]` and `[r,in,h,w]` for convolutions."""
    matrix = difference.flatten(1)
    rank = min(rank, *matrix.shape)
    if min(matrix.shape) <= max(WHOLE_SVD, rank + SPARE):
        left, values, right = torch.linalg.svd(matrix, full_matrices=False)
        right = right.mT
    else:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # the same difference gives the same file
            left, values, right = torch.svd_lowrank(matrix, rank + SPARE, niter=4)
    shares = values[:rank].sqrt()
    up, down = left[:, :rank] * shares, (right[:, :rank] * shares).mT
    places = (1,) * (difference.ndim - 2)
    return up.reshape(*up.shape, *places), down.reshape(rank, *difference.shape[1:])


def _stored(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", torch.float16).contiguous()
