"""Small pictures for lists: WebP, made once, kept beside the assets."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from tempfile import mkstemp

from wirebrush.jobs.sniff import MAX_PIXELS

SIZES = (64, 128, 256, 512)
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_AT_ONCE = 2


class Thumbnails:
    """Makes and keeps thumbnails, few at a time, off the event loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def get(self, asset: str, source: Path, size: int) -> bytes | None:
        """The picture fitted into a square of the next size up; None if it cannot be read.

        It is kept under `asset`, which names one state of the picture.
        """
        side = next((known for known in SIZES if known >= size), SIZES[-1])
        path = self._folder / f"{asset}-{side}.webp"
        async with self._turns:
            return await asyncio.to_thread(_kept_or_made, path, source, side)

    def remove(self, asset: str) -> None:
        """Forget an asset's thumbnails."""
        for side in SIZES:
            (self._folder / f"{asset}-{side}.webp").unlink(missing_ok=True)


def _kept_or_made(path: Path, source: Path, side: int) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    data = _made(source, side)
    if data is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Others may be making the same one: each writes a file of its own.
        handle, beside = mkstemp(dir=path.parent, suffix=".part")
        with open(handle, "wb") as file:
            file.write(data)
        Path(beside).replace(path)
    return data


def _made(source: Path, side: int) -> bytes | None:
    from PIL import Image, ImageOps  # only now: a start does not wait for it

    try:
        with Image.open(source, formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            image.draft("RGB", (side * 2, side * 2))  # JPEG decodes at a fraction of its size
            picture = ImageOps.exif_transpose(image)
            mode = "RGBA" if picture.has_transparency_data else "RGB"
            small = picture.convert(mode)
            small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
            out = io.BytesIO()
            small.save(out, "WEBP", quality=82, method=2)
    except Exception:  # any bytes may be behind a picture's header, and decoders throw anything
        return None
    return out.getvalue()
