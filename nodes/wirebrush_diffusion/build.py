"""Networks of diffusers' and transformers' classes, built without memory for their weights.

The two libraries take seconds to import; they are imported when the first network is built.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from wirebrush_diffusion.errors import DiffusionError


def build_diffusers(kind: str, config: Mapping[str, Any]) -> nn.Module:
    """A diffusers model by class name; entries that it does not know are ignored, as there."""
    import diffusers

    cls = {
        "UNet2DConditionModel": diffusers.UNet2DConditionModel,
        "AutoencoderKL": diffusers.AutoencoderKL,
        "ControlNetModel": diffusers.ControlNetModel,
    }[kind]
    known = set(inspect.signature(cls.__init__).parameters)
    arguments = {
        name: tuple(setting) if isinstance(setting, list) else setting
        for name, setting in config.items()
        if name in known
    }
    return _empty(kind, lambda: cls(**arguments))


def build_clip(config: Mapping[str, Any]) -> nn.Module:
    """A transformers `CLIPTextModel`."""
    from transformers import CLIPTextConfig, CLIPTextModel

    def make() -> nn.Module:
        return CLIPTextModel(CLIPTextConfig(**{**config, "attn_implementation": "sdpa"}))

    return _empty("CLIPTextModel", make)


def _empty(kind: str, make: Callable[[], nn.Module]) -> nn.Module:
    """Built on the meta device: no memory, and no time spent on random numbers."""
    try:
        with torch.device("meta"):
            network = make()
    except Exception as error:  # constructors raise whatever their arguments lead to
        raise DiffusionError(
            f"The configuration of this {kind} makes no sense: {str(error)[:200]}.",
            "Its config.json is damaged or written by hand.",
        ) from error
    for name, buffer in list(network.named_buffers()):
        if name.endswith("position_ids"):
            owner = network.get_submodule(name.rpartition(".")[0])
            owner.position_ids = torch.arange(buffer.shape[-1]).unsqueeze(0)
    return network
