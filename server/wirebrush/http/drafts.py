"""Drafts: what the page saves by itself, apart from saved workflows; one file per document.

The first line of a file is what lists say, the second the workflow, in ASCII and otherwise as it
was sent: a draft may be broken in any way, and still comes back.

A page sends a newer state while it does not know yet whether the one before arrived; answers get
lost, and requests overtake each other. So each window counts the states of its documents, its
turns, and a write tells up to which turn of which windows it has the work in it. What is there
from one of these turns is no conflict, and what comes late, or is in what is there, changes
nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any

from wirebrush.http.answers import Refused
from wirebrush.http.textfiles import etag, read_text, saving, write_text

MAX_DRAFTS = 500
MAX_BYTES = 256 << 20
_REMEMBERED = 1000
"""Turns that were discarded: only requests of the last seconds can come late."""
_MOST_BEFORE = 50
"""Windows of which a draft tells what is in it; those that wrote last."""

Turns = Mapping[str, int]
"""How many turns of which windows are in a state of a document."""

NO_TURNS: Turns = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """A draft without its workflow.

    `id` is the document's. `file` is the name under which it is saved, `base` the etag of that
    file when the draft was begun. `by` is who wrote it last, in the writer's own words; `window`
    and `turn` are that window and its count, `before` those of other windows whose work is in it.
    Drafts of earlier versions do not have these.
    """

    id: str
    name: str
    file: str | None
    base: str | None
    by: str
    etag: str
    modified: float
    window: str = ""
    turn: int = 0
    before: Turns = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it is written; `workflow` is ASCII JSON of one line."""

    id: str
    name: str
    file: str | None
    base: str | None
    by: str
    workflow: str
    window: str = ""
    turn: int = 0


class Drafts:
    """The drafts of a data folder. All methods block: call them in a thread."""

    def __init__(
        self, folder: Path, max_drafts: int = MAX_DRAFTS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._folder = folder
        self._max_drafts = max_drafts
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._discarded: dict[tuple[str, str], int] = {}
        """Of a document and a window: the last turn that was discarded."""

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

    def write(self, draft: Draft, match: str | None, turns: Turns = NO_TURNS) -> DraftRecord | None:
        """Keep a draft, and tell what is there then.

        `match` is the etag that the writer saw; None: there was none. `turns` are those of other
        windows that the draft goes on from, beside its own. `Conflict` if there is anything else;
        not if it is the same once more. A draft whose window wrote or discarded a later one does
        not replace that; None if it was discarded. Refused if there are too many.
        """
        path, tag = self._path(draft.id), _etag(draft)
        with self._lock, saving("draft"):
            there = _read_record(path)
            if (there is not None and there.etag == tag) or self._is_late(draft, there):
                return there
            if not _fits(there, match, _with_own(draft, turns)):
                raise Conflict(there)
            text = _text(draft, tag, _before(draft, turns, there))
            self._check_room(path, len(text))
            write_text(path, text)
            written = _read_record(path)
            assert written is not None, "just written"
            return written

    def delete(self, draft: str, match: str | None, turns: Turns = NO_TURNS) -> bool:
        """Remove a draft, if it is still the one that the caller saw, or from one of `turns`.

        Either may be left out. False: there was none.
        """
        path = self._path(draft)
        with self._lock, saving("draft"):
            there = _read_record(path)
            if there is not None:
                if (match is not None or turns) and not _fits(there, match, turns):
                    raise Conflict(there)
                path.unlink()
            self._remember(draft, turns)
        return there is not None

    def _is_late(self, draft: Draft, there: DraftRecord | None) -> bool:
        """Whether the window of a draft did something later than that already."""
        if there is None:
            return draft.turn <= self._discarded.get((draft.id, draft.window), -1)
        if draft.window == there.window:
            return bool(draft.window) and draft.turn < there.turn
        return draft.turn <= there.before.get(draft.window, -1)

    def _remember(self, draft: str, turns: Turns) -> None:
        for window, turn in turns.items():
            known = self._discarded.pop((draft, window), 0)  # the latest stand last
            self._discarded[draft, window] = max(known, turn)
        for oldest in [*self._discarded][: max(0, len(self._discarded) - _REMEMBERED)]:
            del self._discarded[oldest]

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


def _with_own(draft: Draft, turns: Turns) -> Turns:
    return {**turns, draft.window: draft.turn} if draft.window else turns


def _fits(there: DraftRecord | None, match: str | None, turns: Turns) -> bool:
    """Whether what is there was seen by who goes on from an etag and from turns."""
    if there is None:
        return match is None or bool(turns)  # discarded: nothing is lost by going on
    known = turns.get(there.window, -1) if there.window else -1
    return there.etag == match or there.turn <= known


def _before(draft: Draft, turns: Turns, there: DraftRecord | None) -> Turns:
    """Turns of other windows that are in a draft that takes the place of another."""
    known = {} if there is None else {**there.before, there.window: there.turn}
    found = {**known, **turns}
    others = [item for item in found.items() if item[0] not in ("", draft.window)]
    return dict(others[-_MOST_BEFORE:])


def _head(draft: Draft) -> dict[str, Any]:
    return {name: value for name, value in asdict(draft).items() if name != "workflow"}


def _etag(draft: Draft) -> str:
    return etag(json.dumps(_head(draft)) + "\n" + draft.workflow)


def _text(draft: Draft, tag: str, before: Turns) -> str:
    head = {**_head(draft), "etag": tag, "before": before}
    return json.dumps(head) + "\n" + draft.workflow + "\n"


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
