"""Picture files to tensors and back. Pictures are `[B,H,W,C]` float32 0..1, masks `[B,H,W]`."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, ImageSequence, PngImagePlugin, UnidentifiedImageError
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError

MAX_PIXELS = 16384 * 16384 // 2
NO_ALPHA = (1, 64, 64)  # the field's mask of a picture without alpha
CHANNELS = {"red": "R", "green": "G", "blue": "B", "alpha": "A"}


def read_picture(path: Path) -> tuple[Tensor, Tensor]:
    """The picture `[B,H,W,3]` and its mask: 1 where it is transparent.

    Animations give a batch; frames of another size than the first are left out. A picture without
    alpha has the empty mask `[1,64,64]`.
    """
    pictures: list[Tensor] = []
    masks: list[Tensor] = []
    for frame in _frames(path):
        if pictures and pictures[0].shape[:2] != (frame.height, frame.width):
            continue
        pictures.append(_rgb(frame))
        if "A" in frame.getbands() or "transparency" in frame.info:
            alpha = np.asarray(frame.convert("RGBA").getchannel("A"), dtype=np.float32)
            masks.append(1.0 - torch.from_numpy(alpha / 255.0))
    whole = len(masks) == len(pictures)
    return torch.stack(pictures), torch.stack(masks) if whole else torch.zeros(NO_ALPHA)


def read_channel(path: Path, channel: str) -> Tensor:
    """One channel of a picture as a mask `[1,H,W]`; of alpha the transparent part is 1."""
    frame = next(_frames(path))
    has_alpha = "A" in frame.getbands() or "transparency" in frame.info
    if channel == "alpha" and not has_alpha:
        return torch.zeros(NO_ALPHA)
    if channel != "alpha" and frame.mode.startswith("I"):
        return _rgb(frame)[..., 0].unsqueeze(0)
    plane = np.asarray(frame.convert("RGBA").getchannel(CHANNELS[channel]), dtype=np.float32)
    mask = torch.from_numpy(plane / 255.0).unsqueeze(0)
    return 1.0 - mask if channel == "alpha" else mask


def encode_png(picture: Tensor, texts: Mapping[str, str] | None = None, *, level: int = 4) -> bytes:
    """A picture `[H,W,C]` as PNG, with text entries (`prompt`, `workflow`...) inside."""
    entries = PngImagePlugin.PngInfo()
    for key, text in (texts or {}).items():
        entries.add_text(key, text.encode("utf-8", "replace").decode())
    buffer = io.BytesIO()
    to_pil(picture).save(buffer, "PNG", pnginfo=entries, compress_level=level)
    return buffer.getvalue()


def encode_jpeg(picture: Tensor, longest: int = 512, quality: int = 85) -> bytes:
    """A small uint8 or float picture `[H,W,3]` as JPEG, enlarged to `longest` pixels."""
    image = to_pil(picture)
    scale = longest / max(image.size)
    if scale > 1:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def to_pil(picture: Tensor) -> Image.Image:
    """`[H,W,C]`, 0..1 or uint8, 1, 3 or 4 channels. NaN becomes black.

    What is between two of the 256 steps becomes the lower one, as in the whole field; a picture
    that was read from a file comes out as it was.
    """
    if picture.dtype != torch.uint8:
        picture = picture.float().nan_to_num(0.0).clamp(0.0, 1.0).mul(255.0).to(torch.uint8)
    array = picture.cpu().numpy()
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array)


def _frames(path: Path) -> Iterator[Image.Image]:
    """The picture's frames, upright."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # checked below
            image = Image.open(path)
        with image:
            if image.width * image.height > MAX_PIXELS:
                raise DiffusionError(
                    f"The picture is {image.width}x{image.height}: too large to be opened.",
                    "Scale it down first.",
                )
            for frame in ImageSequence.Iterator(image):
                yield ImageOps.exif_transpose(frame)
                if image.format == "MPO":  # a photo and its previews, no animation
                    break
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise DiffusionError(
            f"{path.name} cannot be read as a picture: {error}.",
            "Use a PNG, JPEG, WebP or GIF file that opens elsewhere.",
        ) from error


def _rgb(frame: Image.Image) -> Tensor:
    if frame.mode.startswith("I"):  # 16 bits of grey
        grey = np.asarray(frame).astype(np.float32) / 65535.0
        return torch.from_numpy(grey).clamp_(0.0, 1.0).unsqueeze(-1).repeat(1, 1, 3)
    array = np.asarray(frame.convert("RGB"), dtype=np.float32) / 255.0
    return torch.from_numpy(array)
