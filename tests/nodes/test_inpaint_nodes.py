"""Nodes for holes, grey masks, cut-out pieces, tiles and steering pictures, on a tiny model."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from wirebrush.api import Latent, NodeError, SilentRun
from wirebrush_nodes import preprocessors
from wirebrush_nodes.inpaint_parts import (
    differential_diffusion,
    inpaint_crop,
    inpaint_stitch,
    vae_encode_for_inpaint,
)
from wirebrush_nodes.latent import set_latent_noise_mask
from wirebrush_nodes.loaders import checkpoint_loader_simple
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.text import clip_text_encode
from wirebrush_nodes.vae import vae_decode, vae_decode_tiled, vae_encode, vae_encode_tiled


@pytest.fixture
def parts(run: SilentRun) -> Any:
    return checkpoint_loader_simple("tiny", run=run)


def picture(count: int = 1, height: int = 64, width: int = 96) -> torch.Tensor:
    return torch.rand((count, height, width, 3), generator=torch.Generator().manual_seed(0))


def test_a_hole_is_grey_and_painted_wider(parts: Any, run: SilentRun) -> None:
    mask = torch.zeros((1, 64, 96))
    mask[:, 20:30, 40:60] = 1
    latent = vae_encode_for_inpaint(picture(), parts.VAE, mask, 6, run=run)

    assert latent.samples.shape == (1, 4, 8, 12)
    assert latent.noise_mask is not None
    assert latent.noise_mask.sum() == 15 * 25
    exact = vae_encode_for_inpaint(picture(), parts.VAE, mask, 0, run=run).noise_mask
    assert exact is not None
    assert torch.equal(exact, mask)
    other = picture()
    other[:, 20:30, 40:60] = 0.123
    unseen = vae_encode_for_inpaint(other, parts.VAE, mask, 6, run=run)
    assert torch.equal(unseen.samples, latent.samples)
    with pytest.raises(NodeError, match="needs at least 8x8") as small:
        vae_encode_for_inpaint(picture(1, 4, 4), parts.VAE, mask, run=run)
    assert small.value.port == "pixels"
    with pytest.raises(NodeError, match="A mask is") as caught:
        vae_encode_for_inpaint(picture(), parts.VAE, torch.zeros(3), run=run)
    assert caught.value.port == "mask"


def test_darker_is_changed_later(parts: Any, run: SilentRun) -> None:
    text = clip_text_encode("a", parts.CLIP, run=run)
    original = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    mask = torch.linspace(0, 1, 8).repeat(1, 8, 1)
    latent = set_latent_noise_mask(Latent(original), mask)

    def painted(model: Any) -> torch.Tensor:
        return ksampler(
            model=model,
            seed=1,
            steps=4,
            cfg=1.0,
            positive=text,
            negative=text,
            latent_image=latent,
            run=run,
        ).samples

    usual, gradual = painted(parts.MODEL), painted(differential_diffusion(parts.MODEL))

    assert torch.allclose(gradual[..., 0], original[..., 0], atol=1e-5)
    assert not torch.allclose(gradual[..., 5], original[..., 5], atol=1e-2)
    assert not torch.equal(usual, gradual)
    assert torch.equal(usual, painted(differential_diffusion(parts.MODEL, 0.0)))


def test_a_piece_there_and_back(run: SilentRun) -> None:
    whole = picture(1, 100, 150)
    mask = torch.zeros((1, 100, 150))
    mask[:, 40:50, 60:80] = 1
    stitch, piece, hole = inpaint_crop(whole, mask, 256, 2.0, 8)
    back = inpaint_stitch(stitch, torch.zeros_like(piece))

    assert abs(piece.shape[1] * piece.shape[2] - 256**2) < 3000
    assert hole.shape == piece.shape[:3]
    assert back[:, 40:50, 60:80].le(1e-4).all()
    assert torch.equal(back[:, :30], whole[:, :30])
    with pytest.raises(NodeError, match="A mask is") as caught:
        inpaint_crop(whole, torch.zeros(3))
    assert caught.value.port == "mask"


def test_tiles_agree_with_the_whole(parts: Any, run: SilentRun) -> None:
    pixels = picture(2, 130, 200)
    latent = vae_encode(pixels, parts.VAE, run=run)
    in_tiles = vae_encode_tiled(pixels, parts.VAE, 64, 32, run=run)

    assert in_tiles.samples.shape == latent.samples.shape == (2, 4, 16, 25)
    once = vae_encode_tiled(pixels, parts.VAE, 512, 64, run=run)
    assert torch.allclose(once.samples, latent.samples, atol=1e-5)
    whole = vae_decode(latent, parts.VAE, run=run)
    assert torch.allclose(vae_decode_tiled(latent, parts.VAE, 512, 64, run=run), whole, atol=1e-5)
    run.steps.clear()
    close = vae_decode_tiled(latent, parts.VAE, 128, 32, run=run)
    assert close.shape == whole.shape
    assert float((close - whole).abs().mean()) < 0.05
    assert run.steps[-1] == (2, 2)
    with pytest.raises(NodeError, match="reads latents of 4 channels") as caught:
        vae_decode_tiled(Latent(torch.zeros(1, 16, 8, 8)), parts.VAE, run=run)
    assert caught.value.port == "samples"


def test_steering_pictures() -> None:
    image = torch.zeros((1, 32, 48, 3))
    image[:, :, 24:] = 1
    edges = preprocessors.canny_edges(image)

    assert edges.shape == image.shape
    assert edges[0, 16].amax(dim=-1).nonzero().numel() == 1
    assert torch.equal(preprocessors.image_threshold(image), image)
    assert torch.allclose(preprocessors.image_grayscale(image), image)
    mosaic = preprocessors.image_color_palette(picture(1, 32, 48), 16)
    assert len(mosaic.reshape(-1, 3).unique(dim=0)) == 6
    assert preprocessors.image_tile_blur(image, 4.0).shape == image.shape
    assert torch.equal(preprocessors.image_tile_blur(image, 1.0), image)
