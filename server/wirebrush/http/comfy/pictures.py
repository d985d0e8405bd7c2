"""Pictures as ComfyUI's routes give them: small, in another format, one channel, with a mask.

All functions block; None means: this is no picture that can be read.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from wirebrush.jobs.sniff import MAX_PIXELS

if TYPE_CHECKING:
    from PIL.Image import Image

Channel: TypeAlias = Literal["rgba", "rgb", "a"]
SMALL = 512
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_FAST = 4
"""PNG's compression."""


def small_webp(source: Path | bytes) -> bytes | None:
    """At most `SMALL` pixels a side, as WebP."""

    def shrink(image: Image) -> bytes:
        image.thumbnail((SMALL, SMALL))
        return _saved(image, "WEBP", quality=90)

    return _opened(source, shrink)


def as_preview(source: Path, form: str, quality: int, channel: Channel) -> bytes | None:
    """In another format: `webp` or `jpeg`, quality 1 to 100."""

    def convert(image: Image) -> bytes:
        if form == "jpeg" or channel == "rgb":
            image = image.convert("RGB")
        return _saved(image, form.upper(), quality=quality)

    return _opened(source, convert)


def one_channel(source: Path, channel: Channel) -> bytes | None:
    """Without its transparency (`rgb`), or nothing but that (`a`; opaque if it has none): PNG."""

    def pick(image: Image) -> bytes:
        from PIL import Image as images

        if channel == "rgb":
            return _saved(image.convert("RGB"), "PNG", compress_level=_FAST)
        only = images.new("RGBA", image.size)
        only.putalpha(image.convert("RGBA").getchannel("A"))
        return _saved(only, "PNG", compress_level=_FAST)

    return _opened(source, pick)


class OtherSize(Exception):
    """A mask that does not fit its picture; the sentence says both sizes."""


def with_mask(original: Path, mask: Path) -> bytes | None:
    """A picture with the transparency of another one, as PNG with the texts it had.

    OtherSize if they differ in size.
    """

    def join(cover: Image, image: Image) -> bytes:
        from PIL.PngImagePlugin import PngInfo

        if cover.size != image.size:
            sizes = (f"{size[0]} x {size[1]}" for size in (cover.size, image.size))
            raise OtherSize("The mask has {} pixels, its picture {}.".format(*sizes))
        texts = PngInfo()
        for name, text in getattr(image, "text", {}).items():
            texts.add_text(name, text)
        masked = image.convert("RGBA")
        masked.putalpha(cover.convert("RGBA").getchannel("A"))
        return _saved(masked, "PNG", pnginfo=texts, compress_level=_FAST)

    return _opened(mask, lambda cover: _opened(original, lambda image: join(cover, image)))


def _opened(source: Path | bytes, work: Callable[[Image], bytes | None]) -> bytes | None:
    from PIL import Image as images  # only now: a start does not wait for it

    try:
        with images.open(
            io.BytesIO(source) if isinstance(source, bytes) else source, formats=_FORMATS
        ) as image:
            return work(image) if image.width * image.height <= MAX_PIXELS else None
    except OtherSize:
        raise
    except Exception:  # any bytes may be behind a picture's header, and decoders throw anything
        return None


def _saved(image: Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()
