"""Loading ControlNets: diffusers folders, and single files in diffusers' or the original layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from wirebrush_diffusion.architectures import controlnet_config
from wirebrush_diffusion.build import build_diffusers
from wirebrush_diffusion.control_shapes import diffusers_control_config
from wirebrush_diffusion.controlnet import ControlModel
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.folder import load_network
from wirebrush_diffusion.kinds import kind_of
from wirebrush_diffusion.names import controlnet_name
from wirebrush_diffusion.single_file import renamed_tensors
from wirebrush_diffusion.weights import WeightFile, fill

KIND = "ControlNetModel"
PREFIX = "control_model."
UNION = ("task_embedding", "control_type_proj.weight", "control_add_embedding.linear_1.weight")
OTHERS: Mapping[str, str] = {
    "transformer_blocks.": "a ControlNet of a transformer (SD3 or FLUX)",
    "double_blocks.": "a ControlNet of a transformer (FLUX)",
    "adapter.": "a T2I-Adapter",
    "body.": "a T2I-Adapter",
    "lora_controlnet": "a control-lora",
}
"""What files begin with that are not read yet."""


def load_controlnet(
    path: Path, device: str = "cpu", dtype: torch.dtype = torch.float32
) -> ControlModel:
    """A ControlNet for Stable Diffusion 1, 2 or XL."""
    if path.is_dir():
        network = load_network(path, KIND, device, dtype)
    else:
        network = _from_file(WeightFile(path), torch.device(device), dtype)
    control = ControlModel(network.to(device))
    widths = control.config.conditioning_embedding_out_channels
    control.downscale = 2 ** (len(widths) - 1)
    return control


def _from_file(file: WeightFile, device: torch.device, dtype: torch.dtype) -> torch.nn.Module:
    if any(mark in file for mark in UNION):
        raise DiffusionError(
            f"{file.name} is a union ControlNet, which is not read yet.",
            "Use a ControlNet for one kind of picture.",
        )
    if "controlnet_mid_block.weight" in file:
        network = build_diffusers(KIND, diffusers_control_config(file))
        tensors = {name: file.tensor(name) for name in file.names()}
    else:
        prefix = next((p for p in (PREFIX, "") if f"{p}zero_convs.0.0.weight" in file), None)
        if prefix is None:
            raise DiffusionError(
                f"{file.name} is {_found(file)}; a ControlNet for Stable Diffusion 1, 2 or XL was "
                "expected.",
                "Choose a ControlNet file in the original or in diffusers' names.",
            )
        config = controlnet_config(file, prefix)
        network = build_diffusers(KIND, config)
        layers = config["layers_per_block"]
        hints = 2 * (len(config["conditioning_embedding_out_channels"]) - 1)
        tensors = renamed_tensors(
            file, network, prefix, lambda name: controlnet_name(name, layers, hints)
        )
    fill(network, tensors, where=file.name, device=device, dtype=dtype)
    return network


def _found(file: WeightFile) -> str:
    """What a file is that is no ControlNet of a UNet."""
    if "lora_controlnet" in file:
        return OTHERS["lora_controlnet"]
    prefix = file.with_prefix(*OTHERS)
    return kind_of(file)[0] if prefix is None else OTHERS[prefix]
