"""The configuration of a ControlNet saved as one file in diffusers' layout, from its shapes."""

from __future__ import annotations

from wirebrush_diffusion.files.architectures import (
    HEAD_WIDTH,
    SD1_HEADS,
    Config,
    Shapes,
    added_config,
)
from wirebrush_diffusion.files.weights import WeightFile

MIDDLE = r"mid_block\.attentions\.0\.transformer_blocks\.(\d{1,4})\."


def diffusers_control_config(file: WeightFile) -> Config:
    """`ControlNetModel` arguments."""
    shapes = Shapes(file, "")
    count = shapes.count(r"down_blocks\.(\d{1,4})\.")
    channels = [shapes.of(f"down_blocks.{i}.resnets.0.conv1.weight")[0] for i in range(count)]
    depths = [
        shapes.count(rf"down_blocks\.{i}\.attentions\.0\.transformer_blocks\.(\d{{1,4}})\.")
        for i in range(count)
    ]
    attention = (
        f"down_blocks.{next((i for i, depth in enumerate(depths) if depth), 0)}.attentions.0"
    )
    linear = len(shapes.of(f"{attention}.proj_in.weight")) == 2
    hints = shapes.count(r"controlnet_cond_embedding\.blocks\.(\d{1,4})\.")
    hint = "controlnet_cond_embedding"
    widths = [shapes.of(f"{hint}.conv_in.weight")[0]]
    widths += [shapes.of(f"{hint}.blocks.{i}.weight")[0] for i in range(1, hints, 2)]
    layers = [max(depth, 1) for depth in depths]
    layers[-1] = shapes.count(MIDDLE) or layers[-1]  # diffusers gives the middle the last level's
    config = {
        "in_channels": shapes.of("conv_in.weight")[1],
        "conditioning_channels": shapes.of(f"{hint}.conv_in.weight")[1],
        "conditioning_embedding_out_channels": widths,
        "block_out_channels": channels,
        "down_block_types": ["CrossAttnDownBlock2D" if d else "DownBlock2D" for d in depths],
        "layers_per_block": shapes.count(r"down_blocks\.0\.resnets\.(\d{1,4})\."),
        "transformer_layers_per_block": layers[0] if len(set(layers)) == 1 else layers,
        "cross_attention_dim": shapes.of(f"{attention}.transformer_blocks.0.attn2.to_k.weight")[1],
        "use_linear_projection": linear,
        "attention_head_dim": [c // HEAD_WIDTH for c in channels] if linear else SD1_HEADS,
    }
    if shapes.has("add_embedding.linear_1.weight"):
        config |= added_config(shapes.of("add_embedding.linear_1.weight")[1])
    return config


def union_config(file: WeightFile) -> Config:
    """`ControlNetUnionModel` arguments."""
    shapes = Shapes(file, "")
    kinds, width = shapes.of("task_embedding")
    projected = shapes.of("spatial_ch_projs.weight")[0]
    told = shapes.of("control_add_embedding.linear_1.weight")[1]
    return diffusers_control_config(file) | {
        "num_control_type": kinds,
        "num_trans_channel": width,
        "num_trans_layer": shapes.count(r"transformer_layes\.(\d{1,4})\."),
        "num_proj_channel": projected,
        "addition_time_embed_dim": told // max(kinds, 1),
    }
