"""Batches of pictures as animations that browsers show."""

from __future__ import annotations

from typing import Annotated, Literal

from wirebrush.api import Image, NodeError, Range, Run, node
from wirebrush_diffusion.pictures.animations import encode_apng, encode_webp

Fps = Annotated[float, Range(0.01, 1000.0, 0.01)]
EFFORTS = {"fastest": 0, "default": 4, "slowest": 6}


@node(id="SaveAnimatedWEBP", category="image/animation")
def save_animated_webp(
    images: Image,
    filename_prefix: str = "ComfyUI",
    fps: Fps = 6.0,
    lossless: bool = True,
    quality: Annotated[int, Range(0, 100, 1)] = 80,
    method: Literal["default", "fastest", "slowest"] = "default",
    *,
    run: Run,
) -> None:
    """Keep a batch as one animated WebP. The workflow is inside: drop it on the editor to open it.

    Args:
        images: The frames, in their order.
        filename_prefix: How the file's name begins; "/" makes a folder.
        fps: Frames in a second.
        lossless: Every pixel as it is; larger.
        quality: How exact it is if not lossless, else how hard it is squeezed.
        method: How long to look for a small file.
    """
    _check(images)
    effort = EFFORTS[method]
    data = encode_webp(images, fps, run.metadata, lossless=lossless, quality=quality, effort=effort)
    _save(data, f"{filename_prefix}.webp", "image/webp", images, run)


@node(id="SaveAnimatedPNG", category="image/animation")
def save_animated_png(
    images: Image,
    filename_prefix: str = "ComfyUI",
    fps: Fps = 6.0,
    compress_level: Annotated[int, Range(0, 9, 1)] = 4,
    *,
    run: Run,
) -> None:
    """Keep a batch as one animated PNG. The workflow is inside: drop it on the editor to open it.

    Args:
        images: The frames, in their order.
        filename_prefix: How the file's name begins; "/" makes a folder.
        fps: Frames in a second.
        compress_level: 0 is fast and large, 9 slow and small; pictures are the same.
    """
    _check(images)
    data = encode_apng(images, fps, run.metadata, level=compress_level)
    _save(data, f"{filename_prefix}.png", "image/png", images, run)


def _check(images: Image) -> None:
    if images.ndim != 4 or images.shape[-1] not in (1, 3, 4) or 0 in images.shape:
        raise NodeError(
            f"A picture batch is [B,H,W,C] with 1, 3 or 4 channels, got {list(images.shape)}.",
            "Connect an IMAGE output.",
            port="images",
        )


def _save(data: bytes, name: str, mime: str, images: Image, run: Run) -> None:
    height, width = images.shape[1:3]
    run.save(data, name=name, mime=mime, width=width, height=height)
