"""Texts of WebM and Matroska files: the tags of their segment (RFC 9559, section 5.1.8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, NamedTuple

from wirebrush.jobs.metadata.limits import LONGEST, MOST_PARTS

SIGNATURE = b"\x1a\x45\xdf\xa3"
_SEGMENT, _TAGS, _TAG, _SIMPLE = 0x18538067, 0x1254C367, 0x7373, 0x67C8
_NAME, _TEXT = 0x45A3, 0x4487
_AROUND = frozenset({_SEGMENT, _TAGS, _TAG, _SIMPLE})


class _Element(NamedTuple):
    id: int
    start: int
    end: int


def matroska_texts(file: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Names and texts of simple tags; names in lower case, as muxers write them in capitals."""
    size = file.seek(0, 2)
    stack = [_Element(0, 0, size)]
    parts = 0
    while stack:
        inside = stack.pop()
        name = ""
        for element in list(_elements(file, inside)):
            parts += 1
            if parts > MOST_PARTS:
                return
            if element.id in _AROUND:
                stack.append(element)
            elif inside.id == _SIMPLE and element.id == _NAME:
                name = _text(file, element).lower()
            elif inside.id == _SIMPLE and element.id == _TEXT and name:
                yield name, _text(file, element)


def _elements(file: IO[bytes], around: _Element) -> Iterator[_Element]:
    at = around.start
    while at < around.end:
        file.seek(at)
        found, size = _number(file, keep_mark=True), _number(file, keep_mark=False)
        if found is None or size is None:
            return
        start = file.tell()
        end = around.end if size < 0 else start + size  # below 0: it goes on to the end
        if end > around.end:
            return
        yield _Element(found, start, end)
        at = end


def _number(file: IO[bytes], *, keep_mark: bool) -> int | None:
    """A number of one to eight bytes; the first bit that is set says how many. -1: not known."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    length = 9 - first[0].bit_length()
    rest = file.read(length - 1)
    if len(rest) < length - 1:
        return None
    value = int.from_bytes(first + rest, "big")
    if keep_mark:
        return value
    unmarked = value & ((1 << 7 * length) - 1)
    return -1 if unmarked == (1 << 7 * length) - 1 else unmarked


def _text(file: IO[bytes], element: _Element) -> str:
    length = element.end - element.start
    if length > LONGEST:
        return ""
    file.seek(element.start)
    return file.read(length).rstrip(b"\0").decode("utf-8", "replace")
