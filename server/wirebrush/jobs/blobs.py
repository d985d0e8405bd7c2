"""Files by the hash of their content: written beside, synced, renamed; whole or not there."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from pathlib import Path, PurePosixPath

from wirebrush.jobs.errors import AssetRefused

_ID = re.compile(r"[0-9a-f]{64}")


class Incoming:
    """A file that is being written; its bytes are hashed on the way."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self.path = path
        self._descriptor: int | None = os.open(path, flags, 0o644)
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        """The hash of what was written."""
        return self._hash.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        assert self._descriptor is not None
        self._hash.update(chunk)
        view = memoryview(chunk)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def sync(self) -> None:
        """Bring it to the disk and close it."""
        assert self._descriptor is not None
        os.fsync(self._descriptor)
        self._close()

    def abandon(self) -> None:
        """Remove what was written, unless it was kept."""
        self._close()
        self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None  # a close that fails has closed
        if descriptor is not None:
            os.close(descriptor)


class Blobs:
    """A folder of files, each at `<first two digits>/<sha256>`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"

    def prepare(self) -> None:
        """Make the folders; remove what a crash left half written."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        for left in self._incoming.iterdir():
            left.unlink(missing_ok=True)

    def begin(self) -> Incoming:
        """A new file, to be kept or abandoned."""
        return Incoming(self._incoming / secrets.token_hex(8))

    def keep(self, incoming: Incoming) -> str:
        """Give a synced file its place; its id. A second copy of known bytes is dropped."""
        blob = incoming.digest
        target = self.path(blob)
        if target.exists() and target.stat().st_size == incoming.path.stat().st_size:
            incoming.path.unlink()
            return blob
        target.parent.mkdir(exist_ok=True)
        if os.name == "posix":
            incoming.path.chmod(0o444)  # a readable copy may be the same file: nobody edits it
        incoming.path.replace(target)
        sync_folder(target.parent)
        return blob

    def path(self, blob: str) -> Path:
        """Where the file of an id lies, if it is there. ValueError for what is no id."""
        if not _ID.fullmatch(blob):
            raise ValueError(f"{blob[:80]!r} is not an asset id.")
        return self._folder / blob[:2] / blob

    def remove(self, blob: str) -> None:
        """Remove a file; nothing happens if it is gone."""
        self.path(blob).unlink(missing_ok=True)


def copy_readable(source: Path, root: Path, relative: PurePosixPath) -> None:
    """Put a file below `root` under a name for people: a hard link, or a copy where none can be.

    Folders that are links are not followed: nothing is ever written outside `root`.
    """
    target = _folder_below(root, relative) / relative.name
    if target.exists() and target.samefile(source):
        return
    beside = target.with_name(f".{secrets.token_hex(8)}")
    try:
        try:
            os.link(source, beside)
        except OSError:
            shutil.copyfile(source, beside)
            _sync_file(beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(target.parent)


def remove_readable(root: Path, relative: PurePosixPath) -> None:
    """Remove a readable copy, and the folders that it leaves empty."""
    folder = _folder_below(root, relative, make=False)
    (folder / relative.name).unlink(missing_ok=True)
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def sync_folder(folder: Path) -> None:
    """Bring a rename to the disk. Windows has no such call, and needs none."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _folder_below(root: Path, relative: PurePosixPath, make: bool = True) -> Path:
    folder = root
    for part in relative.parts[:-1]:
        folder = folder / part
        if folder.is_symlink():
            raise AssetRefused(
                f"{folder} is a link, and outputs are written to real folders only.",
                "Remove the link, or choose another filename prefix.",
            )
        if make:
            folder.mkdir(parents=True, exist_ok=True)
    if make:
        folder.mkdir(parents=True, exist_ok=True)
    return folder
