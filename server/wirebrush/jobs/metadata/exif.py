"""Texts in the EXIF of JPEG and WebP files, where the field writes `name:{...}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Any

from wirebrush.jobs.metadata.limits import LONGEST

_FIRST, _LAST = 0x0100, 0x0110
"""Model holds the prompt, Make the workflow, and the tags below whatever else was given."""


def exif_texts(file: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Names and texts of the tags up to Model (0x0110). No pixel is decoded."""
    from PIL import Image  # only now: a start does not wait for it

    file.seek(0)
    try:
        with Image.open(file, formats=("JPEG", "WEBP")) as image:
            exif: Mapping[int, Any] = image.getexif()
            values = [exif.get(tag) for tag in range(_FIRST, _LAST + 1)]
    except Exception:  # any bytes may be behind a picture's header, and decoders throw anything
        return
    for value in values:
        if isinstance(value, str) and len(value) <= LONGEST and ":" in value:
            name, _, text = value.partition(":")
            yield name.strip().lower(), text
