"""The graphs that files carry, whatever kind of file it is."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

from wirebrush.jobs.metadata import flac, matroska, png
from wirebrush.jobs.metadata.exif import exif_texts
from wirebrush.jobs.metadata.limits import KEYS, MOST_TEXT
from wirebrush.jobs.metadata.mp4 import mp4_texts
from wirebrush.jobs.metadata.safetensors import safetensors_texts

Reader: TypeAlias = Callable[[IO[bytes]], Iterator[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Graphs:
    """What a file says of its making; None for what it does not say."""

    workflow: Mapping[str, Any] | None = None
    prompt: Mapping[str, Any] | None = None


def embedded(path: Path) -> Graphs:
    """The workflow (ours, or else that of ComfyUI's editor) and the prompt in a file's texts.

    PNG, JPEG, WebP, MP4, WebM, FLAC and safetensors. A stranger's file: whatever is wrong with
    it, nothing is found in it.
    """
    try:
        with path.open("rb") as file:
            return graphs_in(file)
    except OSError:
        return Graphs()


def graphs_in(file: IO[bytes]) -> Graphs:
    """The same for an open file."""
    try:
        file.seek(0)
        texts = _texts(_reader(file.read(16))(file))
    except (OSError, ValueError, RecursionError, struct.error):
        return Graphs()
    workflow = _graph(texts.get("wirebrush")) or _graph(texts.get("workflow"))
    return Graphs(workflow, _graph(texts.get("prompt")))


def _texts(found: Iterator[tuple[str, str]]) -> dict[str, str]:
    """The texts that may be graphs; whoever has too much to say is not heard out."""
    texts: dict[str, str] = {}
    length = 0
    for name, text in found:
        length += len(text)
        if length > MOST_TEXT:
            break
        if name in KEYS:
            texts[name] = text
    return texts


def _reader(head: bytes) -> Reader:
    """What reads a file that begins like this."""
    if head.startswith(png.SIGNATURE):
        return png.png_texts
    if head.startswith(b"\xff\xd8\xff") or (head[:4], head[8:12]) == (b"RIFF", b"WEBP"):
        return exif_texts
    if head[4:8] in (b"ftyp", b"moov", b"wide"):
        return mp4_texts
    if head.startswith(matroska.SIGNATURE):
        return matroska.matroska_texts
    if head.startswith(flac.SIGNATURE):
        return flac.flac_texts
    return safetensors_texts


def _graph(text: str | None) -> Mapping[str, Any] | None:
    try:
        data = json.loads(text or "null", parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return cast("Mapping[str, Any]", data) if isinstance(data, dict) else None
