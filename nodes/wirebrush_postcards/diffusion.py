"""The networks and the noise: what training and sampling both need to know."""

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from wirebrush_postcards.train_text import WIDTH

TRAIN_STEPS = 1000
BETAS = (0.00085, 0.012)


def new_unet() -> UNet2DConditionModel:
    """Return an untrained UNet: latents [B, 4, h, w], times [B], states [B, 77, 128] to velocities.

    The text reaches it twice: by cross attention, and pooled, with the time, in every block.
    """
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(64, 96, 112),
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=8,
    )


def signal_shares() -> Tensor:
    """Return the share of the signal's power at every time, [1000], of the scaled-linear plan."""
    betas = torch.linspace(BETAS[0] ** 0.5, BETAS[1] ** 0.5, TRAIN_STEPS) ** 2
    return torch.cumprod(1 - betas, 0)


def min_snr_weights(shares: Tensor, most: float = 5.0) -> Tensor:
    """Return how much the loss of a velocity counts at every time.

    Hang et al., "Efficient Diffusion Training via Min-SNR Weighting Strategy" (2023).
    """
    snr = shares / (1 - shares)
    return snr.clamp(max=most) / (snr + 1)


def noised(latents: Tensor, noise: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """Return noised latents and the velocity that leads back, both [B, 4, h, w]; `share` is [B]."""
    signal, spread = share.sqrt()[:, None, None, None], (1 - share).sqrt()[:, None, None, None]
    return signal * latents + spread * noise, signal * noise - spread * latents
