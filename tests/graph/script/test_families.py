"""Which family of models a file belongs to."""

from __future__ import annotations

import pytest

from wirebrush.graph.script.families import (
    channels_of_tensors,
    family_of_name,
    family_of_pipeline,
    family_of_tensors,
    sight_of_channels,
    sight_of_name,
)


def test_families_by_their_tensors() -> None:
    sd15 = ["model.diffusion_model.input_blocks.0.0.weight"]
    assert family_of_tensors(sd15) == "sd15"
    assert family_of_tensors([*sd15, "conditioner.embedders.1.model.ln_final.bias"]) == "sdxl"
    assert family_of_tensors([*sd15, "cond_stage_model.model.ln_final.bias"]) == "sd2"
    assert family_of_tensors(["joint_blocks.0.x_block.attn.qkv.weight"]) == "sd3"
    assert family_of_tensors(["transformer_blocks.0.img_mod.1.weight"]) == "qwen_image"
    refiner = "noise_refiner.0.adaLN_modulation."
    assert family_of_tensors([f"{refiner}0.weight"]) == "z_image"
    assert family_of_tensors([f"model.diffusion_model.{refiner}1.weight"]) == "lumina2"
    blocks = ["double_blocks.0.img_attn.qkv.weight"]
    assert family_of_tensors(blocks) == "schnell"
    assert family_of_tensors([*blocks, "guidance_in.in_layer.weight"]) == "flux"
    assert family_of_tensors(["something.else"]) is None


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("v1-5-pruned-emaonly.safetensors", "sd15"),
        ("v2-1_768-ema-pruned.safetensors", "sd2"),
        ("sd_xl_base_1.0.safetensors", "sdxl"),
        ("sd3.5_large.safetensors", "sd3"),
        ("flux1-dev.safetensors", "flux"),
        ("flux1-schnell-fp8.safetensors", "schnell"),
        ("qwen_image_fp8_e4m3fn.safetensors", "qwen_image"),
        ("qwen_image_edit_fp8_e4m3fn.safetensors", None),
        ("z_image_turbo_bf16.safetensors", "z_image"),
        ("lumina_2.safetensors", "lumina2"),
        ("dreamshaper_8.safetensors", None),
    ],
)
def test_families_by_the_usual_names(name: str, family: str | None) -> None:
    assert family_of_name(name) == family


def test_what_networks_see() -> None:
    assert sight_of_name("flux1-fill-dev.safetensors") == "hole"
    assert sight_of_name("512-inpainting-ema.safetensors") == "hole"
    assert sight_of_name("flux1-canny-dev.safetensors") == "picture"
    assert sight_of_name("flux1-dev.safetensors") == ""
    assert channels_of_tensors({"x": [2], "model.img_in.weight": [3072, 384]}) == 384
    assert channels_of_tensors({"time_in.weight": [2, 3]}) is None
    assert sight_of_channels("flux", 384) == "hole"
    assert sight_of_channels("sd15", 9) == "hole"
    assert sight_of_channels("sd15", 8) is None
    assert sight_of_channels("sd3", None) == ""


def test_families_of_folders() -> None:
    assert family_of_pipeline("StableDiffusionXLPipeline") == "sdxl"
    assert family_of_pipeline("ZImagePipeline") == "z_image"
    assert family_of_pipeline("KandinskyPipeline") is None
