"""Drafts: what the page saves by itself, apart from saved workflows; one file per document.

The first line of a file is what lists say, the second the workflow, in ASCII and otherwise as it
was sent: a draft may be broken in any way, and still comes back.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any

from wirebrush.http.answers import Refused
from wirebrush.http.textfiles import etag, read_text, saving, write_text

MAX_DRAFTS = 500
MAX_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """A draft without its workflow.

    `id` is the document's. `file` is the name under which it is saved, `base` the etag of that
    file when the draft was begun. `by` is who wrote it last, in the writer's own words.
    """

    id: str
    name: str
    file: str | None
    base: str | None
    by: str
    etag: str
    modified: float


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it is written; `workflow` is ASCII JSON of one line."""

    id: str
    name: str
    file: str | None
    base: str | None
    by: str
    workflow: str


class Drafts:
    """The drafts of a data folder. All methods block: call them in a thread."""

    def __init__(
        self, folder: Path, max_drafts: int = MAX_DRAFTS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._folder = folder
        self._max_drafts = max_drafts
        self._max_bytes = max_bytes
        self._lock = Lock()

    def list(self) -> list[DraftRecord]:
        """All drafts, the latest first."""
        found = (_read_record(path) for path in self._files())
        listed = [record for record in found if record is not None]
        return sorted(listed, key=lambda record: (-record.modified, record.id))

    def read(self, draft: str) -> tuple[DraftRecord, str] | None:
        """A draft and its workflow as JSON text; None if there is none of that document."""
        try:
            text, modified = read_text(self._path(draft))
            head, _, workflow = text.partition("\n")
            return _record(head, modified), workflow.rstrip("\n")
        except (OSError, ValueError, TypeError):
            return None

    def write(self, draft: Draft, match: str | None) -> DraftRecord:
        """Keep a draft. `match` is the etag that the writer saw; None: there was none.

        `Conflict` if that is not so; the same once more is none. Refused if there are too many.
        """
        path, text = self._path(draft.id), _text(draft)
        with self._lock, saving("draft"):
            there = _read_record(path)
            if there is not None and there.etag == _etag_in(text):
                return there
            if (None if there is None else there.etag) != match:
                raise Conflict(there)
            self._check_room(path, len(text))
            write_text(path, text)
            written = _read_record(path)
            assert written is not None, "just written"
            return written

    def delete(self, draft: str, match: str | None) -> bool:
        """Remove a draft, if it is still the one that the caller saw. False: there was none."""
        path = self._path(draft)
        with self._lock, saving("draft"):
            there = _read_record(path)
            if there is None:
                return False
            if match is not None and match != there.etag:
                raise Conflict(there)
            path.unlink()
        return True

    def _path(self, draft: str) -> Path:
        """By the hash of the id, which may hold anything."""
        digest = blake2b(draft.encode("utf-8", "surrogatepass"), digest_size=16)
        return self._folder / f"{digest.hexdigest()}.draft"

    def _files(self) -> Iterator[Path]:
        return self._folder.glob("*.draft")

    def _check_room(self, path: Path, size: int) -> None:
        sizes = [os.lstat(other).st_size for other in self._files() if other != path]
        if len(sizes) < self._max_drafts and sum(sizes) + size <= self._max_bytes:
            return
        raise Refused(
            507,
            "too_many_drafts",
            f"{len(sizes)} drafts with {sum(sizes) >> 20} MiB are kept, and more are not.",
            "Save or discard some unsaved workflows.",
        )


class Conflict(Exception):
    """Somebody else wrote, or removed, the draft meanwhile."""

    def __init__(self, there: DraftRecord | None) -> None:
        super().__init__("The draft was changed meanwhile.")
        self.there = there


def _text(draft: Draft) -> str:
    head = {name: value for name, value in asdict(draft).items() if name != "workflow"}
    tag = etag(json.dumps(head) + "\n" + draft.workflow)
    return json.dumps({**head, "etag": tag}) + "\n" + draft.workflow + "\n"


def _etag_in(text: str) -> str:
    return json.loads(text.partition("\n")[0])["etag"]


def _read_record(path: Path) -> DraftRecord | None:
    """The record of a file, of which only the first line is read; None if it is no draft."""
    try:
        with path.open(encoding="utf-8") as file:
            return _record(file.readline(), os.fstat(file.fileno()).st_mtime)
    except (OSError, ValueError, TypeError):
        return None


def _record(head: str, modified: float) -> DraftRecord:
    data: Mapping[str, Any] = json.loads(head)
    return DraftRecord(**data, modified=modified)
