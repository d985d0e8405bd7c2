"""The graphs that pictures carry: PNG text chunks, EXIF of JPEG and WebP. No pixel is decoded."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

LONGEST = 8 << 20
"""Bytes of one text; a longer one is no graph."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS = 4096
_EXIF_TAGS = (0x010E, 0x010F, 0x0110)  # description, make, model: the field writes "name:{...}"


@dataclass(frozen=True, slots=True)
class Graphs:
    """What a picture says of its making; None for what it does not say."""

    workflow: Mapping[str, Any] | None = None
    prompt: Mapping[str, Any] | None = None


def embedded(path: Path, mime: str) -> Graphs:
    """The workflow (ours, or else that of ComfyUI's editor) and the prompt in a picture's texts.

    A stranger's file: whatever is wrong with it, nothing is found in it.
    """
    texts: dict[str, str] = {}
    try:
        if mime == "image/png":
            with path.open("rb") as file:
                texts = dict(_png_texts(file))
        elif mime in ("image/jpeg", "image/webp"):
            texts = dict(_exif_texts(path))
    except (OSError, ValueError, struct.error):
        return Graphs()
    workflow = _graph(texts.get("wirebrush")) or _graph(texts.get("workflow"))
    return Graphs(workflow, _graph(texts.get("prompt")))


def _graph(text: str | None) -> Mapping[str, Any] | None:
    try:
        data = json.loads(text or "null", parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return cast("Mapping[str, Any]", data) if isinstance(data, dict) else None


def _png_texts(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """Keys and texts of tEXt, zTXt and iTXt chunks (PNG specification, 11.3.3)."""
    if file.read(len(_SIGNATURE)) != _SIGNATURE:
        return
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head)
        if kind not in (b"tEXt", b"zTXt", b"iTXt") or length > LONGEST:
            file.seek(length + 4, 1)
            continue
        data = file.read(length)
        file.seek(4, 1)
        key, _, rest = data.partition(b"\0")
        text = _text_of(kind, rest)
        if text is not None:
            yield key.decode("latin-1"), text


def _text_of(kind: bytes, rest: bytes) -> str | None:
    if kind == b"tEXt":
        return rest.decode("latin-1")
    if kind == b"zTXt":
        return _inflated(rest[1:], "latin-1")
    packed = rest[:1] == b"\1"
    _, _, text = rest[2:].partition(b"\0")[2].partition(b"\0")  # language and translated key
    return _inflated(text, "utf-8") if packed else text.decode("utf-8", "replace")


def _inflated(data: bytes, encoding: str) -> str | None:
    """A compressed text; None if it is damaged, or a bomb."""
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, LONGEST)
    except zlib.error:
        return None
    return None if inflater.unconsumed_tail else text.decode(encoding, "replace")


def _exif_texts(path: Path) -> Iterator[tuple[str, str]]:
    from PIL import Image  # only now: a start does not wait for it

    try:
        with Image.open(path, formats=("JPEG", "WEBP")) as image:
            exif: Mapping[int, Any] = image.getexif()
            values = [exif.get(tag) for tag in _EXIF_TAGS]
    except Exception:  # any bytes may be behind a picture's header, and decoders throw anything
        return
    for value in values:
        if isinstance(value, str) and len(value) <= LONGEST:
            name, _, text = value.partition(":")
            yield name.strip().lower(), text
