"""Saved workflows: one file each, replaced atomically, the last twenty versions kept.

A name may hold folders. The versions of `portraits/anna` lie in `.versions/portraits/anna/`, and
stay there when the workflow is deleted: the latest of them is what a restore brings back.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from wirebrush.http.answers import Refused
from wirebrush.http.documentnames import clean_name
from wirebrush.http.facts import Facts, FactsCache
from wirebrush.http.textfiles import read_text, rename, saving, write_text

VERSIONS = 20
_VERSION = re.compile(r"^\d{1,20}$")


@dataclass(frozen=True, slots=True)
class SavedWorkflow:
    """A saved workflow without its text. `etag` changes with its content.

    `id` is the document's own, which stays when it is renamed; `thumbnail` an asset, the newest
    output of its jobs. Times in seconds since 1970, `size` in bytes.
    """

    name: str
    etag: str
    modified: float
    size: int
    id: str = ""
    nodes: int = 0
    thumbnail: str | None = None


@dataclass(frozen=True, slots=True)
class WorkflowVersion:
    """An earlier state of a saved workflow; `saved` is when it was replaced."""

    id: str
    etag: str
    saved: float
    size: int
    nodes: int


class Documents:
    """The workflows of a data folder. All methods block: call them in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._history = folder / ".versions"
        self._facts = FactsCache()
        self._lock = Lock()

    def list(self) -> list[SavedWorkflow]:
        """All workflows by name."""
        found = {path: self._facts.of(path) for path in self._files()}
        self._facts.keep_only(found)
        listed = [self._record(path, facts) for path, facts in found.items() if facts is not None]
        return sorted(listed, key=lambda item: (item.name.casefold(), item.name))

    def read(self, name: str) -> tuple[SavedWorkflow, str] | None:
        """A workflow and its text; None if there is none of that name."""
        path = self._path(name)
        try:
            self._check_folders(path)
            text, modified = read_text(path)
        except (FileNotFoundError, NotADirectoryError, Refused):
            return None
        return self._record(path, Facts.of(text, modified)), text

    def write(
        self, name: str, text: str, *, match: str | None, create: bool = False
    ) -> SavedWorkflow:
        """Save a text; what was there becomes a version.

        `match` is the etag that the writer saw: Refused (412) if it is not what is there, so that
        nobody overwrites what they did not see. `create` refuses to replace anything.
        """
        path = self._path(name)
        with self._lock, saving("workflow"):
            there = self.read(name)
            _check(name, there, match, create)
            if there is not None and there[1] == text:
                return there[0]
            self._check_free(path)
            if there is not None:
                self._keep_version(path, there[1])
            write_text(path, text)
            return self._there(name)

    def move(self, name: str, to: str, *, match: str | None) -> SavedWorkflow | None:
        """Give a workflow another name, with its versions; None if there is none.

        Refused (409, 412) if the new name is taken or the workflow is not what the caller saw.
        """
        source, target = self._path(name), self._path(to)
        with self._lock, saving("workflow"):
            there = self.read(name)
            if there is None:
                return None
            _check(name, there, match, create=False)
            if target != source:
                _check(to, self.read(to), None, create=True)
                self._check_free(target, but=source)
                rename(source, target)
                self._move_versions(source, target)
                _remove_empty(source.parent, self._folder)
            return self._there(to)

    def delete(self, name: str, *, match: str | None) -> bool:
        """Remove a workflow; its text stays as a version. False if there was none."""
        path = self._path(name)
        with self._lock, saving("workflow"):
            there = self.read(name)
            if there is None:
                return False
            _check(name, there, match, create=False)
            self._keep_version(path, there[1])
            path.unlink()
            _remove_empty(path.parent, self._folder)
        return True

    def restore(self, name: str) -> SavedWorkflow | None:
        """Bring a deleted workflow back as it was; None if nothing of that name was deleted."""
        path = self._path(name)
        with self._lock, saving("workflow"):
            kept = self._kept(path)
            _check(name, self.read(name), None, create=True)
            if not kept:
                return None
            self._check_free(path)
            rename(kept[-1], path)
            return self._there(name)

    def versions(self, name: str) -> list[WorkflowVersion]:
        """Earlier states, the latest first; also of a deleted workflow."""
        found = ((path, self._facts.of(path)) for path in reversed(self._kept(self._path(name))))
        return [
            WorkflowVersion(path.stem, facts.etag, int(path.stem) / 1e9, facts.size, facts.nodes)
            for path, facts in found
            if facts is not None
        ]

    def read_version(self, name: str, version: str) -> str | None:
        """The text of an earlier state."""
        if not _VERSION.match(version):
            return None
        try:
            return read_text(self._versions_of(self._path(name)) / f"{version}.json")[0]
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _path(self, name: str) -> Path:
        *folders, last = clean_name(name).split("/")
        return self._folder.joinpath(*folders, f"{last}.json")

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix().removesuffix(".json")

    def _versions_of(self, path: Path) -> Path:
        return self._history / self._name(path)

    def _record(self, path: Path, facts: Facts) -> SavedWorkflow:
        return SavedWorkflow(
            self._name(path), facts.etag, facts.modified, facts.size, facts.id, facts.nodes
        )

    def _there(self, name: str) -> SavedWorkflow:
        found = self.read(name)
        assert found is not None, "just written"
        return found[0]

    def _files(self) -> Iterator[Path]:
        for folder, subfolders, files in os.walk(self._folder):  # does not follow links
            subfolders[:] = [item for item in subfolders if not item.startswith(".")]
            for file in files:
                if file.endswith(".json") and not file.startswith("."):
                    yield Path(folder, file)

    def _check_folders(self, path: Path) -> None:
        """Refused if a folder on the way is a link: nothing outside is read or written."""
        for folder in (path.parent, *path.parent.parents):
            if folder == self._folder:
                return
            if folder.is_symlink():
                message = f"The folder {self._name(folder)!r} is a link."
                raise Refused(400, "bad_name", message, "Choose another folder.")

    def _check_free(self, path: Path, but: Path | None = None) -> None:
        """Names that differ only in case are one file on some disks: they shall be on none."""
        self._check_folders(path)
        for item in (path, *path.parents):
            if item == self._folder:
                return
            for other in _siblings(item):
                if other != item and other != but and _same_but_case(other, item):
                    raise Refused(
                        409,
                        "name_taken",
                        f"There is {self._name(other)!r} already, which differs only in case.",
                        "Choose another name.",
                    )

    def _keep_version(self, path: Path, text: str) -> None:
        kept = self._kept(path)
        latest = int(kept[-1].stem) if kept else 0
        stamp = max(time.time_ns(), latest + 1)  # the order holds also when the clock goes back
        write_text(self._versions_of(path) / f"{stamp:020d}.json", text)
        for old in kept[: max(0, len(kept) + 1 - VERSIONS)]:
            old.unlink(missing_ok=True)

    def _move_versions(self, source: Path, target: Path) -> None:
        """A name that was used before keeps what it had; the versions that come sort among it."""
        for version in self._kept(source):
            stamp = int(version.stem)
            while (place := self._versions_of(target) / f"{stamp:020d}.json").exists():
                stamp += 1
            rename(version, place)
        _remove_empty(self._versions_of(source), self._history)

    def _kept(self, path: Path) -> list[Path]:
        folder = self._versions_of(path)
        if not folder.is_dir():
            return []
        return sorted(item for item in folder.glob("*.json") if _VERSION.match(item.stem))


def _check(
    name: str, there: tuple[SavedWorkflow, str] | None, match: str | None, create: bool
) -> None:
    if create and there is not None:
        message = f"There is a workflow {name!r} already."
        raise Refused(412, "name_taken", message, "Choose another name.")
    if match is not None and (there is None or match != there[0].etag):
        raise Refused(
            412,
            "changed_meanwhile",
            f"The workflow {name!r} was changed or deleted since you opened it.",
            "Open it again, or save yours under another name.",
        )


def _siblings(path: Path) -> list[Path]:
    try:
        return list(path.parent.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _same_but_case(one: Path, other: Path) -> bool:
    return one.name != other.name and one.name.casefold() == other.name.casefold()


def _remove_empty(folder: Path, root: Path) -> None:
    """Remove folders that hold nothing any more, up to the root."""
    with suppress(OSError):  # not empty, or not there
        while folder != root:
            folder.rmdir()
            folder = folder.parent
