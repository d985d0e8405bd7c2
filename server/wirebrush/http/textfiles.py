"""Text files of ours: read without following links, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from wirebrush.http.answers import Refused
from wirebrush.jobs.blobs import sync_folder

SAVING = ".saving-"
"""What the name of a file that is being written starts with."""


def etag(text: str) -> str:
    """A short text that differs when the content does."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def read_text(path: Path) -> tuple[str, float]:
    """Text and time of a file; a link is no file of ours. FileNotFoundError if it is not there."""
    if path.is_symlink():
        raise FileNotFoundError(path)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags), encoding="utf-8", newline="") as file:
        return file.read(), os.fstat(file.fileno()).st_mtime


def write_text(path: Path, text: str) -> None:
    """Write so that a reader finds the old file or the new one, also after a power cut."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """The same for files of any kind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=SAVING)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def rename(source: Path, target: Path) -> None:
    """Give a file another place; after a power cut it is at one of the two."""
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(source, target)
    sync_folder(target.parent)
    sync_folder(source.parent)


@contextmanager
def saving(noun: str) -> Generator[None]:
    """What the disk says against saving becomes a sentence."""
    try:
        yield
    except OSError as error:
        raise Refused(
            507,
            "unsaved",
            f"The {noun} could not be saved: {error.strerror or error}.",
            "Check that the data folder's disk has space and can be written; then save again.",
        ) from error


def remove_unfinished(folder: Path) -> None:
    """Remove what a crash left half written below a folder. Nobody else may write meanwhile."""
    for where, _, files in os.walk(folder):
        for file in files:
            if file.startswith(SAVING):
                Path(where, file).unlink(missing_ok=True)
