"""Files that nodes name: models in folders, assets by id. Resolved in one place, never a path."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from difflib import get_close_matches
from hashlib import blake2b, file_digest
from pathlib import Path

from wirebrush.api import FileRef, NodeError
from wirebrush.engine.assets import ASSET_KINDS, Assets
from wirebrush.folders import ModelFolders

_Stamp = tuple[int, int, int]


class Digests:
    """Content digests of files, each worked out once per (path, size, mtime, inode).

    Args:
        database: Where they outlive the process, with the lock that guards it; or None.
    """

    def __init__(self, database: tuple[sqlite3.Connection, threading.Lock] | None = None) -> None:
        self._database = database
        self._known: dict[str, tuple[_Stamp, str]] = {}
        self._reading: dict[str, threading.Lock] = {}

    def of(self, path: Path) -> str:
        """The digest of a file, or of a folder's files with their names."""
        if not path.is_dir():
            return self._file(path)
        digest = blake2b(digest_size=32)
        for file in sorted(path.rglob("*")):
            if file.is_file():
                digest.update(f"{file.relative_to(path).as_posix()}\0{self._file(file)}\0".encode())
        return digest.hexdigest()

    def _file(self, path: Path) -> str:
        name = str(path.absolute())
        with self._reading.setdefault(name, threading.Lock()):  # one reads, the other has it then
            return self._digest(path, name)

    def _digest(self, path: Path, name: str) -> str:
        stat = path.stat()
        stamp = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        known = self._known.get(name) or self._stored(name)
        if known is None or known[0] != stamp:
            with path.open("rb") as file:
                known = (stamp, file_digest(file, "sha256").hexdigest())
            self._store(name, *known)
        self._known[name] = known
        return known[1]

    def _stored(self, name: str) -> tuple[_Stamp, str] | None:
        if self._database is None:
            return None
        database, lock = self._database
        with suppress(sqlite3.Error), lock:
            question = "SELECT size, mtime_ns, inode, digest FROM files WHERE path = ?"
            row = database.execute(question, [name]).fetchone()
            return (row[:3], row[3]) if row else None
        return None

    def _store(self, name: str, stamp: _Stamp, digest: str) -> None:
        if self._database is None:
            return
        database, lock = self._database
        with suppress(sqlite3.Error), lock:
            row = [name, *stamp, digest]
            database.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", row)


class Files:
    """What `run.file` and `run.path` see."""

    def __init__(self, folders: ModelFolders, assets: Assets, digests: Digests) -> None:
        self._folders = folders
        self._assets = assets
        self._digests = digests

    def digest(self, kind: str, name: str) -> str:
        """The digest of a file's content; empty if there is no such file."""
        if kind in ASSET_KINDS:
            found = self._assets.find(name)
            return found[0] if found else ""
        path = self._folders.find(kind, name)
        try:
            return self._digests.of(path) if path is not None else ""
        except OSError:
            return ""

    def names(self, kind: str) -> list[str]:
        """All files of a kind."""
        return self._folders.names(kind)

    def ref(self, kind: str, name: str) -> FileRef:
        """The file, with its digest; a NodeError that names it if there is none."""
        digest = self.digest(kind, name)
        if digest:
            return FileRef(kind, name, digest)
        if kind in ASSET_KINDS:
            raise NodeError(f"There is no {kind} {name!r}.", "Upload it again, or choose another.")
        near = get_close_matches(name, self._folders.names(kind), n=1, cutoff=0.6)
        hint = f"Put it into a models folder under {kind}/"
        hint += f", or choose {near[0]!r}." if near else "."
        raise NodeError(f"There is no {name!r} in {kind}.", hint)

    def path(self, ref: FileRef) -> Path:
        """Where the file lies on this machine."""
        if ref.kind in ASSET_KINDS:
            found = self._assets.find(ref.digest or ref.name)
            path = found[1] if found else None
        else:
            path = self._folders.find(ref.kind, ref.name)
        if path is None:
            raise NodeError(f"{ref.name!r} has gone from {ref.kind} since the job began.")
        return path
