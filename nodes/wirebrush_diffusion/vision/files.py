"""Vision encoders out of weight files: in transformers' names, or in OpenCLIP's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.architectures import Config, Shapes
from wirebrush_diffusion.files.build import build_vision
from wirebrush_diffusion.files.kinds import kind_of
from wirebrush_diffusion.files.layout import Layout, Rule, Rules, layout_by_rules
from wirebrush_diffusion.files.weights import WeightFile, fill
from wirebrush_diffusion.vision.encoder import VisionEncoder

PREFIX, PATCHES = "vision_model.", "embeddings.patch_embedding.weight"
PROJECTION = "visual_projection.weight"
OPEN_PREFIXES, OPEN_PATCHES = ("visual.", "embedder.model.visual."), "conv1.weight"
FOLDER = "image_encoder"
SIGLIP_MARK = "head.probe"
SIGLIP_HEAD, CLIP_HEAD, LARGE_HEADS = 72, 64, 16
CLIP_LARGE = 1024  # only ViT-L has the quick kind of gelu; it and larger ones have 16 heads
IGNORED = ("embeddings.position_ids",)

_BLOCK, _OURS = "transformer.resblocks.#", "encoder.layers.#"
OPEN_VISION: Rules = {
    "conv1": "embeddings.patch_embedding",
    "class_embedding": "embeddings.class_embedding",
    "positional_embedding": "embeddings.position_embedding.weight",
    "ln_pre": "pre_layrnorm",  # transformers' own spelling
    "ln_post": "post_layernorm",
    "proj": Rule((PROJECTION,), transposed=True),
    f"{_BLOCK}.ln_1": f"{_OURS}.layer_norm1",
    f"{_BLOCK}.ln_2": f"{_OURS}.layer_norm2",
    f"{_BLOCK}.mlp.c_fc": f"{_OURS}.mlp.fc1",
    f"{_BLOCK}.mlp.c_proj": f"{_OURS}.mlp.fc2",
    f"{_BLOCK}.attn.out_proj": f"{_OURS}.self_attn.out_proj",
    f"{_BLOCK}.attn.in_proj_weight": tuple(f"{_OURS}.self_attn.{n}_proj.weight" for n in "qkv"),
    f"{_BLOCK}.attn.in_proj_bias": tuple(f"{_OURS}.self_attn.{n}_proj.bias" for n in "qkv"),
}


def load_vision(file: WeightFile, device: str, dtype: torch.dtype) -> VisionEncoder:
    """The vision encoder of a file."""
    layout, config, siglip = _plan(file)
    network = build_vision(config, siglip=siglip)
    own = {name.removeprefix(PREFIX) for name, _ in network.named_parameters()}
    prefix = PREFIX if any(n.startswith(PREFIX) for n, _ in network.named_parameters()) else ""
    entries = {
        (name if name == PROJECTION else prefix + name): place
        for name, place in layout.entries.items()
    }
    if not siglip:
        entries = {n: p for n, p in entries.items() if n.removeprefix(prefix) in own}
    tensors = Layout(file, entries).tensors()
    fill(network, tensors, where=file.name, device=torch.device(device), dtype=dtype)
    return VisionEncoder(network.to(device))


def vision_weights(path: Path) -> WeightFile:
    """The file of a vision encoder: itself, or that in a diffusers folder."""
    if not path.is_dir():
        return WeightFile(path)
    found = path / FOLDER / "model.safetensors"
    if not found.is_file():
        raise DiffusionError(
            f"{path.name} has no vision encoder ({FOLDER}/{found.name}).",
            "Models without one are loaded with CheckpointLoaderSimple.",
        )
    return WeightFile(found)


def check_vision(file: WeightFile) -> None:
    """Raise if the file holds no vision encoder; from names alone."""
    _plan(file)


def _layout(file: WeightFile) -> Layout:
    """In transformers' names, without their prefix."""
    if PREFIX + PATCHES in file:
        layout = layout_by_rules(file, PREFIX, {}, IGNORED)
        if PROJECTION in file:
            own = layout_by_rules(file, "", {}).entries[PROJECTION]
            return Layout(file, {**layout.entries, PROJECTION: own})
        return layout
    for prefix in OPEN_PREFIXES:
        if prefix + OPEN_PATCHES in file:
            return layout_by_rules(file, prefix, OPEN_VISION)
    kind, hint = kind_of(file)
    raise DiffusionError(
        f"{file.name} is {kind}; a vision encoder was expected.",
        hint or "Choose a file such as clip_vision_h or sigclip_vision_patch14_384.",
    )


def _plan(file: WeightFile) -> tuple[Layout, Config, bool]:
    """Where the tensors lie, the configuration, and whether it is a SigLIP."""
    layout = _layout(file)
    shapes = Shapes(file, named=layout.shapes())
    width, _, patch, _ = shapes.of(PATCHES)
    siglip = shapes.has(SIGLIP_MARK)
    places = shapes.of("embeddings.position_embedding.weight")[0]
    activation = "quick_gelu" if width == CLIP_LARGE else "gelu"
    heads = LARGE_HEADS if width >= CLIP_LARGE else max(1, width // CLIP_HEAD)
    config: dict[str, Any] = {
        "hidden_size": width,
        "intermediate_size": shapes.of("encoder.layers.0.mlp.fc1.weight")[0],
        "num_hidden_layers": shapes.count(r"encoder\.layers\.(\d{1,4})\."),
        "num_attention_heads": max(1, width // SIGLIP_HEAD) if siglip else heads,
        "patch_size": patch,
        "image_size": round((places if siglip else places - 1) ** 0.5) * patch,
        "hidden_act": "gelu_pytorch_tanh" if siglip else activation,
    }
    if shapes.has(PROJECTION):
        config["projection_dim"] = shapes.of(PROJECTION)[0]
    return layout, config, siglip
