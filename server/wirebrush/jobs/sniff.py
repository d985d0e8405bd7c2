"""What a file is, by its content and never by its name; sizes of pictures without decoding them."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from wirebrush.jobs.errors import AssetRefused
from wirebrush.jobs.media import EXTENSIONS, media_type

MAX_PIXELS = 64_000_000
MAX_JSON = 8 << 20
_HEAD = 64
_MAX_SEGMENTS = 4096

_REFUSED = (
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"%PDF", "a PDF"),
    (b"#!", "a script"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"<", "HTML, SVG or XML"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
)
_PLAIN = frozenset({*EXTENSIONS, "text/plain", "application/json", "application/octet-stream"})
_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "application/json": "json",
    "text/plain": "txt",
    **EXTENSIONS,
}


@dataclass(frozen=True, slots=True)
class Content:
    """What a file turned out to be."""

    mime: str
    width: int | None = None
    height: int | None = None

    @property
    def extension(self) -> str:
        """The usual ending of such files, without the dot."""
        return _EXTENSIONS.get(self.mime, "bin")


def sniff_upload(path: Path) -> Content:
    """What a stranger's file is; AssetRefused unless it is a picture, sound, film or workflow."""
    with path.open("rb") as file:
        picture = _picture(file)
        if picture is not None:
            return _bounded(picture)
        file.seek(0)
        head = file.read(_HEAD)
    media = media_type(head)
    if media is not None:
        return Content(media)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"{", b"[") and _is_json(path):
        return Content("application/json")
    raise AssetRefused(
        f"This file is {_what(head, text)}, whatever its name says.",
        "PNG, JPEG, WebP and GIF pictures, sound, films and JSON workflows can be uploaded. Models"
        " go into the models folder.",
    )


def sniff_output(path: Path, claimed: str) -> Content:
    """What a node made, of any size. Only harmless types are believed; the rest are just bytes."""
    with path.open("rb") as file:
        try:
            picture = _picture(file)
        except AssetRefused:  # a header of a picture, and then none
            return Content("application/octet-stream")
    if picture is not None:
        return picture
    return Content(claimed if claimed in _PLAIN else "application/octet-stream")


def _picture(file: BinaryIO) -> Content | None:
    file.seek(0)
    head = file.read(_HEAD)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _sized("image/png", struct.unpack(">II", _need(head[16:24], 8)))
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return _sized("image/gif", struct.unpack("<HH", _need(head[6:10], 4)))
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _sized("image/webp", _webp_size(head))
    if head.startswith(b"\xff\xd8\xff"):
        return _sized("image/jpeg", _jpeg_size(file))
    return None


def _sized(mime: str, size: tuple[int, ...]) -> Content:
    width, height = size
    if not width or not height:
        raise AssetRefused("This picture has no size; the file is damaged.", "Save it again.")
    return Content(mime, width, height)


def _bounded(picture: Content) -> Content:
    if (picture.width or 0) * (picture.height or 0) > MAX_PIXELS:
        raise AssetRefused(
            f"This picture has {picture.width} x {picture.height} pixels;"
            f" {MAX_PIXELS // 1_000_000} megapixels is the limit.",
            "Make it smaller first.",
        )
    return picture


def _webp_size(head: bytes) -> tuple[int, int]:
    kind = head[12:16]
    if kind == b"VP8X":
        raw = _need(head[24:30], 6)
        return int.from_bytes(raw[:3], "little") + 1, int.from_bytes(raw[3:], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(_need(head[21:25], 4), "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", _need(head[26:30], 4))
    return width & 0x3FFF, height & 0x3FFF


def _jpeg_size(file: BinaryIO) -> tuple[int, int]:
    """Walk the segments to the frame header; what lies between (EXIF, profiles) is skipped."""
    file.seek(2)
    for _ in range(_MAX_SEGMENTS):
        marker, kind, length = struct.unpack(">BBH", _need(file.read(4), 4))
        if marker != 0xFF:
            raise AssetRefused("This JPEG is damaged.", "Save it again.")
        if kind == 0xFF:  # a fill byte
            file.seek(-3, 1)
            continue
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            _, height, width = struct.unpack(">BHH", _need(file.read(5), 5))
            return width, height
        file.seek(max(length - 2, 0), 1)
    raise AssetRefused("This JPEG has no picture in it.", "Save it again.")


def _need(raw: bytes, count: int) -> bytes:
    if len(raw) < count:
        raise AssetRefused("This picture is cut short.", "Copy or save it again.")
    return raw


def _is_json(path: Path) -> bool:
    if path.stat().st_size > MAX_JSON:
        return False
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return True


def _what(head: bytes, text: bytes) -> str:
    if not head:
        return "empty"
    if head[0] == 0x80 and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "a Python pickle, which can run code"
    if head[8:10] == b'{"' and head[4:8] == b"\0\0\0\0":
        return "a safetensors model"
    for start, name in _REFUSED:
        if text.startswith(start):
            return name
    return "no picture, sound, film or JSON"
