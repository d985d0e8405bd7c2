"""Files that are no controls, damaged ones, and controls of other families: a sentence for each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from safetensors.torch import load_file, save_file
from steering import HINT, start, steered, taught
from tiny_families import L_WIDTH, T5_WIDTH, pipeline, saved

from wirebrush_diffusion.control.controlnet import Control, ControlModel
from wirebrush_diffusion.control.files import check_controlnet, load_controlnet
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.unet import UNetModel
from wirebrush_diffusion.files.checkpoint import load

WEIGHTS = "diffusion_pytorch_model.safetensors"


def unet_control() -> Any:
    torch.manual_seed(1)
    unet: Any = pipeline("sd1").unet
    return taught(diffusers.ControlNetModel.from_unet(unet))


def flux_control(**settings: Any) -> Any:
    torch.manual_seed(1)
    config: dict[str, Any] = {
        "num_layers": 1,
        "num_single_layers": 1,
        "attention_head_dim": 32,
        "num_attention_heads": 2,
        "joint_attention_dim": T5_WIDTH,
        "pooled_projection_dim": L_WIDTH,
        "axes_dims_rope": (4, 14, 14),
    }
    return taught(diffusers.FluxControlNetModel(**config | settings))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("lora_unet_x.lora_up.weight", "is a LoRA"),
        ("first_stage_model.encoder.conv_in.weight", "is a VAE"),
        ("text_model.encoder.layers.0.x", "is a CLIP text encoder"),
        ("image_proj.proj.weight", "is an IP-Adapter"),
        ("controlnet_x_embedder.weight", "is a ControlNet of a family that is not known here"),
        ("single_controlnet_blocks.0.weight", "is a ControlNet for FLUX in MistoLine's layout"),
        ("control_layers.0.x", "is a ControlNet for Z-Image"),
        ("transformer_layes.0.x", "is a style adapter"),
        ("x", "is of a kind that is not known here"),
    ],
)
def test_other_files_are_named(tmp_path: Path, name: str, found: str) -> None:
    save_file({name: torch.zeros(2, 2)}, tmp_path / "x.safetensors")

    for read in (check_controlnet, load_controlnet):
        with pytest.raises(DiffusionError, match=rf"x.safetensors {found}.*a ControlNet or T2I-Ad"):
            read(tmp_path / "x.safetensors")


def test_pickles_and_pieces(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "x.pth")
    unet_control().save_pretrained(tmp_path)
    whole = (tmp_path / WEIGHTS).read_bytes()
    (tmp_path / "half.safetensors").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "head.safetensors").write_bytes(whole[:20])

    for name, reason in (
        ("x.pth", "is a pickle: loading it could run code"),
        ("half.safetensors", "is cut off"),
        ("head.safetensors", "or only the beginning of one"),
        ("none.safetensors", "There is no file none.safetensors"),
    ):
        with pytest.raises(DiffusionError, match=reason):
            check_controlnet(tmp_path / name)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"controlnet_mid_block.bias": float("nan")}, "contains NaN or infinite"),
        ({"controlnet_mid_block.bias": None}, "missing controlnet_mid_block.bias"),
        ({"conv_in.weight": None}, "has no tensor 'conv_in.weight'"),
        ({"stranger": 0.0}, "unknown stranger"),
    ],
)
def test_damaged_files(tmp_path: Path, change: dict[str, float | None], reason: str) -> None:
    unet_control().save_pretrained(tmp_path)
    tensors = load_file(tmp_path / WEIGHTS)
    for name, value in change.items():
        tensors[name] = torch.full_like(tensors.get(name, torch.zeros(1)), value or 0.0)
        if value is None:
            del tensors[name]
    save_file(tensors, tmp_path / "x.safetensors")

    with pytest.raises(DiffusionError, match=reason):
        load_controlnet(tmp_path / "x.safetensors")


def test_folders_of_other_things(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "AutoencoderKL"}), "utf-8")

    with pytest.raises(DiffusionError, match="holds a AutoencoderKL; a ControlNet or T2I-Adapter"):
        check_controlnet(tmp_path)
    with pytest.raises(DiffusionError, match=r"config.json is missing"):
        check_controlnet(tmp_path.parent)


def test_a_control_of_another_family(tmp_path: Path) -> None:
    flux_control().save_pretrained(tmp_path)
    flux = load(saved(pipeline("flux"), tmp_path / "flux"))
    chroma = load(saved(pipeline("chroma"), tmp_path / "chroma"))
    control = Control(load_controlnet(tmp_path), HINT)

    with pytest.raises(
        DiffusionError, match=r"is for FLUX.1; the model that paints is Stable Diffusion 1, 2 or XL"
    ):
        control.on(UNetModel(pipeline("sd1").unet))
    with pytest.raises(DiffusionError, match=r"is for FLUX.1; .* is of a family without ControlN"):
        control.on(chroma.model)
    with pytest.raises(DiffusionError, match=r"is for Stable Diffusion 1, 2 or XL; .* is FLUX.1"):
        Control(ControlModel(unet_control()), HINT).on(flux.model)
    with pytest.raises(DiffusionError, match="through a VAE, and none is connected"):
        steered(flux, start(16), [0.8, 0.0], control, cfg=1.0)
    with pytest.raises(DiffusionError, match="reads no mask, and one is given"):
        Control(control.model, HINT, mask=HINT[..., 0]).on(flux.model)
    with pytest.raises(DiffusionError, match="does not know hints of the type 'depth'"):
        Control(control.model, HINT, mode="depth").on(flux.model)


def test_texts_of_another_width(tmp_path: Path) -> None:
    flux = load(saved(pipeline("flux"), tmp_path / "flux"))
    flux_control(joint_attention_dim=32).save_pretrained(tmp_path)

    with pytest.raises(DiffusionError, match="reads texts 32 wide, the model 256"):
        Control(load_controlnet(tmp_path), HINT).on(flux.model)
