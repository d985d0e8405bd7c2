"""Language models out of weight files: which one, how it is built, and its tokenizer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from wirebrush_diffusion.files.architectures import Config, Shapes
from wirebrush_diffusion.files.build import build_language
from wirebrush_diffusion.files.layout import FileTensors, Layout, Stored, is_left_over
from wirebrush_diffusion.files.precision import mapped_precision
from wirebrush_diffusion.files.weights import WeightFile, fill
from wirebrush_diffusion.text.language import LanguageEncoder
from wirebrush_diffusion.text.reading import TextKind, TextPart
from wirebrush_diffusion.text.speech import find_speech
from wirebrush_diffusion.vision.sight import VISION_PAD, Sight

EMBEDDINGS = "embed_tokens.weight"
SENTENCEPIECE = "spiece_model"  # some files carry their tokenizer as a tensor of bytes
GEMMA_HEAD, USUAL_HEAD = 256, 128
LLAMA_TURNS: Mapping[str, Any] = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
"""Llama 3.1's rotary positions."""
MARKS: Mapping[TextKind, tuple[str, ...]] = {
    "gemma2": ("layers.0.post_feedforward_layernorm.weight", "layers.0.mlp.gate_proj.weight"),
    "qwen3": ("layers.0.self_attn.q_norm.weight", "layers.0.mlp.gate_proj.weight"),
    "qwen25vl": ("layers.0.self_attn.k_proj.bias", "layers.0.mlp.gate_proj.weight"),
    "llama": ("layers.0.self_attn.q_proj.weight", "layers.0.mlp.gate_proj.weight"),
}
_NORMED, _AFTER = "layers.0.self_attn.q_norm.weight", "layers.0.post_feedforward_layernorm.weight"
FORBIDDEN: Mapping[TextKind, tuple[str, ...]] = {
    "gemma2": (_NORMED,),  # Gemma 3
    "qwen3": (_AFTER,),
    "qwen25vl": (_NORMED,),
    "llama": (_NORMED, _AFTER, "layers.0.self_attn.k_proj.bias"),
}
_VISUAL = re.compile(r"(?:model\.)?visual\.(.+)")
_WORDS = re.compile(r"(?:model\.)?(?:language_model\.)?(?:model\.)?(.+)")


def language_of(file: WeightFile, *roots: str) -> tuple[TextKind, str] | None:
    """The language model of a file, and the prefix of its names; None if there is none.

    With `roots` only one whose names begin with one of them.
    """
    for name in file.names():
        if not name.endswith(EMBEDDINGS) or (roots and not name.startswith(roots)):
            continue
        prefix = name.removesuffix(EMBEDDINGS)
        for kind, marks in MARKS.items():
            known = all(prefix + mark in file for mark in marks)
            if known and all(prefix + mark not in file for mark in FORBIDDEN[kind]):
                return kind, prefix
    return None


def load_language(
    file: WeightFile,
    kind: TextKind,
    prefix: str,
    part: TextPart,
    folders: tuple[Path, ...],
    device: torch.device,
    dtype: torch.dtype,
) -> LanguageEncoder:
    """The encoder of a file. `prefix` ends where the names of its layers begin."""
    layout = language_layout(file, kind, prefix)
    tensors = layout.tensors(mapped=mapped_precision(device.type, dtype))
    own = [name for name in file.names() if name.endswith(SENTENCEPIECE)]
    embedded = bytes(file.tensor(own[0]).flatten().numpy()) if own else None
    return language_from(tensors, part, file.name, folders, str(device), dtype, embedded)


def language_layout(file: WeightFile, kind: TextKind, prefix: str) -> Layout:
    """Where its tensors lie, by the network's names."""
    root = re.sub(r"(?:model\.)?(?:language_model\.)?$", "", prefix)
    entries = {
        named: Stored(name)
        for name in file.names()
        if name.startswith(root)
        and not is_left_over(name.removeprefix(root), ())
        and (named := language_name(kind, name.removeprefix(root))) is not None
    }
    return Layout(file, entries)


def language_from(
    tensors: FileTensors,
    part: TextPart,
    where: str,
    folders: tuple[Path, ...],
    device: str,
    dtype: torch.dtype,
    embedded: bytes | None = None,
) -> LanguageEncoder:
    """The encoder with these tensors, by the network's names; `where` names them in errors.

    `folders` may hold its tokenizer, `embedded` is its own.
    """
    kind = part.kind
    config = language_config(Shapes(tensors.file, named=tensors.shapes()), kind, part)
    network: Any = build_language(kind, config)
    blind = kind == "qwen25vl" and not any(name.startswith("visual.") for name in tensors)
    if blind:
        network.visual = None
    layers = config.get("num_hidden_layers", 0)
    unread = ("norm.", *(f"layers.{layers + i}." for i in range(part.cut))) if part.cut else ()
    read = tensors.without(unread)
    fill(network, read, where=where, device=torch.device(device), dtype=dtype)
    rows = config["text_config"]["vocab_size"] if kind == "qwen25vl" else config["vocab_size"]
    words = find_speech(kind, folders, rows, embedded)
    sight = Sight() if kind == "qwen25vl" and not blind else None
    if sight is not None:
        network.config.image_token_id = words.id_of(VISION_PAD)
    return LanguageEncoder(network.to(device), words, part, sight)


def language_name(kind: TextKind, stored: str) -> str | None:
    """The network's name for a stored tensor; None for what is never read."""
    if stored.startswith("lm_head.") or stored.endswith(SENTENCEPIECE):
        return None
    if kind == "qwen25vl" and (match := _VISUAL.fullmatch(stored)):
        return f"visual.{match.group(1)}"
    match = _WORDS.fullmatch(stored)
    name = match.group(1) if match else stored
    return f"language_model.{name}" if kind == "qwen25vl" else name


def language_place(name: str) -> str:
    """The name that files mostly have for one of the network's: the inverse of `language_name`."""
    if name.startswith("visual."):
        return name
    return f"model.{name.removeprefix('language_model.')}"


def language_config(shapes: Shapes, kind: TextKind, part: TextPart) -> Config:
    """transformers' configuration of a model with these shapes."""
    head = "language_model." if kind == "qwen25vl" else ""
    words, width = shapes.of(f"{head}embed_tokens.weight")
    first = f"{head}layers.0.self_attn"
    size = GEMMA_HEAD if kind == "gemma2" else USUAL_HEAD
    if kind == "qwen3":
        size = shapes.of(f"{first}.q_norm.weight")[0]
    layers = shapes.count(rf"{re.escape(head)}layers\.(\d{{1,4}})\.")
    config: dict[str, Any] = {
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": shapes.of(f"{head}layers.0.mlp.gate_proj.weight")[0],
        "num_hidden_layers": layers - part.cut,
        "num_attention_heads": shapes.of(f"{first}.q_proj.weight")[0] // size,
        "num_key_value_heads": shapes.of(f"{first}.k_proj.weight")[0] // size,
        "bos_token_id": None,  # nothing is ever written
        "eos_token_id": None,
    }
    if kind == "llama":
        longest = 16 * int(LLAMA_TURNS["original_max_position_embeddings"])
        own = {"head_dim": size, "rope_parameters": dict(LLAMA_TURNS)}
        return config | own | {"rms_norm_eps": 1e-5, "max_position_embeddings": longest}
    if kind != "qwen25vl":
        turns = {"rope_type": "default", "rope_theta": 1e6 if kind == "qwen3" else 1e4}
        own = {"head_dim": size, "headless": bool(part.cut), "rope_parameters": turns}
        return config | own | {"rms_norm_eps": 1e-6}
    turns = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": _sections(size)}
    text = config | {"rms_norm_eps": 1e-6, "rope_parameters": turns}
    return {"text_config": text, "vision_config": _vision_config(shapes, width)}


def _sections(size: int) -> list[int]:
    """How a head's turns are shared by time, rows and columns."""
    return [size // 8, size * 3 // 16, size * 3 // 16]


def _vision_config(shapes: Shapes, width: int) -> Config:
    if not shapes.has("visual.patch_embed.proj.weight"):
        return {"depth": 1, "out_hidden_size": width}
    seen, _, frames, patch, _ = shapes.of("visual.patch_embed.proj.weight")
    depth = shapes.count(r"visual\.blocks\.(\d{1,4})\.")
    return {
        "depth": depth,
        "hidden_size": seen,
        "intermediate_size": shapes.of("visual.blocks.0.mlp.gate_proj.weight")[0],
        "num_heads": max(1, seen // 80),
        "patch_size": patch,
        "temporal_patch_size": frames,
        "out_hidden_size": width,
        "fullatt_block_indexes": list(range(7, depth, 8)),
    }
