"""The names we read are the ones that diffusers' own converters read from authors' files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderKLQwenImage,
    ChromaTransformer2DModel,
    Lumina2Transformer2DModel,
)
from diffusers.loaders.single_file_utils import (
    convert_chroma_transformer_checkpoint_to_diffusers,
    convert_flux_transformer_checkpoint_to_diffusers,
    convert_ldm_unet_checkpoint,
    convert_lumina2_to_diffusers,
    convert_open_clip_checkpoint,
    convert_sd3_transformer_checkpoint_to_diffusers,
    convert_wan_vae_to_diffusers,
    convert_z_image_transformer_checkpoint_to_diffusers,
)
from original_names import (
    MODEL,
    framed_vae_tensors,
    last_swapped,
    open_clip_tensors,
    single_file,
    unet_tensors,
    written,
)
from tiny_families import (
    clip,
    flux_transformer,
    refiner_parts,
    sd3_parts,
    sdxl_parts,
)
from tiny_language import pipeline, z_image_parts
from torch import nn

from wirebrush_diffusion.families import author_places, recognised
from wirebrush_diffusion.families.chroma import RULES as CHROMA_RULES
from wirebrush_diffusion.families.flux import RULES as FLUX_RULES
from wirebrush_diffusion.families.lumina2 import RULES as LUMINA2_RULES
from wirebrush_diffusion.families.sd3 import RULES as SD3_RULES
from wirebrush_diffusion.families.z_image import RULES as Z_IMAGE_RULES
from wirebrush_diffusion.files.weights import WeightFile


def same(found: dict[str, Any], network: nn.Module) -> bool:
    expected = network.state_dict()
    assert found.keys() == expected.keys()
    return all(torch.equal(found[name], tensor) for name, tensor in expected.items())


@pytest.mark.parametrize("make", [sdxl_parts, refiner_parts])
def test_stable_diffusion_xl(make: Any) -> None:
    network = make()["unet"]
    tensors = unet_tensors(network, "model.diffusion_model.")

    assert same(convert_ldm_unet_checkpoint(tensors, {**network.config}), network)


def test_stable_diffusion_3() -> None:
    network = sd3_parts()["transformer"]
    tensors = last_swapped(written(SD3_RULES, network.state_dict()))

    assert same(convert_sd3_transformer_checkpoint_to_diffusers(tensors), network)


def test_flux() -> None:
    with torch.device("meta"):  # the converter knows only the true width
        network = flux_transformer(
            num_layers=1, num_single_layers=1, attention_head_dim=128, num_attention_heads=24
        )
    tensors = written(FLUX_RULES, network.state_dict())

    found = convert_flux_transformer_checkpoint_to_diffusers(tensors)

    expected = {name: tensor.shape for name, tensor in network.state_dict().items()}
    assert {name: tensor.shape for name, tensor in found.items()} == expected


def test_chroma() -> None:
    with torch.device("meta"):
        network = ChromaTransformer2DModel(
            num_layers=1, num_single_layers=1, approximator_hidden_dim=64, approximator_layers=2
        )
    tensors = written(CHROMA_RULES, network.state_dict())

    found = convert_chroma_transformer_checkpoint_to_diffusers(tensors)

    expected = {name: tensor.shape for name, tensor in network.state_dict().items()}
    assert {name: tensor.shape for name, tensor in found.items()} == expected


def test_lumina2() -> None:
    with torch.device("meta"):
        network = Lumina2Transformer2DModel(num_layers=1, num_refiner_layers=2)
    tensors = written(LUMINA2_RULES, network.state_dict(), MODEL)

    found = convert_lumina2_to_diffusers(
        {name.removeprefix(MODEL): tensor for name, tensor in tensors.items()}
    )

    expected = {name: tensor.shape for name, tensor in network.state_dict().items()}
    assert {name: tensor.shape for name, tensor in found.items()} == expected


def test_z_image() -> None:
    network = z_image_parts()["transformer"]
    tensors = written(Z_IMAGE_RULES, network.state_dict(), MODEL)

    assert same(convert_z_image_transformer_checkpoint_to_diffusers(tensors), network)


def test_the_autoencoder_with_a_time_axis() -> None:
    network = AutoencoderKLQwenImage(base_dim=16)

    assert same(convert_wan_vae_to_diffusers(framed_vae_tensors(network, "")), network)


def test_open_clip() -> None:
    network = clip(64, activation="gelu", projected=True)
    tensors = open_clip_tensors(network, "conditioner.embedders.1.model.")

    found = convert_open_clip_checkpoint(network, tensors, "conditioner.embedders.1.model.")

    assert same(found, network)


@pytest.mark.parametrize(
    "name",
    [
        "sd2",
        "sdxl",
        "refiner",
        "sd3",
        "flux",
        "chroma",
        "pixart",
        "lumina2",
        "z_image",
        "qwen_image",
    ],
)
def test_where_a_weight_belongs_is_where_it_was_found(name: str, tmp_path: Path) -> None:
    pipe = pipeline(name)
    network = pipe.unet if hasattr(pipe, "unet") else pipe.transformer
    layout = recognised(WeightFile(single_file(pipe, name, tmp_path)))[2].layout

    places = author_places(network)

    for name, place in places.items():
        assert replace(place, name=MODEL + place.name) == layout.entries[name]
