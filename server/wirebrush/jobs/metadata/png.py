"""Texts of PNG files (PNG specification, 11.3.3), and those that ComfyUI hides in animated ones."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO

from wirebrush.jobs.metadata.limits import LONGEST, MOST_PARTS

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"comf")


def png_texts(file: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Keys and texts of tEXt, zTXt, iTXt and comf chunks."""
    file.seek(len(SIGNATURE))
    for _ in range(MOST_PARTS):
        head = file.read(8)
        if len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head)
        if kind not in _TEXTS or length > LONGEST:
            file.seek(length + 4, 1)
            continue
        data = file.read(length)
        file.seek(4, 1)
        key, _, rest = data.partition(b"\0")
        text = _text_of(kind, rest)
        if text is not None:
            yield key.decode("latin-1"), text


def _text_of(kind: bytes, rest: bytes) -> str | None:
    if kind in (b"tEXt", b"comf"):
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
