"""Files with GLIGEN models for text boxes, as ComfyUI has them: only what they add to a UNet."""

from __future__ import annotations

import re

import torch
from torch import Tensor, nn

from wirebrush_diffusion.control.grounding import Grounding, GroundingNetwork
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.architectures import Shapes
from wirebrush_diffusion.files.kinds import kind_of
from wirebrush_diffusion.files.precision import precision_for
from wirebrush_diffusion.files.weights import WeightFile, fill

POSITIONS, MARK = "position_net.", "position_net.linears.0.weight"
HEADS, WIDE, HEAD_WIDTH = 8, 1024, 64
_LAYER = re.compile(r"(?:model\.diffusion_model\.)?(.+\.transformer_blocks\.\d+)\.fuser\.(.+)")


def load_grounding(file: WeightFile, device: str, dtype: torch.dtype | None = None) -> Grounding:
    """The GLIGEN model of a file; without a `dtype`, in the device's usual precision."""
    check_grounding(file)
    stored = _stored(file)
    width = file.shape(f"{POSITIONS}null_positive_feature")[0]
    layers = [(block, _layer(file, parts)) for block, parts in stored.items()]
    network = GroundingNetwork(_projection(file, width), layers)
    tensors: dict[str, Tensor] = {}
    for i, parts in enumerate(stored.values()):
        tensors |= {f"layers.{i}.{leaf}": file.tensor(name) for leaf, name in parts.items()}
    for name in file.names():
        if name.startswith(POSITIONS):
            tensors[f"projection.{name.removeprefix(POSITIONS)}"] = file.tensor(name)
    precision = precision_for(device, torch.float16, dtype)
    fill(network, tensors, where=file.name, device=torch.device(device), dtype=precision)
    return Grounding(network.to(device), width=width)


def check_grounding(file: WeightFile) -> None:
    """Raise if the file holds no GLIGEN model for text boxes; from names alone."""
    stored = _stored(file)
    if MARK in file and stored:
        return
    kind, hint = kind_of(file)
    if f"{POSITIONS}linears_text.0.weight" in file:
        kind, hint = "a GLIGEN model for texts and pictures", ""
    elif MARK in file or stored:
        kind, hint = "an incomplete GLIGEN model", "Get the file again."
    raise DiffusionError(
        f"{file.name} is {kind}; a GLIGEN model for text boxes was expected.",
        hint or "Choose a file such as gligen_sd14_textbox_pruned.safetensors.",
    )


def _stored(file: WeightFile) -> dict[str, dict[str, str]]:
    """Each block's layer: the network's own names -> the file's."""
    found: dict[str, dict[str, str]] = {}
    for name in file.names():
        match = _LAYER.fullmatch(name)
        if match is not None:
            found.setdefault(match.group(1), {})[match.group(2)] = name
    return found


def _projection(file: WeightFile, width: int) -> nn.Module:
    from diffusers.models.embeddings import GLIGENTextBoundingboxProjection

    out = Shapes(file).of(f"{POSITIONS}linears.4.weight")[0]
    with torch.device("meta"):
        return GLIGENTextBoundingboxProjection(width, out)


def _layer(file: WeightFile, parts: dict[str, str]) -> nn.Module:
    from diffusers.models.attention import GatedSelfAttentionDense

    needed = ("linear.weight", "attn.to_q.weight")
    if not all(leaf in parts for leaf in needed):
        raise DiffusionError(f"{file.name} has a layer without {needed[0]}.", "Get it again.")
    query, context = file.shape(parts["linear.weight"])
    inner = file.shape(parts["attn.to_q.weight"])[0]
    heads = max(1, inner // HEAD_WIDTH) if context >= WIDE else HEADS
    with torch.device("meta"):
        return GatedSelfAttentionDense(query, context, heads, inner // heads)
