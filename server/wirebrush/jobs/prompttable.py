"""The SQL of what clients of ComfyUI's API know about their jobs: ids, numbers, messages of old.

Each function is one question or one step, inside a transaction of `Journal`. Jobs that came
otherwise have no row here.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from wirebrush.events import JobState
from wirebrush.jobs import joborder, jobtable
from wirebrush.jobs.records import Body, JobRecord

_COUNTER = "comfy_number"
_JOIN = "FROM comfy_prompts AS p JOIN jobs AS j ON j.id = p.job"
_WAITING = "j.state = 'queued'"
_RUNNING = "j.state IN ('leased', 'running')"
_OVER = "j.ended IS NOT NULL AND j.started IS NOT NULL"
"""What ended before it began leaves no history."""
PAGE = 200


@dataclass(frozen=True, slots=True)
class PromptNote:
    """What a client says about a job: its own id for it, its place, and whatever else it likes.

    Without a `number` the job gets the next one; `front` makes that negative. Lower ones run first.
    """

    prompt_id: str
    number: float | None = None
    front: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class PromptEntry:
    """A job as clients of ComfyUI's API know it. `messages` are those of its end, if it is over."""

    seq: int
    prompt_id: str
    number: float
    extra: Mapping[str, Any]
    messages: Sequence[Any]
    job: JobRecord
    body: Body

    @property
    def workflow_id(self) -> str | None:
        """The id of the workflow that its client sent along, if that has one."""
        return workflow_id_of(self.extra)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which prompts a list shows: those in some states (all if none are named), of a workflow."""

    states: tuple[JobState, ...] = ()
    workflow_id: str | None = None
    by_duration: bool = False
    descending: bool = True
    limit: int = PAGE
    offset: int = 0


def insert(db: sqlite3.Connection, job: str, note: PromptNote) -> float | int:
    """Note a new job, and put it before those with higher numbers. Its number."""
    number = note.number
    if number is None:
        count = int(jobtable.setting(db, _COUNTER) or "0")
        jobtable.set_setting(db, _COUNTER, str(count + 1))
        number = -count if note.front else count
    later = db.execute(
        f"""SELECT p.job {_JOIN} WHERE {_WAITING} AND p.number > ?
            ORDER BY j.priority DESC, j.position LIMIT 1""",
        (number,),
    ).fetchone()
    db.execute(
        "INSERT INTO comfy_prompts (prompt_id, job, number, extra) VALUES (?, ?, ?, ?)",
        (note.prompt_id, job, number, _packed(note.extra)),
    )
    if later is not None:
        place = joborder.before(db, job, jobtable.require(db, later["job"]))
        db.execute("UPDATE jobs SET priority = ?, position = ? WHERE id = ?", (*place, job))
    return number


def unfinished(db: sqlite3.Connection) -> list[tuple[str, str, str | None]]:
    """Job, prompt id and client id of all that wait or run, in the order of their turns."""
    rows = db.execute(
        f"""SELECT p.job, p.prompt_id, p.extra {_JOIN} WHERE {_WAITING} OR {_RUNNING}
            ORDER BY j.state = 'queued', j.priority DESC, j.position"""
    ).fetchall()
    return [(row["job"], row["prompt_id"], client_of(_unpacked(row["extra"]))) for row in rows]


def running(db: sqlite3.Connection) -> list[PromptEntry]:
    """What runs now."""
    return _entries(db, f"SELECT p.* {_JOIN} WHERE {_RUNNING} ORDER BY j.started", ())


def waiting(db: sqlite3.Connection, skip: int, limit: int = PAGE) -> list[PromptEntry]:
    """Some of what waits, the next one first."""
    query = f"""SELECT p.* {_JOIN} WHERE {_WAITING}
        ORDER BY j.priority DESC, j.position LIMIT ? OFFSET ?"""
    return _entries(db, query, (limit, skip))


def over(db: sqlite3.Connection, skip: int, limit: int = PAGE) -> list[PromptEntry]:
    """Some of what is over, the oldest first."""
    query = f"SELECT p.* {_JOIN} WHERE {_OVER} ORDER BY j.ended, p.seq LIMIT ? OFFSET ?"
    return _entries(db, query, (limit, skip))


def count_over(db: sqlite3.Connection) -> int:
    """How many are over."""
    return db.execute(f"SELECT COUNT(*) {_JOIN} WHERE {_OVER}").fetchone()[0]


def page(db: sqlite3.Connection, wanted: Wanted) -> tuple[list[PromptEntry], int]:
    """A page of what is wanted, and how many there are of that in all."""
    marks = ", ".join("?" * len(wanted.states))
    where = f"j.state IN ({marks})" if wanted.states else "1"
    key = "COALESCE(j.ended - j.started, 0)" if wanted.by_duration else "j.created"
    direction = "DESC" if wanted.descending else "ASC"
    rows = db.execute(
        f"""SELECT p.seq, p.extra {_JOIN} WHERE {where}
            ORDER BY {key} {direction}, p.seq {direction}""",
        wanted.states,
    )
    ids = [
        row["seq"]
        for row in rows
        if wanted.workflow_id is None
        or wanted.workflow_id == workflow_id_of(_unpacked(row["extra"]))
    ]
    chosen = ids[wanted.offset : wanted.offset + wanted.limit]
    query = "SELECT * FROM comfy_prompts WHERE seq = ?"
    return [entry for seq in chosen for entry in _entries(db, query, (seq,))], len(ids)


def find(db: sqlite3.Connection, prompt_id: str) -> PromptEntry | None:
    """The latest of that id, in whatever state; None if there is none."""
    query = f"SELECT p.* {_JOIN} WHERE p.prompt_id = ? ORDER BY p.seq DESC LIMIT 1"
    return next(iter(_entries(db, query, (prompt_id,))), None)


def jobs_waiting(db: sqlite3.Connection, prompt_id: str | None = None) -> list[str]:
    """The jobs that wait (under an id)."""
    return _jobs(db, _WAITING, prompt_id)


def jobs_running(db: sqlite3.Connection, prompt_id: str | None = None) -> list[str]:
    """The jobs that run (under an id)."""
    return _jobs(db, _RUNNING, prompt_id)


def keep_messages(db: sqlite3.Connection, job: str, messages: Sequence[Any]) -> None:
    """Note what was said about a job that is over."""
    text = json.dumps(messages, allow_nan=False, separators=(",", ":"))
    db.execute("UPDATE comfy_prompts SET messages = ? WHERE job = ?", (text, job))


def forget(db: sqlite3.Connection, prompt_id: str | None = None) -> None:
    """Forget all that is over (under an id). The jobs stay, for everybody else."""
    db.execute(
        f"""DELETE FROM comfy_prompts WHERE (?1 IS NULL OR prompt_id = ?1)
            AND job IN (SELECT id FROM jobs AS j WHERE {_OVER})""",
        (prompt_id,),
    )


def client_of(extra: Mapping[str, Any]) -> str | None:
    """Who is to hear about a job."""
    client = extra.get("client_id")
    return client if isinstance(client, str) else None


def workflow_id_of(extra: Mapping[str, Any]) -> str | None:
    """The id of the workflow in a prompt's further data."""
    inner: Any = extra
    for name in ("extra_pnginfo", "workflow", "id"):
        inner = cast("dict[str, Any]", inner).get(name) if isinstance(inner, dict) else None
    return inner if isinstance(inner, str) else None


def _jobs(db: sqlite3.Connection, states: str, prompt_id: str | None) -> list[str]:
    rows = db.execute(
        f"SELECT p.job {_JOIN} WHERE {states} AND (?1 IS NULL OR p.prompt_id = ?1)", (prompt_id,)
    )
    return [row["job"] for row in rows.fetchall()]


def _entries(
    db: sqlite3.Connection, query: str, values: tuple[str | int, ...]
) -> list[PromptEntry]:
    return [_entry(db, row) for row in db.execute(query, values).fetchall()]


def _entry(db: sqlite3.Connection, row: sqlite3.Row) -> PromptEntry:
    body = jobtable.body(db, row["job"])
    assert body is not None  # a foreign key says so
    return PromptEntry(
        *(row["seq"], row["prompt_id"], row["number"], _unpacked(row["extra"])),
        *(json.loads(row["messages"]), jobtable.require(db, row["job"]), body),
    )


def _packed(data: Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps(data, allow_nan=False, separators=(",", ":")).encode(), 1)


def _unpacked(data: bytes) -> Mapping[str, Any]:
    return json.loads(zlib.decompress(data))
