"""What a single file holds, read from the names and shapes in it: configurations for diffusers.

Files carry no configuration. Everything but the number of attention heads can be seen in the
shapes; heads follow the family's rule (8 for Stable Diffusion 1, 64 channels each for others).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.weights import WeightFile

SD1_HEADS = 8
HEAD_WIDTH = 64
TIME_WIDTH = 256  # of each of SDXL's sizes
MAX_LAYERS = 512
UNET_PREFIX = "model.diffusion_model."

Config = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Level:
    """One resolution of a UNet: its width, residual blocks, and attention's depth (0 = none)."""

    channels: int
    blocks: int
    depth: int


class Shapes:
    """Names and shapes of one network, as a file or a layout tells them."""

    def __init__(
        self, file: WeightFile, prefix: str = "", named: Mapping[str, tuple[int, ...]] | None = None
    ) -> None:
        self.file = file
        self.prefix = prefix
        self._named = named

    def has(self, name: str) -> bool:
        return name in self._named if self._named is not None else self.prefix + name in self.file

    def of(self, name: str) -> tuple[int, ...]:
        """The shape, or an error that says which tensor is missing."""
        if not self.has(name):
            raise DiffusionError(
                f"{self.file.name} has no tensor {self.prefix + name!r}.",
                "It is incomplete, or of a model family that is not known here.",
            )
        return self._named[name] if self._named is not None else self.file.shape(self.prefix + name)

    def count(self, pattern: str) -> int:
        """How many numbers stand in the pattern's place, e.g. `down\\.(\\d+)\\.`; 0 if none."""
        names = self.file.names() if self._named is None else self._named
        expression = re.compile(pattern if self._named else re.escape(self.prefix) + pattern)
        found = {int(m.group(1)) for name in names if (m := expression.match(name))}
        count = max(found, default=-1) + 1
        if count > MAX_LAYERS:
            raise DiffusionError(
                f"{self.file.name} numbers its layers up to {count}: no model has so many.",
                "Get the file again, from a place you trust.",
            )
        return count


def unet_config(file: WeightFile, prefix: str = UNET_PREFIX) -> Config:
    """The `UNet2DConditionModel` (or, with its prefix, ControlNet) of a file in original names."""
    shapes = Shapes(file, prefix)
    levels = _levels(shapes)
    first = next((i for i in range(64) if shapes.has(f"input_blocks.{i}.1.proj_in.weight")), None)
    if first is None:
        raise DiffusionError(f"{file.name}: this UNet has no text attention.", "Use another file.")
    middle = shapes.count(r"middle_block\.1\.transformer_blocks\.(\d{1,4})\.")
    config = _attention_config(shapes, f"input_blocks.{first}.1", levels, middle)
    if shapes.has("label_emb.weight"):
        config["num_class_embeds"] = shapes.of("label_emb.weight")[0]
    if shapes.has("label_emb.0.0.weight"):
        config |= told_config(config, shapes.of("label_emb.0.0.weight")[1])
    return config | {"in_channels": shapes.of("input_blocks.0.0.weight")[1]}


def _attention_config(shapes: Shapes, attention: str, levels: list[_Level], middle: int) -> Config:
    """What all spellings share, from one attention block and the levels."""
    linear = len(shapes.of(f"{attention}.proj_in.weight")) == 2
    channels = [level.channels for level in levels]
    depths = [max(level.depth, 1) for level in levels]
    depths[-1] = middle or depths[-1]  # diffusers gives the middle the last level's
    return {
        "block_out_channels": channels,
        "down_block_types": [
            "CrossAttnDownBlock2D" if level.depth else "DownBlock2D" for level in levels
        ],
        "layers_per_block": levels[0].blocks,
        "transformer_layers_per_block": depths[0] if len(set(depths)) == 1 else depths,
        "cross_attention_dim": shapes.of(f"{attention}.transformer_blocks.0.attn2.to_k.weight")[1],
        "use_linear_projection": linear,
        # diffusers calls the number of heads so
        "attention_head_dim": [c // HEAD_WIDTH for c in channels] if linear else SD1_HEADS,
    }


def cross_attending_levels(config: Config, shapes: Shapes, original: bool) -> list[bool]:
    """Which levels look at the text even in their first attention, as the x4 upscaler's do."""
    found: list[bool] = []
    for level, channels in enumerate(config["block_out_channels"]):
        place = 1 + level * (config["layers_per_block"] + 1)
        block = f"input_blocks.{place}.1" if original else f"down_blocks.{level}.attentions.0"
        name = f"{block}.transformer_blocks.0.attn1.to_k.weight"
        found.append(shapes.has(name) and shapes.of(name)[1] != channels)
    return found


def added_config(width: int) -> Config:
    """Stable Diffusion XL's pooled text and sizes."""
    return {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": TIME_WIDTH,
        "projection_class_embeddings_input_dim": width,
    }


def shown_config(width: int) -> Config:
    """What unCLIP is shown: what a vision encoder saw, and how noisy that is."""
    return {"class_embed_type": "projection", "projection_class_embeddings_input_dim": width}


def told_config(config: Config, width: int) -> Config:
    """What numbers of that width mean, which SDXL and unCLIP keep under one name.

    SDXL's are six sizes and the larger encoder's pooled text (the refiner's five, and its only
    one's), beside texts as wide as its encoders together.
    """
    context = config["cross_attention_dim"]
    larger, alone = width - 6 * TIME_WIDTH, width - 5 * TIME_WIDTH
    is_sdxl = alone == context or 0 < context - larger < larger
    return added_config(width) if is_sdxl else shown_config(width)


def full_unet_config(file: WeightFile, prefix: str = UNET_PREFIX) -> Config:
    """`unet_config` with the half that ControlNets do not have."""
    config = unet_config(file, prefix)
    shapes = Shapes(file, prefix)
    return with_up_blocks(config) | {"out_channels": shapes.of("out.2.weight")[0]}


def with_up_blocks(config: Config) -> Config:
    """The way up mirrors the way down."""
    ups = [kind.replace("Down", "Up") for kind in reversed(config["down_block_types"])]
    return {**config, "up_block_types": ups}


def diffusers_unet_config(file: WeightFile, prefix: str = "") -> Config:
    """The `UNet2DConditionModel` of a file in diffusers' own names."""
    shapes = Shapes(file, prefix)
    levels = [
        _Level(
            shapes.of(f"down_blocks.{i}.resnets.0.conv1.weight")[0],
            shapes.count(rf"down_blocks\.{i}\.resnets\.(\d{{1,4}})\."),
            shapes.count(rf"down_blocks\.{i}\.attentions\.0\.transformer_blocks\.(\d{{1,4}})\."),
        )
        for i in range(shapes.count(r"down_blocks\.(\d{1,4})\."))
    ]
    first = next((i for i, level in enumerate(levels) if level.depth), None)
    if first is None:
        raise DiffusionError(f"{file.name}: this UNet has no text attention.", "Use another file.")
    middle = shapes.count(r"mid_block\.attentions\.0\.transformer_blocks\.(\d{1,4})\.")
    config = _attention_config(shapes, f"down_blocks.{first}.attentions.0", levels, middle)
    if shapes.has("class_embedding.weight"):
        config["num_class_embeds"] = shapes.of("class_embedding.weight")[0]
    if shapes.has("class_embedding.linear_1.weight"):
        config |= shown_config(shapes.of("class_embedding.linear_1.weight")[1])
    if shapes.has("add_embedding.linear_1.weight"):
        config |= added_config(shapes.of("add_embedding.linear_1.weight")[1])
    return with_up_blocks(config) | {
        "in_channels": shapes.of("conv_in.weight")[1],
        "out_channels": shapes.of("conv_out.weight")[0],
    }


def controlnet_config(file: WeightFile, prefix: str) -> Config:
    """The `ControlNetModel` of a file in the original layout."""
    return unet_config(file, prefix) | hint_config(Shapes(file, prefix))


def hint_config(shapes: Shapes) -> Config:
    """The layers of a ControlNet that read the hint, in the original layout."""
    pairs = shapes.count(r"input_hint_block\.(\d{1,4})\.") // 2  # of convolution and activation
    widths = [shapes.of("input_hint_block.0.weight")[0]]
    widths += [shapes.of(f"input_hint_block.{2 * i}.weight")[0] for i in range(2, pairs, 2)]
    return {
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


def vae_config(file: WeightFile, prefix: str, *, original: bool = True) -> Config:
    """The `AutoencoderKL` below the prefix, in original or in diffusers' names."""
    shapes = Shapes(file, prefix)
    down, block = ("down", "block") if original else ("down_blocks", "resnets")
    count = shapes.count(rf"encoder\.{down}\.(\d{{1,4}})\.")
    if not count or not shapes.has("decoder.conv_in.weight"):
        raise DiffusionError(
            f"{file.name} holds no VAE.",
            "Load the VAE that belongs to the model from its own file.",
        )
    middle = "decoder.mid.attn_1.q.weight" if original else "decoder.mid_block.attentions.0."
    return {
        "in_channels": shapes.of("encoder.conv_in.weight")[1],
        "out_channels": shapes.of("decoder.conv_out.weight")[0],
        "block_out_channels": [
            shapes.of(f"encoder.{down}.{i}.{block}.0.conv1.weight")[0] for i in range(count)
        ],
        "down_block_types": ["DownEncoderBlock2D"] * count,
        "up_block_types": ["UpDecoderBlock2D"] * count,
        "layers_per_block": shapes.count(rf"encoder\.{down}\.0\.{block}\.(\d{{1,4}})\."),
        "latent_channels": shapes.of("decoder.conv_in.weight")[1],
        "mid_block_add_attention": file.with_prefix(prefix + middle) is not None,
        "use_quant_conv": shapes.has("quant_conv.weight"),
        "use_post_quant_conv": shapes.has("post_quant_conv.weight"),
        "sample_size": 512,
    }
