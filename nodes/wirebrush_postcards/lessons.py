"""What the trainings around a finished base read: its frozen parts, its latents, and times."""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from wirebrush_postcards import models_path
from wirebrush_postcards.checkpoints import load_state
from wirebrush_postcards.diffusion import TRAIN_STEPS

CHECKPOINT = models_path() / "checkpoints" / "postcards"


def load_unet() -> UNet2DConditionModel:
    """Return the shipped UNet, frozen, in float32."""
    unet = UNet2DConditionModel.from_pretrained(CHECKPOINT / "unet").float()
    return unet.eval().requires_grad_(False)


def load_encoder() -> tuple[CLIPTextModel, CLIPTokenizer]:
    """Return the shipped text encoder, frozen, in float32, and its tokenizer."""
    encoder = CLIPTextModel.from_pretrained(CHECKPOINT / "text_encoder").float()
    tokenizer = CLIPTokenizer.from_pretrained(CHECKPOINT / "tokenizer")
    return encoder.eval().requires_grad_(False), tokenizer


def load_autoencoder() -> AutoencoderKL:
    """Return the shipped autoencoder, frozen, in float32."""
    autoencoder = AutoencoderKL.from_pretrained(CHECKPOINT / "vae").float()
    return autoencoder.eval().requires_grad_(False)


def load_latents(scratch: Path, pictures: int) -> Tensor:
    """Return the latents [N, 4, 16, 16] of pictures 0..N-1 that the base was trained on."""
    kept = load_state(scratch / f"latents-{pictures}.pt")
    if kept is None:
        raise SystemExit("Run train_diffusion first: it writes the latents.")
    return kept["latents"]


def spread_times(count: int) -> Tensor:
    """Return times [count] of the noise plan by lot, spread evenly over all of it."""
    strata = (torch.arange(count) + torch.rand(count)) / count
    return (strata * TRAIN_STEPS).long().clamp(max=TRAIN_STEPS - 1)
