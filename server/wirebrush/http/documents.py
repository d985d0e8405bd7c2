"""Saved workflows: one file each, replaced atomically, the last twenty versions kept."""

from __future__ import annotations

import os
import re
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from wirebrush.http.answers import Refused

VERSIONS = 20
_NAME_BYTES = 180
_FORBIDDEN = re.compile(
    r'[\x00-\x1f\x7f/\\:*?"<>|\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]'
)
_DEVICES = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\.|$)")
_VERSION = re.compile(r"^\d{1,20}$")


@dataclass(frozen=True, slots=True)
class Document:
    """A saved workflow without its text. `etag` changes with its content."""

    name: str
    etag: str
    modified: float
    size: int


@dataclass(frozen=True, slots=True)
class Version:
    """An earlier state of a document; `saved` is when it was replaced."""

    id: str
    saved: float
    size: int


class Documents:
    """The workflows of a data folder. All methods block: call them in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._history = folder / ".versions"
        self._lock = Lock()

    def list(self) -> list[Document]:
        """All documents by name."""
        found = (self._describe(path) for path in self._files())
        return sorted((item for item in found if item is not None), key=_by_name)

    def read(self, name: str) -> tuple[Document, str] | None:
        """A document and its text; None if there is none of that name."""
        try:
            text, modified = _read(self._path(name))
        except FileNotFoundError:
            return None
        return Document(clean_name(name), etag(text), modified, len(text.encode())), text

    def write(self, name: str, text: str, *, match: str | None, create: bool = False) -> Document:
        """Save a text; what was there becomes a version.

        `match` is the etag that the writer saw: Refused (412) if it is not what is there, so that
        nobody overwrites what they did not see. `create` refuses to replace anything.
        """
        path = self._path(name)
        with self._lock:
            there = self.read(name)
            self._check(name, None if there is None else there[0].etag, match, create)
            if there is not None and there[1] == text:
                return there[0]
            self._refuse_twin(path)
            if there is not None:
                self._keep_version(path, there[1])
            _write(path, text)
        written = self.read(name)
        assert written is not None, "just written"
        return written[0]

    def delete(self, name: str, *, match: str | None) -> bool:
        """Remove a document; its text stays as a version. False if there was none."""
        path = self._path(name)
        with self._lock:
            there = self.read(name)
            if there is None:
                return False
            self._check(name, there[0].etag, match, create=False)
            self._keep_version(path, there[1])
            path.unlink()
        return True

    def versions(self, name: str) -> list[Version]:
        """Earlier states, the latest first; also of a deleted document."""
        return [
            Version(path.stem, int(path.stem) / 1e9, path.stat().st_size)
            for path in reversed(self._kept(self._path(name)))
        ]

    def read_version(self, name: str, version: str) -> str | None:
        """The text of an earlier state."""
        if not _VERSION.match(version):
            return None
        try:
            return _read(self._history / self._path(name).stem / f"{version}.json")[0]
        except FileNotFoundError:
            return None

    def _path(self, name: str) -> Path:
        return self._folder / f"{clean_name(name)}.json"

    def _files(self) -> Iterator[Path]:
        if self._folder.is_dir():
            for path in self._folder.glob("*.json"):
                if path.is_file() and not path.name.startswith("."):
                    yield path

    def _describe(self, path: Path) -> Document | None:
        try:
            text, modified = _read(path)
        except (OSError, UnicodeDecodeError):
            return None  # deleted meanwhile, or nothing of ours
        return Document(path.stem, etag(text), modified, len(text.encode()))

    def _check(self, name: str, there: str | None, match: str | None, create: bool) -> None:
        if create and there is not None:
            raise Refused(
                412, "name_taken", f"There is a workflow {name!r} already.", "Choose another name."
            )
        if match is not None and match != there:
            raise Refused(
                412,
                "changed_meanwhile",
                f"The workflow {name!r} was changed or deleted since you opened it.",
                "Open it again, or save yours under another name.",
            )

    def _refuse_twin(self, path: Path) -> None:
        """Names that differ only in case are one file on some disks: they shall be on none."""
        for other in self._files():
            if other.name != path.name and other.name.casefold() == path.name.casefold():
                raise Refused(
                    409,
                    "name_taken",
                    f"There is a workflow {other.stem!r} already, which differs only in case.",
                    "Choose another name.",
                )

    def _keep_version(self, path: Path, text: str) -> None:
        kept = self._kept(path)
        latest = int(kept[-1].stem) if kept else 0
        stamp = max(time.time_ns(), latest + 1)  # the order holds also when the clock goes back
        _write(self._history / path.stem / f"{stamp:020d}.json", text)
        for old in kept[: max(0, len(kept) + 1 - VERSIONS)]:
            old.unlink(missing_ok=True)

    def _kept(self, path: Path) -> list[Path]:
        folder = self._history / path.stem
        if not folder.is_dir():
            return []
        return sorted(item for item in folder.glob("*.json") if _VERSION.match(item.stem))


def clean_name(name: str) -> str:
    """The name as it is on disk; Refused if some disk could not hold it as it is."""
    cleaned = unicodedata.normalize("NFC", name).strip()
    wrong = ""
    if not cleaned:
        wrong = "is empty"
    elif len(cleaned.encode("utf-8", "surrogatepass")) > _NAME_BYTES:
        wrong = f"is longer than {_NAME_BYTES} bytes"
    elif _FORBIDDEN.search(cleaned):
        wrong = 'has one of / \\ : * ? " < > | or an invisible character in it'
    elif cleaned[0] == "." or cleaned[-1] == ".":
        wrong = "starts or ends with a dot"
    elif _DEVICES.match(cleaned):
        wrong = "is the name of a device on Windows"
    if wrong:
        shown = ascii(cleaned[:40])
        raise Refused(400, "bad_name", f"The name {shown} {wrong}.", "Choose another name.")
    return cleaned


def etag(text: str) -> str:
    """A short text that differs when the content does."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _by_name(document: Document) -> tuple[str, str]:
    return document.name.casefold(), document.name


def _read(path: Path) -> tuple[str, float]:
    """Text and time of a file; a link is no file of ours."""
    if path.is_symlink():
        raise FileNotFoundError(path)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags), encoding="utf-8", newline="") as file:
        return file.read(), os.fstat(file.fileno()).st_mtime


def _write(path: Path, text: str) -> None:
    """Write so that a reader finds the old file or the new one, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".saving-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
