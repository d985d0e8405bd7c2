"""Texts of FLAC files: their Vorbis comment (RFC 9639, section 8.6)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

from wirebrush.jobs.metadata.limits import LONGEST, MOST_PARTS

SIGNATURE = b"fLaC"
_COMMENT, _LAST = 4, 0x80


def flac_texts(file: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Names in lower case, and texts."""
    file.seek(len(SIGNATURE))
    for _ in range(MOST_PARTS):
        head = file.read(4)
        if len(head) < 4:
            return
        length = int.from_bytes(head[1:], "big")
        if head[0] & 0x7F == _COMMENT and length <= 2 * LONGEST:
            yield from _comments(file.read(length))
        else:
            file.seek(length, 1)
        if head[0] & _LAST:
            return


def _comments(data: bytes) -> Iterator[tuple[str, str]]:
    """The maker's name, a count, and that many `NAME=text`, each with its length before it."""
    at = 4 + _length(data, 0)
    count = min(_length(data, at), MOST_PARTS)
    at += 4
    for _ in range(count):
        length = _length(data, at)
        entry = data[at + 4 : at + 4 + length].decode("utf-8", "replace")
        at += 4 + length
        name, _, text = entry.partition("=")
        yield name.lower(), text


def _length(data: bytes, at: int) -> int:
    (length,) = struct.unpack_from("<I", data, at)
    return length
