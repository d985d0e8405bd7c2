"""Tensor names: from diffusers' to those of the original Stable Diffusion files, and to LoRA's.

Going from the network we have to the file we read means that each parameter is looked up once, and
that what is missing or left over is known exactly.
"""

from __future__ import annotations

import re

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_UNET_TOP = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "class_embedding": "label_emb",
    "class_embedding.linear_1": "label_emb.0.0",  # unCLIP, under SDXL's names
    "class_embedding.linear_2": "label_emb.0.2",
}
_VAE_ATTENTION = {
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}
_BLOCK = re.compile(
    r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)"
)
_ORIGINAL_BLOCK = re.compile(r"(input|output)_blocks\.(\d{1,4})\.(\d{1,4})\.(.+)")
_ORIGINAL_MIDDLE = re.compile(r"middle_block\.([012])\.(.+)")
_MIDDLE = re.compile(r"mid_block\.(resnets|attentions)\.(\d+)\.(.+)")
_VAE_BLOCK = re.compile(
    r"(encoder|decoder)\.(?:down|up)_blocks\.(\d+)\.(resnets|downsamplers|upsamplers)\.(\d+)\.(.+)"
)
_VAE_MIDDLE = re.compile(r"(encoder|decoder)\.mid_block\.(resnets|attentions)\.(\d+)\.(.+)")


def unet_name(name: str, layers: int, up_attention: frozenset[int]) -> str:
    """The original name of a `UNet2DConditionModel` parameter, without the file's prefix.

    `layers` is `layers_per_block`, `up_attention` the up blocks that have attention.
    """
    module, _, leaf = name.rpartition(".")
    if module in _UNET_TOP:
        return f"{_UNET_TOP[module]}.{leaf}"
    if match := _MIDDLE.fullmatch(name):
        kind, index, rest = match.groups()
        place = 2 * int(index) + (kind == "attentions")
        return f"middle_block.{place}.{_resnet(rest) if kind == 'resnets' else rest}"
    match = _BLOCK.fullmatch(name)
    if match is None:
        return name
    direction, block_text, kind, index, rest = match.groups()
    block, position = int(block_text), int(index)
    if direction == "down":
        return _down(block, kind, position, rest, layers)
    place = block * (layers + 1)
    if kind == "upsamplers":
        slot = 2 if block in up_attention else 1
        return f"output_blocks.{place + layers}.{slot}.{rest}"
    return f"output_blocks.{place + position}.{_slot(kind, rest)}"


def _down(block: int, kind: str, position: int, rest: str, layers: int) -> str:
    place = block * (layers + 1) + 1
    if kind == "downsamplers":
        return f"input_blocks.{place + layers}.0.{rest.replace('conv', 'op', 1)}"
    return f"input_blocks.{place + position}.{_slot(kind, rest)}"


def _slot(kind: str, rest: str) -> str:
    return f"0.{_resnet(rest)}" if kind == "resnets" else f"1.{rest}"


def _resnet(rest: str) -> str:
    module, _, leaf = rest.rpartition(".")
    return f"{_RESNET.get(module, module)}.{leaf}"


def unet_parameter(name: str, layers: int) -> str:
    """The inverse of `unet_name`: our name for an original one; what it does not know it keeps."""
    module, _, leaf = name.rpartition(".")
    top = next((ours for ours, theirs in _UNET_TOP.items() if theirs == module), None)
    if top is not None:
        return f"{top}.{leaf}"
    if match := _ORIGINAL_MIDDLE.fullmatch(name):
        place, rest = int(match.group(1)), match.group(2)
        kind = "attentions" if place == 1 else "resnets"
        return f"mid_block.{kind}.{place // 2}.{rest if place == 1 else _our_resnet(rest)}"
    match = _ORIGINAL_BLOCK.fullmatch(name)
    if match is None:
        return name
    side, number, slot, rest = match.groups()
    direction = "down" if side == "input" else "up"
    block, position = divmod(int(number) - (side == "input"), layers + 1)
    ours = _our_slot(direction, position, layers, slot, rest)
    return name if ours is None else f"{direction}_blocks.{block}.{ours}"


def _our_slot(direction: str, position: int, layers: int, slot: str, rest: str) -> str | None:
    if direction == "down" and position == layers:
        return f"downsamplers.0.{rest.replace('op', 'conv', 1)}"
    if slot == "0":
        return f"resnets.{position}.{_our_resnet(rest)}"
    if direction == "up" and rest.startswith("conv."):
        return f"upsamplers.0.{rest}"
    return f"attentions.{position}.{rest}" if slot == "1" else None


def _our_resnet(rest: str) -> str:
    module, _, leaf = rest.rpartition(".")
    ours = next((ours for ours, theirs in _RESNET.items() if theirs == module), module)
    return f"{ours}.{leaf}"


def controlnet_name(name: str, layers: int, hint_blocks: int) -> str:
    """The original name of a `ControlNetModel` parameter; `hint_blocks` layers read the hint."""
    head, _, rest = name.partition(".")
    if head == "controlnet_down_blocks":
        index, leaf = rest.split(".")
        return f"zero_convs.{index}.0.{leaf}"
    if head == "controlnet_mid_block":
        return f"middle_block_out.0.{rest}"
    if head == "controlnet_cond_embedding":
        part, _, tail = rest.partition(".")
        if part == "blocks":
            index, leaf = tail.split(".")
            return f"input_hint_block.{2 * int(index) + 2}.{leaf}"
        return f"input_hint_block.{0 if part == 'conv_in' else 2 * hint_blocks + 2}.{tail}"
    return unet_name(name, layers, frozenset())


def vae_name(name: str, levels: int) -> str:
    """The original name of an `AutoencoderKL` parameter; `levels` resolutions."""
    if match := _VAE_MIDDLE.fullmatch(name):
        half, kind, index, rest = match.groups()
        if kind == "resnets":
            return f"{half}.mid.block_{int(index) + 1}.{_shortcut(rest)}"
        module, _, leaf = rest.rpartition(".")
        return f"{half}.mid.attn_1.{_VAE_ATTENTION[module]}.{leaf}"
    if match := _VAE_BLOCK.fullmatch(name):
        half, block, kind, index, rest = match.groups()
        side = "down" if half == "encoder" else "up"
        level = int(block) if half == "encoder" else levels - 1 - int(block)
        if kind == "resnets":
            return f"{half}.{side}.{level}.block.{index}.{_shortcut(rest)}"
        return f"{half}.{side}.{level}.{side}sample.{rest}"
    return name.replace("conv_norm_out", "norm_out")


def _shortcut(rest: str) -> str:
    return rest.replace("conv_shortcut", "nin_shortcut")
