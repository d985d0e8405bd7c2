"""Stable Diffusion 3 and 3.5 (Esser et al. 2024, arXiv:2403.03206)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.family import Plan
from wirebrush_diffusion.families.flow import FlowFamily, JointModel, to_patches
from wirebrush_diffusion.families.sdxl import read_pair
from wirebrush_diffusion.files.architectures import Shapes
from wirebrush_diffusion.files.layout import Layout, Rule, Rules, Stored
from wirebrush_diffusion.latent.space import SD3, LatentFormat
from wirebrush_diffusion.model import DiffusionModel, Residuals
from wirebrush_diffusion.text.encoder import Encoding
from wirebrush_diffusion.text.reading import Reader, TextPart

HEAD_WIDTH = 64
PATCH = 2
CLIP_WIDTHS = {"l": 768, "g": 1280}
T5_WIDTH = 4096


def _block(
    stored: str, block: str, first: str, to: str, end: str
) -> dict[str, str | tuple[str, ...]]:
    """The names of one stream ("x" or "context") of a joint block."""
    old, new = f"joint_blocks.#.{stored}", f"transformer_blocks.#.{block}"
    return {
        f"{old}.attn.qkv": tuple(f"transformer_blocks.#.attn.{first}{n}{end}" for n in "qkv"),
        f"{old}.attn.proj": f"transformer_blocks.#.attn.{to}",
        f"{old}.mlp.fc1": f"{new}.net.0.proj",
        f"{old}.mlp.fc2": f"{new}.net.2",
    }


RULES: Rules = {
    "pos_embed": "pos_embed.pos_embed",
    "x_embedder.proj": "pos_embed.proj",
    "t_embedder.mlp.0": "time_text_embed.timestep_embedder.linear_1",
    "t_embedder.mlp.2": "time_text_embed.timestep_embedder.linear_2",
    "y_embedder.mlp.0": "time_text_embed.text_embedder.linear_1",
    "y_embedder.mlp.2": "time_text_embed.text_embedder.linear_2",
    "final_layer.linear": "proj_out",
    "final_layer.adaLN_modulation.1": Rule(("norm_out.linear",), swapped=True),
    **_block("x_block", "ff", "to_", "to_out.0", ""),
    **_block("context_block", "ff_context", "add_", "to_add_out", "_proj"),
    "joint_blocks.#.x_block.adaLN_modulation.1": "transformer_blocks.#.norm1.linear",
    "joint_blocks.#.context_block.adaLN_modulation.1": "transformer_blocks.#.norm1_context.linear",
    "joint_blocks.#.x_block.attn.ln_q": "transformer_blocks.#.attn.norm_q",
    "joint_blocks.#.x_block.attn.ln_k": "transformer_blocks.#.attn.norm_k",
    "joint_blocks.#.context_block.attn.ln_q": "transformer_blocks.#.attn.norm_added_q",
    "joint_blocks.#.context_block.attn.ln_k": "transformer_blocks.#.attn.norm_added_k",
    "joint_blocks.#.x_block.attn2.qkv": tuple(f"transformer_blocks.#.attn2.to_{n}" for n in "qkv"),
    "joint_blocks.#.x_block.attn2.proj": "transformer_blocks.#.attn2.to_out.0",
    "joint_blocks.#.x_block.attn2.ln_q": "transformer_blocks.#.attn2.norm_q",
    "joint_blocks.#.x_block.attn2.ln_k": "transformer_blocks.#.attn2.norm_k",
}


@dataclass(slots=True, eq=False)
class SD3Model(JointModel):
    """`network` is diffusers' `SD3Transformer2DModel`."""

    def inputs(
        self,
        pooled: Tensor | None,
        options: Mapping[str, Any],
        shape: Sequence[int],
        *,
        negative: bool = False,
    ) -> dict[str, Tensor]:
        if pooled is None:
            raise DiffusionError(
                "This condition has no pooled text, which Stable Diffusion 3 wants.",
                "Encode the text with the CLIP of the model (clip_l and clip_g).",
            )
        return {"pooled": pooled}

    def predict(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        extra: Mapping[str, Tensor] | None = None,
        residuals: Residuals | None = None,
    ) -> Tensor:
        extra, down = extra or {}, residuals.down if residuals else ()
        height, width = x.shape[-2:]
        output = self.network(
            to_patches(x, PATCH),
            encoder_hidden_states=context,
            pooled_projections=extra["pooled"],
            timestep=timestep,
            block_controlnet_hidden_states=list(down) or None,
            return_dict=False,
        )[0]
        return output[..., :height, :width].float()


class StableDiffusion3(FlowFamily):
    """CLIP L, CLIP G and T5, each of which may be missing."""

    title: ClassVar[str] = "Stable Diffusion 3"
    network: ClassVar[str] = "SD3Transformer2DModel"
    model_class: ClassVar[type[DiffusionModel]] = SD3Model
    marks: ClassVar[tuple[str, ...]] = (
        "joint_blocks.0.context_block.attn.qkv.weight",
        "pos_embed.pos_embed",
    )
    rules: ClassVar[Rules] = RULES
    shift: ClassVar[float] = 3.0
    latent: ClassVar[LatentFormat] = SD3
    texts: ClassVar[tuple[TextPart, ...]] = (
        TextPart("l", prefixes=("text_encoders.clip_l.transformer.",), layer=-2, projected=True),
        TextPart(
            "g",
            folder="text_encoder_2",
            tokenizer="tokenizer_2",
            prefixes=("text_encoders.clip_g.transformer.",),
            layer=-2,
            projected=True,
            activation="gelu",
            padding=0,
        ),
        TextPart(
            "t5xxl",
            kind="t5",
            folder="text_encoder_3",
            tokenizer="tokenizer_3",
            prefixes=("text_encoders.t5xxl.transformer.",),
            places=77,
        ),
    )

    def planned(self, layout: Layout) -> Plan:
        layout = _last_block_swapped(layout)
        shapes = Shapes(layout.file, named=layout.shapes())
        count = shapes.count(r"transformer_blocks\.(\d{1,4})\.")
        width, channels, patch, _ = shapes.of("pos_embed.proj.weight")
        places = shapes.of("pos_embed.pos_embed")[1]
        dual = [i for i in range(count) if shapes.has(f"transformer_blocks.{i}.attn2.to_q.weight")]
        normed = shapes.has("transformer_blocks.0.attn.norm_q.weight")
        config = {
            "_class_name": self.network,
            "sample_size": 128,
            "patch_size": patch,
            "in_channels": channels,
            "out_channels": shapes.of("proj_out.weight")[0] // patch**2,
            "num_layers": count,
            "attention_head_dim": HEAD_WIDTH,
            "num_attention_heads": width // HEAD_WIDTH,
            "joint_attention_dim": shapes.of("context_embedder.weight")[1],
            "caption_projection_dim": shapes.of("context_embedder.weight")[0],
            "pooled_projection_dim": shapes.of("time_text_embed.text_embedder.linear_1.weight")[1],
            "pos_embed_max_size": round(places**0.5),
            "dual_attention_layers": dual,
            "qk_norm": "rms_norm" if normed else None,
        }
        return Plan(config, layout)

    def places(self, network: nn.Module) -> dict[str, Stored]:
        return _swapped_last(FlowFamily.places(self, network))

    def read(self, reader: Reader, texts: Mapping[str, str], layer: int | None) -> Encoding:
        """Both CLIPs side by side, filled up with zeros to T5's width, then T5's own states."""
        long = reader.parts["t5xxl"].encode(texts["t5xxl"]).context if "t5xxl" in texts else None
        pair = _pair(reader, texts, layer)
        missing = _width(reader, "t5xxl", T5_WIDTH) if long is None else long.shape[-1]
        short = pad(pair.context, (0, missing - pair.context.shape[-1]))
        return Encoding(short if long is None else torch.cat([short, long], dim=1), pair.pooled)


def _pair(reader: Reader, texts: Mapping[str, str], layer: int | None) -> Encoding:
    """Both CLIPs' states and pooled texts; the one that is missing, or silent, says zeros."""
    if "l" in texts and "g" in texts:
        answers = read_pair(reader, texts, layer)
    else:
        given = next((r for r in ("l", "g") if r in texts), None)
        answer = None if given is None else reader.parts[given].encode(texts[given], layer)
        places = 0 if answer is None else answer.context.shape[1]
        answers = tuple(
            answer if answer is not None and role == given else _silence(reader, role, places)
            for role in ("l", "g")
        )
    pooled = [answer.pooled for answer in answers if answer.pooled is not None]
    states = [answer.context for answer in answers]
    return Encoding(torch.cat(states, dim=-1), torch.cat(pooled, dim=-1))


def _silence(reader: Reader, role: str, places: int) -> Encoding:
    width = _width(reader, role, CLIP_WIDTHS[role])
    return Encoding(torch.zeros(1, places, width), torch.zeros(1, width))


def _width(reader: Reader, role: str, true: int) -> int:
    """How wide an encoder's states are; the true model's if the encoder is missing."""
    part = reader.parts.get(role)
    config = None if part is None else part.network.config
    return getattr(config, "hidden_size", None) or getattr(config, "d_model", None) or true


def _last_block_swapped(layout: Layout) -> Layout:
    """In original files the last block's text stream keeps "shift, scale", like the last layer."""
    return Layout(layout.file, _swapped_last(layout.entries))


def _swapped_last(places: Mapping[str, Stored]) -> dict[str, Stored]:
    entries = dict(places)
    numbers = [
        int(name.split(".")[1]) for name in entries if name.startswith("transformer_blocks.")
    ]
    last = f"transformer_blocks.{max(numbers, default=0)}.norm1_context.linear."
    for name, stored in places.items():
        if name.startswith(last) and "joint_blocks." in stored.name:
            entries[name] = Stored(stored.name, stored.rows, swapped=True)
    return entries
