"""Sound and film by how their files begin. Nothing here is decoded, and none of it can run."""

from __future__ import annotations

EXTENSIONS = {
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
    "video/ogg": "ogv",
}
"""The types that are known here, with the usual endings of their files."""

_PICTURES = frozenset({b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"jxl "})
"""Brands of pictures in the container of films."""
_QUICKTIME_PARTS = frozenset({b"moov", b"mdat", b"wide", b"pnot"})


def media_type(head: bytes) -> str | None:
    """The type of a file that starts so (64 bytes tell); None if it is neither sound nor film.

    >>> media_type(b"fLaC" + bytes(60))
    'audio/flac'
    """
    if head.startswith(b"fLaC"):
        return "audio/flac"
    if head.startswith(b"RIFF"):
        return {b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(head[8:12])
    if head.startswith(b"OggS"):
        return "video/ogg" if b"theora" in head else "audio/ogg"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head else "video/x-matroska"
    if head[:1] < b"\x08":  # where text cannot start: the size of a box
        if head[4:8] == b"ftyp":
            return _of_brand(head[8:12])
        if head[4:8] in _QUICKTIME_PARTS:
            return "video/quicktime"
    return "audio/mpeg" if head.startswith(b"ID3") else _of_frame(head[:4])


def _of_brand(brand: bytes) -> str | None:
    if brand in _PICTURES:
        return None
    if brand in (b"M4A ", b"M4B "):
        return "audio/mp4"
    return "video/quicktime" if brand == b"qt  " else "video/mp4"


def _of_frame(head: bytes) -> str | None:
    """MPEG sound without a label: its first frame, with a bit rate and a sampling rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if layer == 0 and head[1] & 0xF0 == 0xF0:  # ADTS
        return "audio/aac" if head[2] >> 2 & 15 < 13 else None
    right = version != 1 and layer in (1, 2) and head[2] >> 4 not in (0, 15) and head[2] & 12 != 12
    return "audio/mpeg" if right else None
