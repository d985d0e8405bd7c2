"""Latents: the small inner pictures that models work on."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from wirebrush.api import Latent, Mask, NodeError, Range, node
from wirebrush_diffusion.latent.space import empty_latent
from wirebrush_diffusion.pictures.resize import resize
from wirebrush_nodes.live import explained

Side = Annotated[int, Range(16, 16384, 8)]
NewSide = Annotated[int, Range(0, 16384, 8)]
Batch = Annotated[int, Range(1, 4096)]
Method = Literal["nearest-exact", "bilinear", "area", "bicubic", "bislerp"]
Crop = Literal["disabled", "center"]
SMALLEST = 64  # pixels


@node(id="EmptyLatentImage", category="latent", title="Empty Latent Image")
def empty_latent_image(width: Side = 512, height: Side = 512, batch_size: Batch = 1) -> Latent:
    """An empty canvas of the size the picture should have.

    Args:
        width: Pixels across; sizes near those the model was trained on work best.
        height: Pixels down.
        batch_size: How many pictures to paint at once, each with noise of its own.
    """
    with explained():
        return Latent(empty_latent(width, height, batch_size))


@node(id="LatentUpscale", category="latent", title="Upscale Latent")
def latent_upscale(
    samples: Latent,
    upscale_method: Method = "nearest-exact",
    width: NewSide = 512,
    height: NewSide = 512,
    crop: Crop = "disabled",
) -> Latent:
    """Resize a latent, usually to paint over it at a larger size with a denoise near 0.5.

    Args:
        samples: The latent.
        upscale_method: How positions between positions are filled; bislerp is the gentlest.
        width: New width in pixels; 0 follows from the height, both 0 keep the size.
        height: New height in pixels.
        crop: "center" cuts to the new proportions first, "disabled" stretches.
    """
    if width == 0 and height == 0:
        return samples
    old_height, old_width = samples.samples.shape[-2:]
    if width == 0:
        height = max(SMALLEST, height)
        width = max(SMALLEST, round(old_width * height / old_height))
    elif height == 0:
        width = max(SMALLEST, width)
        height = max(SMALLEST, round(old_height * width / old_width))
    width, height = max(SMALLEST, width), max(SMALLEST, height)
    with explained("upscale_method"):
        resized = resize(samples.samples, width // 8, height // 8, upscale_method, crop)
    return replace(samples, samples=resized)


@node(id="LatentUpscaleBy", category="latent", title="Upscale Latent By")
def latent_upscale_by(
    samples: Latent,
    upscale_method: Method = "nearest-exact",
    scale_by: Annotated[float, Range(0.01, 8.0, 0.01)] = 1.5,
) -> Latent:
    """Resize a latent in proportion.

    Args:
        samples: The latent.
        upscale_method: How positions between positions are filled; bislerp is the gentlest.
        scale_by: How many times as wide and high it becomes.
    """
    height, width = (max(1, round(side * scale_by)) for side in samples.samples.shape[-2:])
    with explained("upscale_method"):
        resized = resize(samples.samples, width, height, upscale_method)
    return replace(samples, samples=resized)


@node(id="SetLatentNoiseMask", category="latent/inpaint", title="Set Latent Noise Mask")
def set_latent_noise_mask(samples: Latent, mask: Mask) -> Latent:
    """Let the sampler paint only where the mask is white; the rest stays as it is.

    Args:
        samples: The latent of a picture, from VAEEncode.
        mask: 1 (white) where new content is wanted. Any size: it is resized to the latent.
    """
    if mask.ndim not in (2, 3):
        raise NodeError(
            f"A mask is [B,H,W]; this one has {mask.ndim} dimensions.",
            "Convert a picture with LoadImageMask.",
            port="mask",
        )
    return replace(samples, noise_mask=mask.reshape(-1, *mask.shape[-2:]))
