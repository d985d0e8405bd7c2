"""Texts of MP4 and QuickTime files: `keys` and `ilst` of their metadata box (QTFF, chapter 3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

from wirebrush.jobs.metadata.limits import LONGEST, MOST_PARTS

_AROUND = (b"moov", b"udta", b"meta", b"trak")
_FULL = 4  # bytes of version and flags


class _Box(NamedTuple):
    kind: bytes
    start: int
    end: int


def mp4_texts(file: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Keys and texts, wherever a metadata box stands."""
    size = file.seek(0, 2)
    stack = [_Box(b"", 0, size)]
    keys: list[str] = []
    parts = 0
    while stack:
        for box in list(_boxes(file, stack.pop())):
            parts += 1
            if parts > MOST_PARTS:
                return
            if box.kind in _AROUND:
                stack.append(_inside(file, box))
            elif box.kind == b"keys":
                keys = list(_keys(file, box))
            elif box.kind == b"ilst":
                yield from _items(file, box, keys)


def _boxes(file: IO[bytes], around: _Box) -> Iterator[_Box]:
    at = around.start
    for _ in range(MOST_PARTS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or at + 8 > around.end:
            return
        size, kind = struct.unpack(">I4s", head)
        start = at + 8
        if size == 1:
            size, start = struct.unpack(">Q", file.read(8).ljust(8, b"\0"))[0], at + 16
        end = around.end if size == 0 else at + size
        if end < start or end > around.end:
            return
        yield _Box(kind, start, end)
        at = end


def _inside(file: IO[bytes], box: _Box) -> _Box:
    """`meta` has a version before its boxes in MP4 and none in QuickTime."""
    if box.kind != b"meta":
        return box
    file.seek(box.start + 4)
    return box if file.read(4) == b"hdlr" else box._replace(start=box.start + _FULL)


def _keys(file: IO[bytes], box: _Box) -> Iterator[str]:
    at = box.start + _FULL + 4
    for _ in range(MOST_PARTS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or at >= box.end:
            return
        size = min(struct.unpack(">I4s", head)[0], 8 + 256)
        if size < 8:
            return
        yield file.read(size - 8).decode("utf-8", "replace")
        at += size


def _items(file: IO[bytes], box: _Box, keys: list[str]) -> Iterator[tuple[str, str]]:
    """Each item is named by its place in `keys`, and holds a `data` box: kind, locale, text."""
    for item in list(_boxes(file, box)):
        place = int.from_bytes(item.kind, "big") - 1
        for data in list(_boxes(file, item)):
            length = data.end - data.start - 8
            if data.kind == b"data" and place < len(keys) and 0 <= length <= LONGEST:
                file.seek(data.start + 8)
                yield keys[place].lower(), file.read(length).decode("utf-8", "replace")
