"""Tiny autoencoders: as diffusers' own, from numbered files and from none but a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderTiny
from safetensors.torch import save_file

from wirebrush_diffusion.autoencoder.source import check_vae_source, open_vae
from wirebrush_diffusion.autoencoder.taesd import check_tiny, load_tiny
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.latent.space import FLUX, SD15


def tiny(channels: int = 4) -> Any:
    torch.manual_seed(1)
    return AutoencoderTiny(latent_channels=channels).eval().requires_grad_(False)


def halves(network: Any, folder: Path, name: str = "taesd") -> tuple[Path, Path]:
    """The authors' two files: a decoder's numbers begin after the layer that clamps."""
    paths = []
    for half, skipped in (("decoder", 1), ("encoder", 0)):
        tensors = {}
        for key, tensor in getattr(network, half).state_dict().items():
            number, _, rest = key.removeprefix("layers.").partition(".")
            tensors[f"{int(number) + skipped}.{rest}"] = tensor.clone()
        paths.append(folder / f"{name}_{half}.safetensors")
        save_file(tensors, paths[-1])
    return paths[0], paths[1]


@pytest.mark.parametrize(("name", "latent"), [("taesd", SD15), ("taef1", FLUX)])
def test_as_in_diffusers(name: str, latent: Any, tmp_path: Path) -> None:
    network = tiny(latent.channels)
    decoder, encoder = halves(network, tmp_path, name)
    unscaled = torch.randn(2, latent.channels, 8, 6)
    picture = torch.rand(1, 64, 48, 3)

    vae = load_tiny(decoder, encoder, "cpu", torch.float32)

    scaled = (unscaled - latent.shift) * latent.scale
    expected = network.decode(scaled).sample.add(1).div(2).clamp(0, 1).movedim(1, -1)
    assert torch.allclose(vae.decode(unscaled), expected, atol=1e-6)
    encoded = network.encode(picture.movedim(-1, 1) * 2 - 1).latents
    assert torch.allclose(vae.encode(picture), encoded / latent.scale + latent.shift, atol=1e-5)
    assert (vae.channels, vae.downscale) == (latent.channels, 8)


def test_a_decoder_alone_decodes(tmp_path: Path) -> None:
    decoder, encoder = halves(tiny(), tmp_path)
    both = load_tiny(decoder, encoder, "cpu", torch.float32)

    alone = load_tiny(decoder, None, "cpu", torch.float32)

    latent = torch.randn(1, 4, 4, 4)
    assert torch.equal(alone.decode(latent), both.decode(latent))


def test_halves_that_are_none_are_named(tmp_path: Path) -> None:
    decoder, encoder = halves(tiny(), tmp_path)
    with pytest.raises(DiffusionError, match=r"taesd_decoder.* is not the encoder"):
        check_tiny(decoder, decoder)
    wrong, _ = halves(tiny(16), tmp_path, "taesdxl")
    with pytest.raises(DiffusionError, match=r"for latents of 16 channels; by its name .* 4"):
        check_tiny(wrong, encoder)
    save_file({"first.weight": torch.zeros(1)}, tmp_path / "taesd3_decoder.safetensors")
    with pytest.raises(DiffusionError, match="not the decoder of a tiny autoencoder"):
        check_tiny(tmp_path / "taesd3_decoder.safetensors", encoder)
    with pytest.raises(DiffusionError, match="half of a tiny autoencoder"):
        check_vae_source(decoder, None)


def test_pixel_space_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"_class_name": "PixelSpace"}', "utf-8")
    check_vae_source(tmp_path, None)
    vae = open_vae(tmp_path, None, "cpu", None)
    picture = torch.rand(2, 20, 30, 3)

    latent = vae.encode(picture)

    assert latent.shape == (2, 3, 20, 30)
    assert torch.allclose(vae.decode(latent), picture, atol=1e-6)


def test_a_folder_of_its_own(tmp_path: Path) -> None:
    from tiny_families import vae

    network = vae()
    network.save_pretrained(tmp_path)
    check_vae_source(tmp_path, None)

    found = open_vae(tmp_path, None, "cpu", torch.float32)

    latent = torch.randn(1, 4, 4, 4)
    expected = network.decode(latent).sample.add(1).div(2).clamp(0, 1).movedim(1, -1)
    assert torch.allclose(found.decode(latent), expected, atol=1e-5)
