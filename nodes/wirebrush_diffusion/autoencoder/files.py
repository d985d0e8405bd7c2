"""VAEs out of weight files: part of a checkpoint or on their own, in either spelling."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from wirebrush_diffusion.autoencoder.frames import CLASS as FRAMED
from wirebrush_diffusion.autoencoder.frames import framed, framed_plan, is_framed
from wirebrush_diffusion.autoencoder.vae import Autoencoder
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.architectures import Config, vae_config
from wirebrush_diffusion.files.build import build_diffusers
from wirebrush_diffusion.files.kinds import kind_of
from wirebrush_diffusion.files.layout import Layout, Stored, is_left_over
from wirebrush_diffusion.files.names import vae_name
from wirebrush_diffusion.files.precision import mapped_precision
from wirebrush_diffusion.files.weights import WeightFile, fill

PREFIXES = ("first_stage_model.", "vae.", "")
ORIGINAL, DIFFUSERS = (
    "decoder.up.0.block.0.conv1.weight",
    "decoder.up_blocks.0.resnets.0.conv1.weight",
)
ATTENTION = ".mid_block.attentions."  # its matrices are stored as 1x1 convolutions
LEFT_BEHIND = ("loss.", "model_ema.")
OLD_ATTENTION = {
    ".query.": ".to_q.",
    ".key.": ".to_k.",
    ".value.": ".to_v.",
    ".proj_attn.": ".to_out.0.",
}


def load_vae(file: WeightFile, device: str, dtype: torch.dtype) -> Autoencoder:
    """The VAE of a file."""
    network, layout, _ = planned_vae(file)
    tensors = layout.tensors(mapped=mapped_precision(device, dtype))
    fill(network, tensors, where=file.name, device=torch.device(device), dtype=dtype)
    return framed(network.to(device))


def planned_vae(file: WeightFile) -> tuple[nn.Module, Layout, str]:
    """The empty network of a file's VAE, where its tensors lie, and the prefix of their names."""
    prefix, original = _spelling(file)
    if is_framed(file, prefix):
        config, layout = framed_plan(file, prefix)
        return build_diffusers(FRAMED, config), layout, prefix
    config = vae_config(file, prefix, original=original)
    network = build_diffusers("AutoencoderKL", config)
    return network, vae_layout(file, prefix, network, config, original=original), prefix


def vae_places(network: nn.Module) -> dict[str, Stored]:
    """Where the authors of Stable Diffusion keep each weight of an `AutoencoderKL`."""
    config: Any = network.config
    levels = len(config.block_out_channels)
    return {
        name: Stored(vae_name(name, levels), flattened=ATTENTION in name and tensor.ndim == 2)
        for name, tensor in network.state_dict().items()
    }


def check_vae(file: WeightFile) -> None:
    """Raise if the file holds no VAE; from names alone."""
    _spelling(file)


def _spelling(file: WeightFile) -> tuple[str, bool]:
    """The prefix of the VAE's names, and whether they are the original ones."""
    for prefix in PREFIXES:
        if prefix + ORIGINAL in file or is_framed(file, prefix):
            return prefix, True
        if prefix + DIFFUSERS in file:
            return prefix, False
    kind, hint = kind_of(file)
    if kind == "a VAE":
        reason = "its decoder is missing, or of another kind"
    else:
        reason = f"it is {kind}"
    raise DiffusionError(
        f"{file.name} holds no VAE that can be read: {reason}.",
        hint or "Load the VAE that belongs to the model from its own file.",
    )


def vae_layout(
    file: WeightFile, prefix: str, network: nn.Module, config: Config, *, original: bool
) -> Layout:
    """Where the network's tensors lie; what it has no place for keeps its name."""
    rest = {
        name.removeprefix(prefix)
        for name in file.names()
        if name.startswith(prefix) and not is_left_over(name.removeprefix(prefix), LEFT_BEHIND)
    }
    levels = len(config["block_out_channels"])
    entries: dict[str, Stored] = {}
    for name, parameter in network.named_parameters():
        spellings = [vae_name(name, levels)] if original else [name, _old_name(name)]
        stored = next((spelling for spelling in spellings if spelling in rest), None)
        if stored is not None:
            rest.discard(stored)
            flat = parameter.ndim == 2 and len(file.shape(prefix + stored)) == 4
            entries[name] = Stored(prefix + stored, flattened=flat)
    return Layout(file, entries | {name: Stored(prefix + name) for name in sorted(rest)})


def _old_name(name: str) -> str:
    """VAEs saved by diffusers before 0.15 call their attention's parts otherwise."""
    if ".attentions." in name:
        for old, new in OLD_ATTENTION.items():
            name = name.replace(new, old)
    return name


def current_name(name: str) -> str:
    """The inverse: an old file's name for a parameter, as it is called now."""
    if ".attentions." in name:
        for old, new in OLD_ATTENTION.items():
            name = name.replace(old, new)
    return name
