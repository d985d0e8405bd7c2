"""The files that ComfyUI's page keeps for its user. All methods block, briefly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wirebrush.http.textfiles import SAVING, rename, write_bytes

_FORBIDDEN = frozenset("\\:\0")


class Outside(Exception):
    """A name that would leave the folder."""


@dataclass(frozen=True, slots=True)
class UserFiles:
    """The files below `root`, by relative names with `/`."""

    root: Path

    def path(self, name: str) -> Path:
        """Where a file or folder of that name lies; Outside if that is no place below `root`."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        leaves = name.startswith("/") or any(
            part == ".." or not _FORBIDDEN.isdisjoint(part) for part in parts
        )
        path = self.root.joinpath(*parts)
        if leaves or not path.resolve().is_relative_to(self.root.resolve()):
            raise Outside(name)
        return path

    def file(self, name: str) -> Path | None:
        """Where a file of that name lies, if it is there."""
        path = self.path(name)
        return path if path.is_file() else None

    def write(self, name: str, data: bytes, overwrite: bool) -> bool:
        """Write a file, whole or not at all; False if it is there and may not be overwritten."""
        path = self.path(name)
        if path == self.root:
            raise Outside(name)
        if path.exists() and not overwrite:
            return False
        write_bytes(path, data)
        return True

    def move(self, source: Path, name: str, overwrite: bool) -> bool:
        """Give a file another name; False if that is taken and may not be overwritten."""
        target = self.path(name)
        if target.exists() and not overwrite:
            return False
        rename(source, target)
        return True

    def below(self, folder: str, deep: bool) -> list[tuple[str, Path]] | None:
        """The files of a folder, by names relative to it; None if it is not there."""
        base = self.path(folder)
        if not base.is_dir():
            return None
        found = [(path.relative_to(base).as_posix(), path) for path in _walk(base, deep)]
        return sorted(item for item in found if not item[1].is_dir())

    def tree(self, folder: str) -> list[dict[str, Any]] | None:
        """Everything below a folder, folders first, then by name; None if it is not there."""
        base = self.path(folder)
        if not base.is_dir():
            return [] if base == self.root else None
        entries = [_entry(path, path.relative_to(self.root).as_posix()) for path in _walk(base)]
        return sorted(entries, key=lambda item: (item["type"] != "directory", item["name"].lower()))


def info(path: Path, name: str) -> dict[str, Any]:
    """A file's name, size in bytes and times in seconds since 1970."""
    stat = path.stat()
    return {
        "path": name,
        "size": stat.st_size,
        "modified": stat.st_mtime,
        "created": stat.st_ctime,
    }


def _entry(path: Path, name: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": path.name, "path": name, "type": "directory"}
    if not path.is_dir():
        stat = path.stat()
        entry |= {"type": "file", "size": stat.st_size, "modified": stat.st_mtime}
    return entry


def _walk(base: Path, deep: bool = True) -> Iterator[Path]:
    """What lies below a folder; links are passed over, and what is just being written."""
    for where, folders, files in os.walk(base):
        for name in (*folders, *files):
            path = Path(where, name)
            if not name.startswith(SAVING) and not path.is_symlink():
                yield path
        if not deep:
            return
