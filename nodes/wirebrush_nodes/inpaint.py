"""What models are shown that were trained to fill, to edit or to enlarge pictures."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from wirebrush.api import Conditioning, Image, Latent, Mask, Range, Run, Vae, node
from wirebrush_diffusion.latent.matching import mask_planes
from wirebrush_diffusion.pictures.resize import resize
from wirebrush_nodes.live import explained, live_autoencoder


class Shown(NamedTuple):
    """Both conditions with the picture in them, and a canvas of its size."""

    positive: Conditioning
    negative: Conditioning
    latent: Latent


@node(id="InpaintModelConditioning", category="conditioning/inpaint")
def inpaint_model_conditioning(
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    pixels: Image,
    mask: Mask,
    noise_mask: bool = True,
    *,
    run: Run,
) -> Shown:
    """Show an inpainting model the picture with a hole in it: for SD inpaint models, FLUX fill.

    Args:
        positive: What the picture should show.
        negative: What it should not show.
        vae: The VAE of the model.
        pixels: The picture.
        mask: 1 (white) where new content is wanted.
        noise_mask: Also keep the rest of the picture as it is, exactly.
    """
    with explained("vae"):
        autoencoder = live_autoencoder(vae, run)
    pixels = whole_positions(pixels, autoencoder.downscale)
    with explained("mask"):
        fine = mask_like(mask, pixels)
    kept = (pixels[..., :3] - 0.5) * (1.0 - fine.round()[..., None]) + 0.5
    with explained("pixels"):
        hole, whole = autoencoder.encode(kept), autoencoder.encode(pixels)
    options = {"concat_latent_image": hole, "concat_mask": fine}
    latent = Latent(whole, noise_mask=fine if noise_mask else None)
    return Shown(_with(positive, options), _with(negative, options), latent)


@node(id="InstructPixToPixConditioning", category="conditioning/instructpix2pix")
def instruct_pix_to_pix_conditioning(
    positive: Conditioning, negative: Conditioning, vae: Vae, pixels: Image, *, run: Run
) -> Shown:
    """Show an editing model the picture that it should change as the text says.

    Args:
        positive: What to change.
        negative: What not to do; the two differ in the text only.
        vae: The VAE of the model.
        pixels: The picture.
    """
    with explained("vae"):
        autoencoder = live_autoencoder(vae, run)
    with explained("pixels"):
        shown = autoencoder.encode(whole_positions(pixels, autoencoder.downscale))
    options = {"concat_latent_image": shown}
    return Shown(_with(positive, options), _with(negative, options), Latent(shown * 0.0))


@node(id="SD_4XUpscale_Conditioning", category="conditioning/upscale_diffusion")
def sd_4x_upscale_conditioning(
    images: Image,
    positive: Conditioning,
    negative: Conditioning,
    scale_ratio: Annotated[float, Range(0.0, 10.0, 0.01)] = 4.0,
    noise_augmentation: Annotated[float, Range(0.0, 1.0, 0.001)] = 0.0,
) -> Shown:
    """Show the x4 upscaler the picture that it should paint larger.

    Args:
        images: The small picture.
        positive: What it shows.
        negative: What the larger one should not show.
        scale_ratio: How much larger; the model was trained on 4.
        noise_augmentation: How much noise to put over the small picture: more invents more.
    """
    height, width = images.shape[1:3]
    wide = max(1, round(width * scale_ratio) // 4)
    tall = max(1, round(height * scale_ratio) // 4)
    planes = images[..., :3].movedim(-1, 1) * 2.0 - 1.0
    with explained("images"):
        small = resize(planes, wide, tall, "bilinear", crop="center")
    options = {"concat_image": small, "noise_augmentation": noise_augmentation}
    latent = Latent(torch.zeros((images.shape[0], 4, tall, wide)))
    return Shown(_with(positive, options), _with(negative, options), latent)


def _with(conditioning: Conditioning, options: dict[str, Any]) -> Conditioning:
    return tuple(cond.with_options(**options) for cond in conditioning)


def whole_positions(pixels: Tensor, step: int) -> Tensor:
    """The picture, cut at both ends to whole latent positions."""
    height, width = pixels.shape[1:3]
    tall, wide = max(height // step, 1) * step, max(width // step, 1) * step
    top, left = max(height - tall, 0) // 2, max(width - wide, 0) // 2
    return pixels[:, top : top + tall, left : left + wide]


def mask_like(mask: Tensor, pixels: Tensor) -> Tensor:
    """The mask in the picture's size, `[B,H,W]`."""
    planes = mask_planes(mask)
    size = (int(pixels.shape[1]), int(pixels.shape[2]))
    return interpolate(planes, size, mode="bilinear")[:, 0]
