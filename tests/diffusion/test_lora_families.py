"""LoRAs of SDXL, SD3 and FLUX: all networks and text encoders, in authors' and diffusers' names."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tiny_families import PIPELINES
from tiny_language import LANGUAGE_PIPELINES
from torch import Tensor, nn

from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.patches.lora import read_lora
from wirebrush_diffusion.patches.lora_names import Modules, network_modules, text_modules


@cache
def parts(family: str) -> dict[str, Any]:
    return {**PIPELINES, **LANGUAGE_PIPELINES}[family][1]()


def shapes_of(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {
        name.removeprefix("text_model."): tuple(tensor.shape)
        for name, tensor in network.named_parameters()
    }


def modules_of(family: str, part: str) -> Modules:
    network = parts(family)[part]
    roles = {
        "text_encoder": ROLES.get(family, "l"),
        "text_encoder_2": "t5xxl" if family == "flux" else "g",
        "text_encoder_3": "t5xxl",
    }
    if part in roles:
        return text_modules(roles[part], shapes_of(network))
    return network_modules(type(network).__name__, shapes_of(network), 1)


def lora(
    path: Path, module: str, rows: int, columns: int, kohya: bool
) -> tuple[WeightFile, Tensor]:
    """A file with one module, and what it adds to it."""
    up, down = torch.randn(rows, 2), torch.randn(2, columns)
    names = ("lora_up", "lora_down") if kohya else ("lora_B", "lora_A")
    factors = zip(names, (up, down), strict=True)
    save_file({f"{module}.{name}.weight": factor for name, factor in factors}, path)
    return WeightFile(path), up @ down


ROLES = {"lumina2": "gemma2_2b", "z_image": "qwen3_4b", "qwen_image": "qwen25_7b"}
CLIP = "encoder.layers.0.mlp.fc1"
T5 = "encoder.block.0.layer.0.SelfAttention.q"
X = "attentions.0.transformer_blocks.0.attn2.to_k"
BLOCK = "transformer_blocks.1"
ATTENTION = f"{BLOCK}.attn"
NORM = "norm1_context.linear"
SD3_NORM = "lora_unet_joint_blocks_{}_context_block_adaLN_modulation_1"
WIDEN, Z, FORWARD = "img_mlp.net.0.proj", "layers.1.attention", "layers.1.feed_forward"
LUMINA_QKV = [f"layers.1.attn.to_{n}" for n in "qkv"]
MLP = "single_transformer_blocks.0.proj_mlp"
CASES = [
    ("sdxl", "text_encoder", f"lora_te1_text_model_{CLIP}", CLIP),
    ("sdxl", "text_encoder_2", f"lora_te2_text_model_{CLIP}", CLIP),
    ("sdxl", "text_encoder", f"text_encoder.text_model.{CLIP}", CLIP),
    ("sdxl", "text_encoder_2", f"text_encoder_2.text_model.{CLIP}", CLIP),
    ("sdxl", "text_encoder_2", f"base_model.model.text_encoder_2.text_model.{CLIP}", CLIP),
    ("sdxl", "text_encoder_2", "lora_te2_text_projection", "text_projection"),
    ("sdxl", "unet", f"lora_unet_down_blocks_1_{X}", f"down_blocks.1.{X}"),
    (
        "sdxl",
        "unet",
        "lora_unet_input_blocks_3_1_transformer_blocks_0_attn2_to_k",
        f"down_blocks.1.{X}",
    ),
    ("sdxl", "unet", f"unet.down_blocks.1.{X}", f"down_blocks.1.{X}"),
    ("sd3", "text_encoder_3", f"lora_te3_{T5}", T5),
    ("sd3", "text_encoder_3", f"text_encoder_3.{T5}", T5),
    ("sd3", "transformer", f"transformer.{ATTENTION}.to_q", f"{ATTENTION}.to_q"),
    ("sd3", "transformer", "lora_unet_joint_blocks_1_x_block_attn_proj", f"{ATTENTION}.to_out.0"),
    ("flux", "text_encoder", f"lora_te1_text_model_{CLIP}", CLIP),
    ("flux", "text_encoder_2", f"lora_te2_{T5}", T5),
    ("flux", "text_encoder_2", f"text_encoders.t5xxl.transformer.{T5}", T5),
    (
        "flux",
        "transformer",
        "base_model.model.transformer_blocks.1.attn.to_out.0",
        "transformer_blocks.1.attn.to_out.0",
    ),
    ("flux", "transformer", "diffusion_model.single_blocks.1.linear2", f"single_{BLOCK}.proj_out"),
    ("qwen_image", "transformer", f"transformer.{ATTENTION}.to_q", f"{ATTENTION}.to_q"),
    ("qwen_image", "transformer", f"diffusion_model.{ATTENTION}.to_out.0", f"{ATTENTION}.to_out.0"),
    ("qwen_image", "transformer", f"lora_unet_{BLOCK}.{WIDEN}", f"{BLOCK}.{WIDEN}"),
    ("qwen_image", "transformer", f"{ATTENTION}.add_k_proj", f"{ATTENTION}.add_k_proj"),
    ("z_image", "transformer", f"diffusion_model.{Z}.to_q", f"{Z}.to_q"),
    ("z_image", "transformer", f"diffusion_model.{Z}.out", f"{Z}.to_out.0"),
    ("z_image", "transformer", f"lora_unet_{FORWARD}.w1", f"{FORWARD}.w1"),
    ("lumina2", "transformer", f"lora_unet_{FORWARD}.w1", f"{FORWARD}.linear_1"),
    ("lumina2", "transformer", "transformer.layers.1.attn.to_k", "layers.1.attn.to_k"),
]  # fmt: skip


@pytest.mark.parametrize(("family", "part", "stored", "ours"), CASES)
def test_every_part_in_every_layout(
    tmp_path: Path, family: str, part: str, stored: str, ours: str
) -> None:
    modules = modules_of(family, part)
    shape = modules.shapes[f"{ours}.weight"]
    kohya = stored.startswith("lora_")
    name = stored.replace(".", "_") if kohya else stored
    file, product = lora(tmp_path / "x.safetensors", name, *shape, kohya)

    deltas = read_lora(file, modules)

    assert list(deltas) == [f"{ours}.weight"]
    assert torch.allclose(deltas[f"{ours}.weight"].dense(torch.zeros(shape)), product)
    others = [
        other
        for other in parts(family)
        if other != part and hasattr(parts(family)[other], "state_dict")
    ]
    for other in others:
        if other != "vae":
            assert read_lora(file, modules_of(family, other)) == {}


QKV = [f"transformer_blocks.1.attn.to_{n}" for n in "qkv"]
SINGLE = [f"single_transformer_blocks.0.attn.to_{n}" for n in "qkv"]
FUSED = [
    ("sd3", "lora_unet_joint_blocks_1_x_block_attn_qkv", QKV, False),
    ("flux", "lora_unet_double_blocks_1_img_attn_qkv", QKV, False),
    ("flux", "lora_unet_single_blocks_0_linear1", [*SINGLE, MLP], False),
    ("z_image", f"diffusion_model.{Z}.qkv", [f"{Z}.to_{n}" for n in "qkv"], False),
    ("lumina2", "lora_unet_layers_1_attention_qkv", LUMINA_QKV, False),
    ("lumina2", "lora_unet_layers_1_adaLN_modulation_1", ["layers.1.norm1.linear"], False),
    ("flux", "lora_unet_final_layer_adaLN_modulation_1", ["norm_out.linear"], True),
    ("sd3", SD3_NORM.format(2), [f"transformer_blocks.2.{NORM}"], True),
    ("sd3", SD3_NORM.format(1), [f"{BLOCK}.{NORM}"], False),
]  # fmt: skip


@pytest.mark.parametrize(("family", "stored", "ours", "swapped"), FUSED)
def test_what_authors_keep_in_one(
    tmp_path: Path, family: str, stored: str, ours: list[str], swapped: bool
) -> None:
    modules = modules_of(family, "transformer")
    shapes = [modules.shapes[f"{name}.weight"] for name in ours]
    rows = sum(shape[0] for shape in shapes)
    file, product = lora(tmp_path / "x.safetensors", stored, rows, shapes[0][1], True)

    deltas = read_lora(file, modules)
    found = [
        deltas[f"{name}.weight"].dense(torch.zeros(shape))
        for name, shape in zip(ours, shapes, strict=True)
    ]

    stacked = torch.cat(found)
    expected = torch.cat(product.chunk(2)[::-1]) if swapped else product
    assert torch.allclose(stacked, expected)


def test_lengths_of_a_module_kept_in_one(tmp_path: Path) -> None:
    modules = modules_of("flux", "transformer")
    width = modules.shapes[f"{QKV[0]}.weight"][1]
    weight, up, down = (
        torch.randn(3 * width, width),
        torch.randn(3 * width, 2),
        torch.randn(2, width),
    )
    lengths = torch.rand(3 * width, 1) + 0.5
    base = "lora_unet_double_blocks_1_img_attn_qkv"
    stored = {"lora_up.weight": up, "lora_down.weight": down, "dora_scale": lengths}
    save_file({f"{base}.{k}": v for k, v in stored.items()}, tmp_path / "x.safetensors")

    deltas = read_lora(WeightFile(tmp_path / "x.safetensors"), modules)

    rows = [w + deltas[f"{n}.weight"].dense(w) for n, w in zip(QKV, weight.chunk(3), strict=True)]
    changed = weight + up @ down
    assert torch.allclose(
        torch.cat(rows), lengths * changed / changed.norm(dim=1, keepdim=True), atol=1e-5
    )
