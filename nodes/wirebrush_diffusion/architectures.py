"""What a single file holds, read from the names and shapes in it: configurations for diffusers.

Original files carry no configuration. Everything but the number of attention heads can be seen in
the shapes; heads follow the family's rule (8 for Stable Diffusion 1, 64 channels each for 2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.weights import WeightFile

SD1_HEADS = 8
HEAD_WIDTH = 64
MAX_LAYERS = 512
UNET_PREFIX = "model.diffusion_model."
VAE_PREFIX = "first_stage_model."
CLIP_PREFIXES = (
    "cond_stage_model.transformer.text_model.",
    "cond_stage_model.transformer.",
)

Config = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Level:
    """One resolution of a UNet: its width, residual blocks, and attention's depth (0 = none)."""

    channels: int
    blocks: int
    depth: int


class Shapes:
    """Shapes in a file below a prefix."""

    def __init__(self, file: WeightFile, prefix: str) -> None:
        self.file = file
        self.prefix = prefix

    def has(self, name: str) -> bool:
        return self.prefix + name in self.file

    def of(self, name: str) -> tuple[int, ...]:
        """The shape, or an error that says which tensor is missing."""
        if not self.has(name):
            raise DiffusionError(
                f"{self.file.name} has no tensor {self.prefix + name!r}.",
                "It is incomplete, or no Stable Diffusion 1 or 2 model in the original layout.",
            )
        return self.file.shape(self.prefix + name)

    def count(self, pattern: str) -> int:
        """How many numbers stand in the pattern's place, e.g. `down.(\\d+).`; 0 if none."""
        expression = re.compile(re.escape(self.prefix) + pattern)
        found = {int(m.group(1)) for name in self.file.names() if (m := expression.match(name))}
        count = max(found, default=-1) + 1
        if count > MAX_LAYERS:
            raise DiffusionError(
                f"{self.file.name} numbers its layers up to {count}: no model has so many.",
                "Get the file again, from a place you trust.",
            )
        return count


def unet_config(file: WeightFile, prefix: str = UNET_PREFIX) -> Config:
    """The `UNet2DConditionModel` (or, with its prefix, ControlNet) of the file."""
    shapes = Shapes(file, prefix)
    if shapes.has("label_emb.0.0.weight"):
        raise DiffusionError(
            f"{file.name} is a Stable Diffusion XL (or unCLIP) model; single files of this family "
            "are not read yet.",
            "Use it as a diffusers folder, or use a Stable Diffusion 1 or 2 file.",
        )
    levels = _levels(shapes)
    first = next((i for i in range(64) if shapes.has(f"input_blocks.{i}.1.proj_in.weight")), None)
    if first is None:
        raise DiffusionError(f"{file.name}: this UNet has no text attention.", "Use another file.")
    attention = f"input_blocks.{first}.1"
    linear = len(shapes.of(f"{attention}.proj_in.weight")) == 2
    context = shapes.of(f"{attention}.transformer_blocks.0.attn2.to_k.weight")[1]
    channels = [level.channels for level in levels]
    kinds = ["CrossAttnDownBlock2D" if level.depth else "DownBlock2D" for level in levels]
    return {
        "in_channels": shapes.of("input_blocks.0.0.weight")[1],
        "block_out_channels": channels,
        "down_block_types": kinds,
        "layers_per_block": levels[0].blocks,
        "transformer_layers_per_block": max(level.depth for level in levels),
        "cross_attention_dim": context,
        "use_linear_projection": linear,
        # diffusers calls the number of heads so
        "attention_head_dim": [c // HEAD_WIDTH for c in channels] if linear else SD1_HEADS,
    }


def full_unet_config(file: WeightFile) -> Config:
    """`unet_config` with the half that ControlNets do not have."""
    config = unet_config(file)
    shapes = Shapes(file, UNET_PREFIX)
    ups = [kind.replace("Down", "Up") for kind in reversed(config["down_block_types"])]
    return {**config, "up_block_types": ups, "out_channels": shapes.of("out.2.weight")[0]}


def controlnet_config(file: WeightFile, prefix: str) -> Config:
    """The `ControlNetModel` of a file in the original layout."""
    config = unet_config(file, prefix)
    shapes = Shapes(file, prefix)
    hints = (
        shapes.count(r"input_hint_block\.(\d{1,4})\.") // 2
    )  # pairs of convolution and activation
    widths = [shapes.of("input_hint_block.0.weight")[0]]
    widths += [shapes.of(f"input_hint_block.{2 * i}.weight")[0] for i in range(2, hints, 2)]
    return {
        **config,
        "conditioning_channels": shapes.of("input_hint_block.0.weight")[1],
        "conditioning_embedding_out_channels": widths,
    }


def _levels(shapes: Shapes) -> list[_Level]:
    levels: list[_Level] = []
    channels, blocks, depth = 0, 0, 0
    for i in range(1, shapes.count(r"input_blocks\.(\d{1,4})\.")):
        if shapes.has(f"input_blocks.{i}.0.op.weight"):
            levels.append(_Level(channels, blocks, depth))
            blocks, depth = 0, 0
            continue
        channels = shapes.of(f"input_blocks.{i}.0.in_layers.2.weight")[0]
        blocks += 1
        depth = shapes.count(rf"input_blocks\.{i}\.1\.transformer_blocks\.(\d{{1,4}})\.")
    if not channels:
        raise DiffusionError(
            f"{shapes.file.name} holds no UNet in the original Stable Diffusion layout.",
            "Choose a checkpoint file; LoRA, VAE and ControlNet files have loaders of their own.",
        )
    return [*levels, _Level(channels, blocks, depth)]


def vae_config(file: WeightFile, prefix: str = VAE_PREFIX) -> Config:
    """The `AutoencoderKL` of the file."""
    shapes = Shapes(file, prefix)
    count = shapes.count(r"encoder\.down\.(\d{1,4})\.")
    widths = [shapes.of(f"encoder.down.{i}.block.0.conv1.weight")[0] for i in range(count)]
    if not widths:
        raise DiffusionError(
            f"{file.name} holds no VAE.",
            "Load the VAE that belongs to the model from its own file.",
        )
    return {
        "in_channels": shapes.of("encoder.conv_in.weight")[1],
        "out_channels": shapes.of("decoder.conv_out.weight")[0],
        "block_out_channels": widths,
        "down_block_types": ["DownEncoderBlock2D"] * count,
        "up_block_types": ["UpDecoderBlock2D"] * count,
        "layers_per_block": shapes.count(r"encoder\.down\.0\.block\.(\d{1,4})\."),
        "latent_channels": shapes.of("decoder.conv_in.weight")[1],
        "mid_block_add_attention": shapes.has("decoder.mid.attn_1.q.weight"),
        "use_quant_conv": shapes.has("quant_conv.weight"),
        "use_post_quant_conv": shapes.has("post_quant_conv.weight"),
        "scaling_factor": 0.18215,
        "sample_size": 512,
    }


def clip_config(file: WeightFile, prefix: str) -> Config:
    """The `CLIPTextModel` of the file."""
    shapes = Shapes(file, prefix)
    words, width = shapes.of("embeddings.token_embedding.weight")
    return {
        "vocab_size": words,
        "hidden_size": width,
        "projection_dim": width,
        "intermediate_size": shapes.of("encoder.layers.0.mlp.fc1.weight")[0],
        "num_hidden_layers": shapes.count(r"encoder\.layers\.(\d{1,4})\."),
        "num_attention_heads": max(1, width // HEAD_WIDTH),
        "max_position_embeddings": shapes.of("embeddings.position_embedding.weight")[0],
        "bos_token_id": words - 2,
        "eos_token_id": words - 1,
        "pad_token_id": words - 1,
    }


def up_blocks_with_attention(config: Mapping[str, Any]) -> frozenset[int]:
    """Indices of the up blocks that have attention."""
    kinds = config.get("up_block_types") or ()
    return frozenset(i for i, kind in enumerate(kinds) if kind.startswith("CrossAttn"))
