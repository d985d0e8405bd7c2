"""Resizing, blending, the VAE, previews."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.checkpoint import load
from wirebrush_diffusion.latent.space import LatentFormat, empty_latent, fitted_rgb, known_format
from wirebrush_diffusion.pictures.blend import BLEND_MODES, blend
from wirebrush_diffusion.pictures.resize import bislerp, keep_aspect, resize

PICTURE = torch.rand((2, 3, 12, 20), generator=torch.Generator().manual_seed(0))
METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "lanczos", "bislerp")


@pytest.mark.parametrize("method", METHODS)
def test_sizes(method: str) -> None:
    assert resize(PICTURE, 7, 9, method).shape == (2, 3, 9, 7)
    assert resize(PICTURE, 40, 40, method, crop="center").shape == (2, 3, 40, 40)
    assert torch.equal(resize(PICTURE, 20, 12, method), PICTURE)


@pytest.mark.parametrize("method", METHODS)
def test_a_plain_colour_stays_plain(method: str) -> None:
    plain = torch.full((1, 4, 8, 8), 0.25)

    assert torch.allclose(resize(plain, 13, 5, method), torch.full((1, 4, 5, 13), 0.25), atol=1e-5)


def test_center_crop_keeps_proportions() -> None:
    marked = torch.zeros((1, 1, 10, 30))
    marked[..., 10:20] = 1.0

    assert torch.equal(resize(marked, 10, 10, "area", crop="center"), torch.ones((1, 1, 10, 10)))


def test_bislerp_keeps_the_length_of_vectors() -> None:
    latent = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    latent /= latent.norm(dim=1, keepdim=True)

    lengths = bislerp(latent, 16, 16).norm(dim=1)

    assert torch.allclose(lengths, torch.ones_like(lengths), atol=1e-3)


def test_a_side_of_0_follows_from_the_other() -> None:
    assert keep_aspect(0, 0, 30, 20) == (30, 20)
    assert keep_aspect(0, 10, 30, 20) == (15, 10)
    assert keep_aspect(60, 0, 30, 20) == (60, 40)


def test_wrong_sizes_and_names_are_said() -> None:
    with pytest.raises(DiffusionError, match="0x5"):
        resize(PICTURE, 0, 5, "area")
    with pytest.raises(DiffusionError, match="no resizing method 'magic'"):
        resize(PICTURE, 5, 5, "magic")


GREY = torch.full((1, 2, 2, 3), 0.25)
LIGHT = torch.full((1, 2, 2, 3), 0.75)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("normal", 0.75),
        ("multiply", 0.1875),
        ("screen", 0.8125),
        ("overlay", 0.375),
        ("soft_light", 0.375),
    ],
)
def test_blend_modes(mode: str, expected: float) -> None:
    assert torch.allclose(blend(GREY, LIGHT, 1.0, mode), torch.full_like(GREY, expected))
    assert torch.equal(blend(GREY, LIGHT, 0.0, mode), GREY)
    halfway = blend(GREY, LIGHT, 0.5, mode)
    assert torch.allclose(halfway, torch.full_like(GREY, (0.25 + expected) / 2))


def test_difference_is_cut_off_at_0() -> None:
    assert torch.equal(blend(LIGHT, GREY, 1.0, "difference"), torch.full_like(GREY, 0.5))
    assert torch.equal(blend(GREY, LIGHT, 1.0, "difference"), torch.zeros_like(GREY))


def test_blending_adapts_size_batch_and_alpha() -> None:
    small = torch.rand((1, 4, 6, 3))
    large = torch.rand((3, 8, 12, 4))

    assert blend(large, small, 0.5, "screen").shape == (3, 8, 12, 4)
    assert list(BLEND_MODES) == [
        "normal",
        "multiply",
        "screen",
        "overlay",
        "soft_light",
        "difference",
    ]
    with pytest.raises(DiffusionError, match="2 pictures, the other 3"):
        blend(torch.rand((2, 8, 12, 3)), large, 0.5, "normal")


def test_the_vae_is_diffusers(tiny: Any, folder: Path) -> None:
    vae = load(folder).autoencoder
    picture = torch.rand((3, 64, 64, 3), generator=torch.Generator().manual_seed(0))

    latent = vae.encode(picture)
    decoded = vae.decode(latent)

    with torch.no_grad():
        expected = tiny.vae.encode(picture.movedim(-1, 1) * 2 - 1).latent_dist.mode()
        back = (tiny.vae.decode(expected).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    assert torch.allclose(latent, expected, atol=1e-5)
    assert torch.allclose(decoded, back, atol=1e-5)
    assert decoded.is_contiguous()
    assert not decoded.is_inference()


def test_odd_sizes_are_cut_and_wrong_ones_refused(folder: Path) -> None:
    vae = load(folder).autoencoder

    assert vae.encode(torch.zeros((1, 70, 81, 4))).shape == (1, 4, 8, 10)
    with pytest.raises(DiffusionError, match="needs at least 8x8"):
        vae.encode(torch.zeros((1, 4, 64, 3)))
    with pytest.raises(DiffusionError, match="latents of 4 channels, got 1x16x8x8"):
        vae.decode(torch.zeros((1, 16, 8, 8)))


def test_preview_factors_are_found_again() -> None:
    generator = torch.Generator().manual_seed(0)
    factors = torch.randn((6, 3), generator=generator) * 0.2
    latents = torch.randn((8, 6, 8, 8), generator=generator)
    pictures = (latents.movedim(1, -1) @ factors + 0.1).movedim(-1, 1)
    pictures = pictures.repeat_interleave(8, 2).repeat_interleave(8, 3)

    rows, bias = fitted_rgb(latents, pictures)

    assert torch.allclose(torch.tensor(rows), factors, atol=2e-3)
    assert bias == pytest.approx((0.1, 0.1, 0.1), abs=2e-3)


def test_an_unknown_latent_space_gets_a_preview(folder: Path) -> None:
    vae = load(folder).autoencoder
    rows, bias = vae.rgb_factors(LatentFormat(4, scale=0.7))
    latent_format = LatentFormat(4, scale=0.7, rgb=rows, rgb_bias=bias)

    picture = latent_format.preview(torch.randn((2, 4, 5, 6)))

    assert picture is not None
    assert picture.shape == (5, 6, 3)
    assert known_format(4, 0.7) is None
    assert known_format(4, 0.13025) is not None


def test_an_empty_latent_takes_the_models_channels() -> None:
    latent_format = LatentFormat(channels=16)

    assert latent_format.fit(empty_latent(128, 64, 2)).shape == (2, 16, 8, 16)
