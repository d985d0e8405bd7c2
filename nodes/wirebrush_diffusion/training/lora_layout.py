"""What trained factors are called in files, so that other programs read them too.

UNets: kohya's and LyCORIS' names with diffusers' modules (`lora_unet_..._to_q.lora_up.weight`).
Transformers: diffusers' own (`transformer....to_q.lora_A.weight`), which have no alpha, so that the
scale is part of the factors; LyCORIS' for LoHa and LoKr. OFT: peft's, for both.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from wirebrush_diffusion.patches.lora import RANKS
from wirebrush_diffusion.patches.lora_kinds import Factors
from wirebrush_diffusion.training.adapters import Adapters


def lora_tensors(
    adapters: Adapters, network: str, dtype: torch.dtype = torch.float32
) -> dict[str, Tensor]:
    """A file's tensors, on the CPU; `network` is diffusers' class name."""
    tensors: dict[str, Tensor] = {}
    for name, factors in adapters.factors.items():
        for key, tensor in _named(name, factors, adapters.algorithm, network):
            tensors[key] = tensor.detach().to("cpu", dtype, copy=True).contiguous()
    return tensors


def _named(
    name: str, factors: Factors, algorithm: str, network: str
) -> Iterator[tuple[str, Tensor]]:
    unet = network == "UNet2DConditionModel"
    if algorithm == "OFT":
        yield f"base_model.model.{name}.oft_R.weight", factors.parts["oft_R"]
    elif algorithm == "LoRA" and not unet:
        yield f"transformer.{name}.lora_A.weight", factors.parts["down"]
        yield f"transformer.{name}.lora_B.weight", factors.parts["up"] * factors.scale
    else:
        base = ("lora_unet_" if unet else "lycoris_") + name.replace(".", "_")
        for part, tensor in factors.parts.items():
            yield f"{base}.{'lora_' * (part in ('up', 'down'))}{part}{_ending(part)}", tensor
        rank = next((factors.parts[part].shape[0] for part in RANKS if part in factors.parts), 1)
        yield f"{base}.alpha", torch.tensor(factors.scale * rank)


def _ending(part: str) -> str:
    return ".weight" if part in ("up", "down") else ""
