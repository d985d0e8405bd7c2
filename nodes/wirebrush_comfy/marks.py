"""Which lists of choices are lists of uploads: files that lie among these while a pack is loaded.

A pack lists the folder of uploads when it is asked for its inputs. Ours has in it only what was
wanted so far; whoever lists it finds the marks.
"""

from __future__ import annotations

import os
import re
import time
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

STALE_SECONDS = 600.0
_NAME = "wirebrush-upload"
_MARK = re.compile(rf"{_NAME}\.\d+\.(png|mp4|wav)")
_KINDS = {"png": "image", "mp4": "video", "wav": "audio"}
"""By ending, what a list with such a mark is taken for; the first counts."""
_PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


@contextmanager
def marked(folder: Path) -> Iterator[None]:
    """While this lasts, the folder has marks in it. Several workers may do so at once."""
    marks = [folder / f"{_NAME}.{os.getpid()}.{ending}" for ending in _KINDS]
    for old in folder.glob(f"{_NAME}.*"):
        with suppress(OSError):
            if old.stat().st_mtime < time.time() - STALE_SECONDS:
                old.unlink()
    try:
        with suppress(OSError):
            for mark in marks:
                mark.write_bytes(_PIXEL)
        yield
    finally:
        with suppress(OSError):
            for mark in marks:
                mark.unlink(missing_ok=True)


def uploads_in(choices: Sequence[Any]) -> str | None:
    """The kind of files that a list of choices is a list of; None if it has no mark."""
    found = (_MARK.fullmatch(choice) for choice in choices if isinstance(choice, str))
    endings = {match[1] for match in found if match is not None}
    return next((kind for ending, kind in _KINDS.items() if ending in endings), None)
