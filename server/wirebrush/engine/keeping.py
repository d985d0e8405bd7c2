"""What nodes write to disk: new files in models folders, and folders for work that takes long."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

from wirebrush.api import FileRef, NodeError
from wirebrush.engine.files import Digests
from wirebrush.folders import MODEL_SUFFIXES, ModelFolders

WORK_DAYS = 14
"""How long a work folder stays after it was last asked for."""
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
_NUMBERED = re.compile(r"(.*)_(\d{5,9})_")
MAX_NAME = 120
NAME_HINT = "Use letters, digits, spaces, - and _; a / makes a folder."


class Shelf:
    """Adds files to the first models folder that is the person's own."""

    def __init__(self, folders: ModelFolders, digests: Digests) -> None:
        self._folders = folders
        self._digests = digests

    def store(self, kind: str, name: str, write: Callable[[Path], None]) -> FileRef:
        """See `Run.store`."""
        base = self._base(kind)
        wanted = base.joinpath(*_parts(name))
        try:
            wanted.parent.mkdir(parents=True, exist_ok=True)
            if not wanted.parent.resolve().is_relative_to(base.resolve()):
                raise NodeError(f"{name!r} would be outside models/{kind}.", NAME_HINT)
            with _scratch(wanted) as scratch:
                write(scratch)
                path = self._named(scratch, wanted)
        except OSError as error:
            raise NodeError(
                f"{name} could not be written to models/{kind}: {error.strerror or error}.",
                "Look whether the disk is full, and whether the folder may be written to.",
            ) from error
        return FileRef(kind, path.relative_to(base).as_posix(), self._digests.of(path))

    def _base(self, kind: str) -> Path:
        root = self._folders.own_root()
        if root is None:
            raise NodeError(
                "There is no models folder to write to.",
                "Start Wirebrush with --models and a folder of your own.",
            )
        return root / kind

    def _named(self, scratch: Path, wanted: Path) -> Path:
        """Give the scratch file the next free name, unless its content has one already."""
        taken = _numbered(wanted)
        size = scratch.stat().st_size
        for path in taken.values():
            if path.stat().st_size == size and self._digests.of(path) == self._digests.of(scratch):
                return path
        for number in count(max(taken, default=0) + 1):
            path = wanted.with_name(f"{wanted.stem}_{number:05}_{wanted.suffix}")
            with suppress(FileExistsError):
                _move_to_new(scratch, path)
                return path
        raise AssertionError("numbers do not end")


class Workspaces:
    """Folders by key, below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, key: str) -> Path:
        """See `Run.workspace`."""
        path = self._folder / blake2b(key.encode(), digest_size=16).hexdigest()
        path.mkdir(parents=True, exist_ok=True)
        os.utime(path)
        return path

    def tidy(self, limit: int) -> None:
        """Delete the folders that nobody asked for lately; and the older ones, the newest excepted,
        until the rest fits into so many bytes."""
        oldest = time.time() - WORK_DAYS * 24 * 3600
        found = [(path.stat().st_mtime, path) for path in self._folder.glob("*")]
        total = 0
        for place, (used, path) in enumerate(sorted(found, reverse=True)):
            with suppress(OSError):
                total += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
                if used < oldest or (place and total > limit):
                    shutil.rmtree(path)


def _parts(name: str) -> list[str]:
    """A name's folders and file, checked."""
    parts = name.replace("\\", "/").split("/")
    for part in parts:
        if part in ("", ".", "..") or part.startswith((".", "~")) or _FORBIDDEN.search(part):
            raise NodeError(f"{name!r} is no name for a file in a models folder.", NAME_HINT)
        if len(part.encode()) > MAX_NAME:
            raise NodeError(f"{part[:40]!r}... is too long for the name of a file.", NAME_HINT)
    if Path(parts[-1]).suffix not in MODEL_SUFFIXES:
        raise NodeError(f"{name!r} would be no model file.", "Let its name end in .safetensors.")
    return parts


def _numbered(wanted: Path) -> dict[int, Path]:
    """The files that have this name with a number."""
    found: dict[int, Path] = {}
    for path in wanted.parent.iterdir():
        match = _NUMBERED.fullmatch(path.stem)
        if match and match[1] == wanted.stem and path.suffix == wanted.suffix:
            found[int(match[2])] = path
    return found


@contextmanager
def _scratch(wanted: Path) -> Generator[Path]:
    """A file beside the wanted one that lists leave out, deleted if it does not get a name."""
    folder = Path(mkdtemp(dir=wanted.parent, prefix=".new-"))
    try:
        yield folder / f"new{wanted.suffix}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _move_to_new(scratch: Path, path: Path) -> None:
    """Rename, but never over another file: FileExistsError."""
    try:
        os.link(scratch, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without links
        if path.exists():
            raise FileExistsError(path) from None
        os.replace(scratch, path)
