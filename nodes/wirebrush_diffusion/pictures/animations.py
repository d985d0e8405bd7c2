"""Batches of pictures as animated WebP and PNG files, with texts inside."""

from __future__ import annotations

import io
from collections.abc import Mapping

from PIL import Image, PngImagePlugin
from torch import Tensor

from wirebrush_diffusion.pictures.files import to_pil

MODEL_TAG, MAKE_TAG = 0x0110, 0x010F
"""EXIF fields that the field uses for texts: the prompt in the first, others from the second on
downwards, each as `name:text`."""
LONGEST = 2**24 - 1  # milliseconds that a frame of WebP may stay
LONGEST_PNG = 65535


def encode_webp(
    pictures: Tensor,
    fps: float,
    texts: Mapping[str, str] | None = None,
    *,
    lossless: bool = True,
    quality: int = 80,
    effort: int = 4,
) -> bytes:
    """A batch `[B,H,W,C]` as animated WebP that begins again at its end.

    `effort` 0..6 is how long a small file is looked for.
    """
    first, *rest = [_without_grey(to_pil(picture)) for picture in pictures]
    exif = Image.Exif()
    others = [name for name in texts or {} if name != "prompt"]
    tags = {"prompt": MODEL_TAG} | {name: MAKE_TAG - i for i, name in enumerate(others)}
    for name, text in (texts or {}).items():
        exif[tags[name]] = f"{name}:{_in_ascii(text)}"
    buffer = io.BytesIO()
    first.save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=rest,
        duration=min(round(1000 / fps), LONGEST),
        loop=0,
        lossless=lossless,
        quality=quality,
        method=effort,
        exif=exif,
    )
    return buffer.getvalue()


def encode_apng(
    pictures: Tensor, fps: float, texts: Mapping[str, str] | None = None, *, level: int = 4
) -> bytes:
    """A batch `[B,H,W,C]` as animated PNG that begins again at its end."""
    first, *rest = [to_pil(picture) for picture in pictures]
    entries = PngImagePlugin.PngInfo()
    for name, text in (texts or {}).items():
        entries.add_text(name, text.encode("utf-8", "replace").decode())
    buffer = io.BytesIO()
    first.save(
        buffer,
        "PNG",
        save_all=True,
        append_images=rest,
        duration=min(1000 / fps, LONGEST_PNG),
        loop=0,
        pnginfo=entries,
        compress_level=level,
    )
    return buffer.getvalue()


def _without_grey(image: Image.Image) -> Image.Image:
    return image.convert("RGB") if image.mode == "L" else image


def _in_ascii(text: str) -> str:
    """JSON text, with escapes for what EXIF's texts cannot hold."""
    if text.isascii():
        return text
    units = text.encode("utf-16-be", "surrogatepass")
    codes = [int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2)]
    return "".join(chr(code) if code < 128 else f"\\u{code:04x}" for code in codes)
