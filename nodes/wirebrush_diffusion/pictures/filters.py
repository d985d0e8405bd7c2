"""Filters on pictures `[B,H,W,C]`, 0..1: soft, sharp, noisy, thick and thin, few colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import conv2d, max_pool2d, pad

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.pictures.files import to_pil

LUMA = (0.299, 0.587, 0.114)


def blurred(image: Tensor, radius: int, sigma: float) -> Tensor:
    """A Gaussian over `2 * radius + 1` pixels; `sigma` is in halves of that window.

    The picture is mirrored at its edges.
    """
    places = torch.linspace(-1.0, 1.0, 2 * radius + 1, device=image.device)
    kernel = torch.exp(-(places**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).to(image)
    planes = image.movedim(-1, 1)
    batch, channels, height, width = planes.shape
    planes = planes.reshape(-1, 1, height, width)
    planes = conv2d(_mirrored(planes, radius, 0), kernel[None, None, None])
    planes = conv2d(_mirrored(planes, 0, radius), kernel[None, None, :, None])
    return planes.reshape(batch, channels, height, width).movedim(1, -1).contiguous()


def _mirrored(planes: Tensor, across: int, down: int) -> Tensor:
    """With a mirrored rim, or one of the edge's colour where the picture is smaller than it."""
    fits = across < planes.shape[-1] and down < planes.shape[-2]
    return pad(planes, (across, across, down, down), mode="reflect" if fits else "replicate")


def sharpened(image: Tensor, radius: int, sigma: float, alpha: float) -> Tensor:
    """The picture with `10 * alpha` times its difference to a blurred one added."""
    return (image + (image - blurred(image, radius, sigma)) * (10 * alpha)).clamp(0.0, 1.0)


def noisy(image: Tensor, seed: int, strength: float) -> Tensor:
    """With Gaussian noise from the CPU's generator, the same on every device."""
    noise = torch.randn(image.shape, generator=torch.Generator("cpu").manual_seed(seed))
    return (image + strength * noise.to(image)).clamp(0.0, 1.0)


def grey(image: Tensor) -> Tensor:
    """Without colour: each pixel's luma (ITU-R BT.601) in all three channels; alpha is kept."""
    if image.shape[-1] == 1:
        return image.repeat(1, 1, 1, 3)
    luma = (image[..., :3] @ image.new_tensor(LUMA)).unsqueeze(-1)
    return torch.cat([luma.expand(*luma.shape[:3], 3), image[..., 3:]], dim=-1)


def dilated(image: Tensor, size: int) -> Tensor:
    """Each pixel becomes the brightest of a square of `size` pixels around it."""
    before, after = size // 2, size - 1 - size // 2
    planes = image.movedim(-1, 1)
    low = float("-inf")
    planes = max_pool2d(pad(planes, (before, after, 0, 0), value=low), (1, size), 1)
    planes = max_pool2d(pad(planes, (0, 0, before, after), value=low), (size, 1), 1)
    return planes.movedim(1, -1).contiguous()


def eroded(image: Tensor, size: int) -> Tensor:
    """Each pixel becomes the darkest of a square of `size` pixels around it."""
    return -dilated(-image, size)


MORPHOLOGY: Mapping[str, Callable[[Tensor, int], Tensor]] = MappingProxyType(
    {
        "erode": eroded,
        "dilate": dilated,
        "open": lambda image, size: dilated(eroded(image, size), size),
        "close": lambda image, size: eroded(dilated(image, size), size),
        "gradient": lambda image, size: dilated(image, size) - eroded(image, size),
        "bottom_hat": lambda image, size: eroded(dilated(image, size), size) - image,
        "top_hat": lambda image, size: image - dilated(eroded(image, size), size),
    }
)
"""Mathematical morphology (Serra 1982) by the field's names."""


def quantized(image: Tensor, colors: int, dither: str) -> Tensor:
    """With at most so many colours, chosen for each picture by Pillow's median cut.

    `dither`: none, floyd-steinberg, or bayer-N for an ordered pattern of N x N pixels.
    """
    if image.shape[-1] not in (3, 4):
        raise DiffusionError(f"A picture has 3 or 4 channels, this has {image.shape[-1]}.")
    return torch.stack([_quantized(picture[..., :3], colors, dither) for picture in image])


def _quantized(picture: Tensor, colors: int, dither: str) -> Tensor:
    source = to_pil(picture)
    palette = source.quantize(colors)
    if dither == "none":
        few = source.quantize(colors, palette=palette, dither=Image.Dither.NONE)
    elif dither == "floyd-steinberg":
        few = source.quantize(colors, palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    else:
        order = int(dither.removeprefix("bayer-"))
        spread = 2.0 * 256.0 / colors / 255.0
        height, width = picture.shape[:2]
        pattern = bayer(order).repeat(-(-height // order), -(-width // order))[:height, :width]
        moved = to_pil(picture + spread * pattern.unsqueeze(-1).to(picture))
        few = moved.quantize(colors, palette=palette, dither=Image.Dither.NONE)
    return torch.from_numpy(np.asarray(few.convert("RGB"), dtype=np.float32) / 255.0)


def bayer(order: int) -> Tensor:
    """Bayer's matrix `[order, order]` (a power of two) as numbers from -0.5 to 0.5."""
    matrix = torch.zeros((1, 1))
    while len(matrix) < order:
        matrix = 4 * matrix
        matrix = torch.cat(
            [torch.cat([matrix, matrix + 2], 1), torch.cat([matrix + 3, matrix + 1], 1)]
        )
    return matrix / order**2 - 0.5


def to_yuv(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Luma and the two colour differences (JPEG's YCbCr), each `[B,H,W]`; no colour is 0.5."""
    red, green, blue = image[..., :3].unbind(-1)
    luma = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
    return luma, (blue - luma) * 0.564 + 0.5, (red - luma) * 0.713 + 0.5


def from_yuv(luma: Tensor, blueness: Tensor, redness: Tensor) -> Tensor:
    """The picture `[B,H,W,3]` that `to_yuv` was given."""
    red = luma + (redness - 0.5) / 0.713
    blue = luma + (blueness - 0.5) / 0.564
    green = (luma - LUMA[0] * red - LUMA[2] * blue) / LUMA[1]
    return torch.stack([red, green, blue], dim=-1).clamp(0.0, 1.0)
