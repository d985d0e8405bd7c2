"""Larger cache entries as files: written whole or not at all, one per key."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

ORPHAN_SECONDS = 3600


class Blobs:
    """A folder of files named by key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, key: bytes) -> Path:
        """Where the file of a key lies."""
        name = key.hex()
        return self._folder / name[:2] / f"{name}.safetensors"

    def write(self, key: bytes, data: bytes) -> None:
        """Write under a temporary name, sync, then rename: nobody ever sees half a file."""
        path = self.path(key)
        path.parent.mkdir(exist_ok=True)
        handle, temporary = mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
            raise

    def read(self, key: bytes, size: int) -> bytearray | None:
        """The bytes in memory that tensors may live in; None if missing or of another size."""
        try:
            with self.path(key).open("rb", buffering=0) as file:
                data = bytearray(size + 1)
                count = file.readinto(data)
        except OSError:
            return None
        if count != size:
            return None
        del data[size:]
        return data

    def remove(self, keys: Iterable[bytes]) -> None:
        """Delete the files of some keys."""
        for key in keys:
            with suppress(OSError):
                self.path(key).unlink()

    def sweep(self, known: Collection[bytes]) -> int:
        """Delete files that no entry knows, left by processes that died; returns how many.

        Young ones stay: another process may be between its file and its row.
        """
        removed = 0
        for path in self._folder.glob("*/*"):
            with suppress(OSError, ValueError):
                if time.time() - path.stat().st_mtime < ORPHAN_SECONDS:
                    continue
                if path.suffix == ".part" or bytes.fromhex(path.stem) not in known:
                    path.unlink()
                    removed += 1
        return removed
