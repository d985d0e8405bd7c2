"""Text encoders out of weight files: which kind, how it is built, and its tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.architectures import HEAD_WIDTH, Config, Shapes
from wirebrush_diffusion.files.build import build_clip, build_t5
from wirebrush_diffusion.files.layout import Layout, Rule, Rules, layout_by_rules
from wirebrush_diffusion.files.precision import mapped_precision
from wirebrush_diffusion.files.weights import WeightFile, fill
from wirebrush_diffusion.text.encoder import TextEncoder
from wirebrush_diffusion.text.language import LanguageEncoder
from wirebrush_diffusion.text.language_files import (
    EMBEDDINGS,
    language_layout,
    language_of,
    load_language,
)
from wirebrush_diffusion.text.pieces import find_pieces
from wirebrush_diffusion.text.reading import PartEncoder, TextKind, TextPart
from wirebrush_diffusion.text.t5 import T5Encoder
from wirebrush_diffusion.text.tokens import Tokenizer
from wirebrush_diffusion.text.vocabulary import find_vocabulary

CLIP_MARKS = ("embeddings.token_embedding.weight", "token_embedding.weight")
T5_MARK = "encoder.block.0.layer.0.SelfAttention.q.weight"
SENTENCEPIECE = "spiece_model"  # some files carry their tokenizer as a tensor of bytes

_BLOCK, _OURS = "transformer.resblocks.#", "encoder.layers.#"
OPEN_CLIP: Rules = {
    "token_embedding": "embeddings.token_embedding",
    "positional_embedding": "embeddings.position_embedding.weight",
    "ln_final": "final_layer_norm",
    "text_projection": Rule(("text_projection.weight",), transposed=True),
    f"{_BLOCK}.ln_1": f"{_OURS}.layer_norm1",
    f"{_BLOCK}.ln_2": f"{_OURS}.layer_norm2",
    f"{_BLOCK}.mlp.c_fc": f"{_OURS}.mlp.fc1",
    f"{_BLOCK}.mlp.c_proj": f"{_OURS}.mlp.fc2",
    f"{_BLOCK}.attn.out_proj": f"{_OURS}.self_attn.out_proj",
    f"{_BLOCK}.attn.in_proj_weight": tuple(f"{_OURS}.self_attn.{n}_proj.weight" for n in "qkv"),
    f"{_BLOCK}.attn.in_proj_bias": tuple(f"{_OURS}.self_attn.{n}_proj.bias" for n in "qkv"),
}
IGNORED = (
    "logit_scale", "embeddings.position_ids", "text_model.embeddings.position_ids", "attn_mask",
    "visual.", "vision_model.", "visual_projection.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text encoder in a file: its kind and the prefix of its names."""

    file: WeightFile
    kind: TextKind
    prefix: str

    @property
    def width(self) -> int:
        """How wide its states are."""
        if self.kind == "clip":
            mark = next(m for m in CLIP_MARKS if _clip_name(self, m) is not None)
            return self.file.shape(_clip_name(self, mark) or "")[1]
        mark = T5_MARK if self.kind == "t5" else EMBEDDINGS
        return self.file.shape(f"{self.prefix}{mark}")[1]


def _clip_name(text: TextFile, mark: str) -> str | None:
    spellings = (f"{text.prefix}text_model.{mark}", text.prefix + mark)
    return next((name for name in spellings if name in text.file), None)


def find_text(file: WeightFile, *prefixes: str) -> TextFile | None:
    """The text encoder below one of the prefixes; without any, wherever the file has one."""
    language = language_of(file, *prefixes)
    if language is not None:
        return TextFile(file, *language)
    for mark, kind in ((T5_MARK, "t5"), *((mark, "clip") for mark in CLIP_MARKS)):
        for name in file.names():
            if name.endswith(mark):
                prefix = name.removesuffix(mark).removesuffix("text_model.")
                if not prefixes or prefix in prefixes:
                    return TextFile(file, "t5" if kind == "t5" else "clip", prefix)
    return None


def load_text(
    text: TextFile, part: TextPart, folders: tuple[Path, ...], device: str, dtype: torch.dtype
) -> PartEncoder:
    """The encoder with its tokenizer, which is looked for in the folders."""
    if text.kind != part.kind:
        raise DiffusionError(
            f"{text.file.name} is a {KIND_NAMES[text.kind]} text encoder; a "
            f"{KIND_NAMES[part.kind]} one was expected.",
            "Choose the files in the order that the node names them.",
        )
    loaders: Mapping[str, Callable[..., PartEncoder]] = {"clip": _load_clip, "t5": _load_t5}
    load = loaders.get(text.kind, _load_language)
    return load(text, part, folders, torch.device(device), dtype)


KIND_NAMES: Mapping[TextKind, str] = {
    "clip": "CLIP",
    "t5": "T5",
    "gemma2": "Gemma 2",
    "qwen3": "Qwen3",
    "qwen25vl": "Qwen2.5-VL",
    "llama": "Llama 3",
}


def _load_clip(
    text: TextFile,
    part: TextPart,
    folders: tuple[Path, ...],
    device: torch.device,
    dtype: torch.dtype,
) -> TextEncoder:
    layout = clip_layout(text, part)
    config = clip_config(Shapes(text.file, named=layout.shapes()), part)
    network = build_clip(config)
    tensors = layout.tensors(mapped=mapped_precision(device.type, dtype))
    fill(network, tensors, where=text.file.name, device=device, dtype=dtype)
    vocabulary = find_vocabulary(folders, config["vocab_size"])
    tokenizer = Tokenizer(vocabulary, config["max_position_embeddings"], part.padding)
    return TextEncoder(network.to(device), tokenizer, part.norm_hidden, part.layer, part.cut)


def text_layout(text: TextFile, part: TextPart) -> Layout:
    """Where an encoder's tensors lie in its file, by its network's names."""
    if text.kind == "clip":
        return clip_layout(text, part)
    if text.kind == "t5":
        return t5_layout(text)
    return language_layout(text.file, text.kind, text.prefix)


def clip_layout(text: TextFile, part: TextPart) -> Layout:
    """In transformers' names; layers that are never read are left out."""
    found = layout_by_rules(text.file, text.prefix, OPEN_CLIP, IGNORED)
    entries = {name.removeprefix("text_model."): place for name, place in found.entries.items()}
    if not part.projected:
        entries.pop("text_projection.weight", None)
    layers = Shapes(text.file, named={name: () for name in entries}).count(
        r"encoder\.layers\.(\d{1,4})\."
    )
    cut = 0 if layers == part.kept else part.cut
    unread = tuple(f"encoder.layers.{layers - 1 - i}." for i in range(cut))
    kept = {name: place for name, place in entries.items() if not name.startswith(unread or "-")}
    return Layout(text.file, kept)


def clip_config(shapes: Shapes, part: TextPart) -> Config:
    """The `CLIPTextModel` with these shapes."""
    words, width = shapes.of("embeddings.token_embedding.weight")
    projected = shapes.has("text_projection.weight")
    return {
        "vocab_size": words,
        "hidden_size": width,
        "projection_dim": shapes.of("text_projection.weight")[0] if projected else width,
        "with_projection": projected,
        "intermediate_size": shapes.of("encoder.layers.0.mlp.fc1.weight")[0],
        "num_hidden_layers": shapes.count(r"encoder\.layers\.(\d{1,4})\."),
        "num_attention_heads": max(1, width // HEAD_WIDTH),
        "max_position_embeddings": shapes.of("embeddings.position_embedding.weight")[0],
        "hidden_act": part.activation,
        "bos_token_id": words - 2,
        "eos_token_id": words - 1,
        "pad_token_id": words - 1 if part.padding is None else part.padding,
    }


def _load_language(
    text: TextFile,
    part: TextPart,
    folders: tuple[Path, ...],
    device: torch.device,
    dtype: torch.dtype,
) -> LanguageEncoder:
    return load_language(text.file, text.kind, text.prefix, part, folders, device, dtype)


def _load_t5(
    text: TextFile,
    part: TextPart,
    folders: tuple[Path, ...],
    device: torch.device,
    dtype: torch.dtype,
) -> T5Encoder:
    layout = t5_layout(text)
    shapes = Shapes(text.file, named=layout.shapes())
    network = build_t5(t5_config(shapes))
    tensors = layout.tensors(mapped=mapped_precision(device.type, dtype))
    fill(network, tensors, where=text.file.name, device=device, dtype=dtype)
    own = SENTENCEPIECE in text.file
    embedded = bytes(text.file.tensor(SENTENCEPIECE).flatten().numpy()) if own else None
    pieces = find_pieces(folders, shapes.of("shared.weight")[0], embedded)
    return T5Encoder(network.to(device), pieces, part.places, masked=part.masked)


def t5_layout(text: TextFile) -> Layout:
    """In transformers' names; the embeddings, which files may hold twice, once."""
    ignored = (*IGNORED, SENTENCEPIECE, "decoder.", "lm_head.")
    found = layout_by_rules(text.file, text.prefix, {}, ignored)
    entries = dict(found.entries)
    twin = entries.pop("encoder.embed_tokens.weight", None)
    if twin is not None:
        entries.setdefault("shared.weight", twin)
    return Layout(text.file, entries)


def t5_config(shapes: Shapes) -> Config:
    """The `T5EncoderModel` with these shapes."""
    words, width = shapes.of("shared.weight")
    first = "encoder.block.0.layer"
    heads = shapes.of(f"{first}.0.SelfAttention.relative_attention_bias.weight")
    gated = shapes.has(f"{first}.1.DenseReluDense.wi_0.weight")
    inner = f"{first}.1.DenseReluDense.{'wi_0' if gated else 'wi'}.weight"
    return {
        "vocab_size": words,
        "d_model": width,
        "d_kv": shapes.of(f"{first}.0.SelfAttention.q.weight")[0] // heads[1],
        "d_ff": shapes.of(inner)[0],
        "num_layers": shapes.count(r"encoder\.block\.(\d{1,4})\."),
        "num_heads": heads[1],
        "relative_attention_num_buckets": heads[0],
        "feed_forward_proj": "gated-gelu" if gated else "relu",
        "is_encoder_decoder": False,
        "use_cache": False,
    }
