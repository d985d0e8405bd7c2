"""Files with ControlNets for Stable Diffusion 3 and FLUX.1: their layouts, and what shapes tell."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import nn

from wirebrush_diffusion.control.plan import ControlPlan
from wirebrush_diffusion.families.flux import PATCH, blocks_config
from wirebrush_diffusion.families.flux import RULES as FLUX_RULES
from wirebrush_diffusion.families.sd3 import HEAD_WIDTH
from wirebrush_diffusion.families.sd3 import RULES as SD3_RULES
from wirebrush_diffusion.files.architectures import Config, Shapes
from wirebrush_diffusion.files.layout import Layout, Rules, layout_by_rules
from wirebrush_diffusion.files.weights import WeightFile

KIND_NAME = "control_type"
STABILITY_RULES: Rules = {
    **{name: rule for name, rule in SD3_RULES.items() if name.startswith(("t_emb", "y_emb"))},
    "transformer_blocks.#.attn.qkv": tuple(f"transformer_blocks.#.attn.to_{n}" for n in "qkv"),
    "transformer_blocks.#.attn.proj": "transformer_blocks.#.attn.to_out.0",
    "transformer_blocks.#.mlp.fc1": "transformer_blocks.#.ff.net.0.proj",
    "transformer_blocks.#.mlp.fc2": "transformer_blocks.#.ff.net.2",
    "transformer_blocks.#.adaLN_modulation.1": "transformer_blocks.#.norm1.linear",
}
"""Stability's names for 3.5 large."""
HINT_LAYERS = 6  # between the first and the last that read the picture
XLABS_RULES: Rules = {
    **FLUX_RULES,
    "pos_embed_input": "controlnet_x_embedder",
    "input_hint_block.0": "input_hint_block.conv_in",
    **{f"input_hint_block.{2 * i + 2}": f"input_hint_block.blocks.{i}" for i in range(HINT_LAYERS)},
    f"input_hint_block.{2 * HINT_LAYERS + 2}": "input_hint_block.conv_out",
}


def sd3_plan(file: WeightFile) -> ControlPlan:
    """In diffusers' names."""
    return _sd3(layout_by_rules(file, "", {}))


def stability_plan(file: WeightFile) -> ControlPlan:
    """In Stability's names."""
    return _sd3(layout_by_rules(file, "", STABILITY_RULES, (KIND_NAME,)))


def stability_kind(file: WeightFile) -> int:
    """What Stability's file says that it is for: 0 blurred pictures, 1 edges, 2 depth."""
    return round(float(file.tensor(KIND_NAME).float().mean())) if KIND_NAME in file else 0


def _sd3(layout: Layout) -> ControlPlan:
    shapes = Shapes(layout.file, named=layout.shapes())
    width, read, patch, _ = shapes.of("pos_embed_input.proj.weight")
    placed = shapes.has("pos_embed.proj.weight")
    own = shapes.of("pos_embed.proj.weight")[1] if placed else read
    count = shapes.count(r"transformer_blocks\.(\d{1,4})\.")
    config: Config = {
        "sample_size": 128,
        "patch_size": patch,
        "in_channels": own,
        "out_channels": own,
        "extra_conditioning_channels": read - own,
        "num_layers": count,
        "attention_head_dim": HEAD_WIDTH,
        "num_attention_heads": width // HEAD_WIDTH,
        "pooled_projection_dim": shapes.of("time_text_embed.text_embedder.linear_1.weight")[1],
        "use_pos_embed": placed,
        "dual_attention_layers": [
            i for i in range(count) if shapes.has(f"transformer_blocks.{i}.attn2.to_q.weight")
        ],
        "qk_norm": "rms_norm" if shapes.has("transformer_blocks.0.attn.norm_q.weight") else None,
        **_texts(shapes),
        "force_zeros_for_pooled_projection": placed,  # all but Stability's read no pooled text
    }
    if placed:
        config["pos_embed_max_size"] = round(shapes.of("pos_embed.pos_embed")[1] ** 0.5)
    return ControlPlan("SD3ControlNetModel", config, layout.tensors)


def _texts(shapes: Shapes) -> Config:
    if not shapes.has("context_embedder.weight"):
        return {"joint_attention_dim": None}
    inner, joint = shapes.of("context_embedder.weight")
    return {"joint_attention_dim": joint, "caption_projection_dim": inner}


def flux_plan(file: WeightFile) -> ControlPlan:
    """In diffusers' names: InstantX's, Shakker's unions, AliMama's for inpainting."""
    layout = layout_by_rules(file, "", {})
    shapes = Shapes(file, named=layout.shapes())
    config = _flux_config(shapes)
    if shapes.has("controlnet_mode_embedder.weight"):
        config["num_mode"] = shapes.of("controlnet_mode_embedder.weight")[0]
    more = shapes.of("controlnet_x_embedder.weight")[1] - config["in_channels"]
    return ControlPlan(
        "FluxControlNetModel", config, layout.tensors, complete=_widening(more // PATCH**2)
    )


def xlabs_plan(file: WeightFile) -> ControlPlan:
    """In XLabs' names: few blocks, and layers that read the picture itself."""
    layout = layout_by_rules(file, "", XLABS_RULES)
    shapes = Shapes(file, named=layout.shapes())
    channels = shapes.of("input_hint_block.conv_out.weight")[0]
    own: Config = {"conditioning_embedding_channels": channels, "patch_size": PATCH}
    return ControlPlan("FluxControlNetModel", _flux_config(shapes) | own, layout.tensors)


def _flux_config(shapes: Shapes) -> Config:
    return blocks_config(shapes) | {
        "pooled_projection_dim": shapes.of("time_text_embed.text_embedder.linear_1.weight")[1],
        "guidance_embeds": shapes.has("time_text_embed.guidance_embedder.linear_1.weight"),
    }


def _widening(channels: int) -> Callable[[nn.Module], None]:
    return partial(widened, channels=channels)


def widened(network: nn.Module, channels: int) -> None:
    """Let FLUX's network read so many channels more of the hint: a mask."""
    layer = network.get_submodule("controlnet_x_embedder")
    if channels and isinstance(layer, nn.Linear):
        read = layer.in_features + channels * PATCH**2
        network.controlnet_x_embedder = nn.Linear(read, layer.out_features, device="meta")
