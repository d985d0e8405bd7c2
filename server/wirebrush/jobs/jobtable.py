"""The SQL of jobs: each function is one question or one step, inside a transaction of `Journal`.

A step that speaks for a running job carries the epoch of its lease. When the job was cancelled,
reclaimed or leased again since, the epoch is stale and the step changes nothing.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from wirebrush.events import JobState, Output, Problem, Summary
from wirebrush.jobs import joborder
from wirebrush.jobs.records import Body, JobOutput, JobRecord, body_digest

_HELD = "state IN ('leased', 'running')"
"""`leased` is what earlier releases wrote of a job that was about to run."""
_FILTERS = frozenset({"owner", "group_id", "document"})
_SETTABLE = frozenset({"state", "worker", "started", "ended", "interruptions"})


def insert(
    db: sqlite3.Connection, record: JobRecord, body: Body, key: str | None, front: bool
) -> JobRecord:
    """Add a queued job at the end of its priority, or before its owner's other jobs."""
    text = body.to_text()
    digest = body_digest(text)
    db.execute("INSERT OR IGNORE INTO owners VALUES (?, 0)", (record.owner,))
    db.execute("INSERT OR IGNORE INTO bodies VALUES (?, ?)", (digest, _packed(text)))
    priority, position = record.priority, joborder.last_position(db)
    if front:
        priority, position = joborder.front(db, record.owner, priority)
    db.execute(
        """INSERT INTO jobs (id, state, priority, position, owner, idempotency_key, body, title,
            nodes, retry_of, created, document, grouping, group_id)
            VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            *(record.id, priority, position, record.owner, key, digest, record.title),
            *(record.nodes, record.retry_of, record.created, record.document),
            *_grouping(record),
        ),
    )
    return require(db, record.id)


def by_key(db: sqlite3.Connection, owner: str, key: str) -> tuple[JobRecord, str] | None:
    """The job that was accepted under an idempotency key, and the digest of its body."""
    row = db.execute(
        "SELECT * FROM jobs WHERE owner = ? AND idempotency_key = ?", (owner, key)
    ).fetchone()
    return None if row is None else (_records(db, [row])[0], row["body"])


def get(db: sqlite3.Connection, job: str) -> JobRecord | None:
    """One job, or None."""
    rows = db.execute("SELECT * FROM jobs WHERE id = ?", (job,)).fetchall()
    return _records(db, rows)[0] if rows else None


def body(db: sqlite3.Connection, job: str) -> Body | None:
    """What a job computes, or None for an unknown job."""
    row = db.execute(
        "SELECT data FROM bodies JOIN jobs ON jobs.body = bodies.digest WHERE jobs.id = ?",
        (job,),
    ).fetchone()
    return None if row is None else Body.from_text(_unpacked(row["data"]))


def page(
    db: sqlite3.Connection,
    states: Sequence[JobState],
    before: str | None,
    limit: int,
    **equal: str | None,
) -> list[JobRecord]:
    """Jobs in those states (all if none are given), the latest first, older than `before`.

    `equal`: what columns must hold, unless it is None.
    """
    assert equal.keys() <= _FILTERS  # names go into the statement
    where, values = ["1"], list[Any]()
    if states:
        where.append(f"state IN ({', '.join('?' * len(states))})")
        values += states
    if before is not None:
        where.append("seq < (SELECT seq FROM jobs WHERE id = ?)")
        values.append(before)
    for column, value in equal.items():
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    rows = db.execute(
        f"SELECT * FROM jobs WHERE {' AND '.join(where)} ORDER BY seq DESC LIMIT ?",
        (*values, limit),
    ).fetchall()
    return _records(db, rows)


def waiting(db: sqlite3.Connection, limit: int) -> list[JobRecord]:
    """Queued jobs in the order of the queue, the next one first."""
    rows = db.execute(
        """SELECT * FROM jobs INDEXED BY queue_by_order
            WHERE state = 'queued' ORDER BY priority DESC, position LIMIT ?""",
        (limit,),
    ).fetchall()
    return _records(db, rows)


def waiting_of(db: sqlite3.Connection, owner: str) -> int:
    """How many jobs of an owner wait."""
    return db.execute(
        """SELECT COUNT(*) FROM jobs INDEXED BY queue_by_owner
            WHERE state = 'queued' AND owner = ?""",
        (owner,),
    ).fetchone()[0]


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many jobs there are by state."""
    rows = db.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetchall()
    return dict(map(tuple, rows))


def lease(
    db: sqlite3.Connection, worker: str, now: float, bodies: Mapping[str, Body]
) -> tuple[JobRecord, int, Body] | None:
    """Claim the next job: highest priority, then the owner served longest ago, then position.

    It is running from here on, and the attempt is counted, before anything of it runs. `bodies` of
    jobs that are at hand need not be read.
    """
    chosen = db.execute(
        """SELECT name, top.priority, (
                SELECT position FROM jobs INDEXED BY queue_by_owner
                WHERE state = 'queued' AND owner = name AND priority = top.priority
                ORDER BY position LIMIT 1
            ) AS position FROM owners, (
                SELECT priority FROM jobs INDEXED BY queue_by_order WHERE state = 'queued'
                ORDER BY priority DESC LIMIT 1
            ) AS top WHERE position IS NOT NULL ORDER BY served, position LIMIT 1"""
    ).fetchone()
    if chosen is None:
        return None
    row = db.execute(
        """UPDATE jobs SET state = 'running', worker = ?, started = ?, attempt = attempt + 1,
            lease_epoch = lease_epoch + 1 WHERE seq = (
                SELECT seq FROM jobs INDEXED BY queue_by_owner WHERE state = 'queued'
                AND owner = ? AND priority = ? AND position = ? LIMIT 1
            ) RETURNING id, lease_epoch""",
        (worker, now, *chosen),
    ).fetchone()
    db.execute(
        "UPDATE owners SET served = (SELECT MAX(served) + 1 FROM owners) WHERE name = ?",
        (chosen["name"],),
    )
    found = bodies.get(row["id"]) or body(db, row["id"])
    assert found is not None  # a foreign key says so
    return require(db, row["id"]), row["lease_epoch"], found


def update_held(
    db: sqlite3.Connection, job: str, epoch: int, **values: float | str | None
) -> JobRecord | None:
    """Change columns of a job whose lease is still this one; None if the lease is stale."""
    assert values.keys() <= _SETTABLE  # names go into the statement
    changes = ", ".join(f"{name} = ?" for name in values)
    done = db.execute(
        f"UPDATE jobs SET {changes} WHERE id = ? AND lease_epoch = ? AND {_HELD}",
        (*values.values(), job, epoch),
    )
    return get(db, job) if done.rowcount else None


def add_outputs(
    db: sqlite3.Connection, job: str, epoch: int, shown: Mapping[str, Sequence[Output]]
) -> bool:
    """Record what nodes showed; the same node of a later attempt replaces it."""
    held = db.execute(
        f"SELECT 1 FROM jobs WHERE id = ? AND lease_epoch = ? AND {_HELD}", (job, epoch)
    ).fetchone()
    if held is None:
        return False
    db.executemany(
        "DELETE FROM outputs WHERE job = ? AND node = ?", [(job, node) for node in shown]
    )
    db.executemany(
        "INSERT INTO outputs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (job, node, index, o.kind, o.asset, o.name, o.mime, o.width, o.height, o.text)
            for node, outputs in shown.items()
            for index, o in enumerate(outputs)
        ],
    )
    return True


def finish(
    db: sqlite3.Connection,
    job: str,
    epoch: int,
    state: JobState,
    summary: Summary,
    problems: Sequence[Problem],
    now: float,
) -> JobRecord | None:
    """End a held job; None if the lease is stale."""
    done = db.execute(
        f"""UPDATE jobs SET state = ?, ended = ?, summary = ?, problems = ?
            WHERE id = ? AND lease_epoch = ? AND {_HELD}""",
        (state, now, _json(asdict(summary)), _problems(problems), job, epoch),
    )
    return get(db, job) if done.rowcount else None


def count_crash(
    db: sqlite3.Connection, job: str, epoch: int, problems: Sequence[Problem]
) -> int | None:
    """One worker more died of this job: how many that makes; None if the lease is stale."""
    row = db.execute(
        f"""UPDATE jobs SET crashes = crashes + 1, problems = ?
            WHERE id = ? AND lease_epoch = ? AND {_HELD} RETURNING crashes""",
        (_problems(problems), job, epoch),
    ).fetchone()
    return None if row is None else row["crashes"]


def cancel(db: sqlite3.Connection, job: str, now: float) -> bool:
    """End a job that has not ended. Whoever runs it holds a stale lease from here on."""
    done = db.execute(
        f"""UPDATE jobs SET state = 'cancelled', ended = ?, lease_epoch = lease_epoch + 1
            WHERE id = ? AND (state = 'queued' OR {_HELD})""",
        (now, job),
    )
    return bool(done.rowcount)


def cancel_waiting(db: sqlite3.Connection, owner: str | None, now: float) -> list[str]:
    """Cancel every queued job (of one owner): their ids."""
    rows = db.execute(
        """UPDATE jobs SET state = 'cancelled', ended = ?, lease_epoch = lease_epoch + 1
            WHERE state = 'queued' AND (?2 IS NULL OR owner = ?2) RETURNING id""",
        (now, owner),
    ).fetchall()
    return [row["id"] for row in rows]


def requeue(db: sqlite3.Connection, job: str, epoch: int) -> JobRecord | None:
    """Put a held job back in its old place; None if the lease is stale."""
    return update_held(db, job, epoch, state="queued", worker=None, started=None)


def held(db: sqlite3.Connection) -> list[tuple[str, int, int]]:
    """Jobs that some worker holds: id, epoch, and how often they were interrupted before."""
    rows = db.execute(f"SELECT id, lease_epoch, interruptions FROM jobs WHERE {_HELD}")
    return [tuple(row) for row in rows.fetchall()]


def move(db: sqlite3.Connection, job: str, before: str | None, priority: int | None) -> bool:
    """Put a queued job before another, at the end of a priority, or at its owner's front.

    False if one of the two is not queued.
    """
    record = get(db, job)
    if record is None or record.state != "queued":
        return False
    if before is not None:
        other = get(db, before)
        if other is None or other.state != "queued":
            return False
        place = (record.priority, record.position)
        if other.id != job:
            place = joborder.before(db, job, other)
    elif priority is not None:
        place = priority, joborder.last_position(db)
    else:
        place = joborder.front(db, record.owner, record.priority)
    db.execute("UPDATE jobs SET priority = ?, position = ? WHERE id = ?", (*place, job))
    return True


def setting(db: sqlite3.Connection, name: str) -> str | None:
    """A stored setting of the queue."""
    row = db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return None if row is None else row["value"]


def set_setting(db: sqlite3.Connection, name: str, value: str) -> None:
    """Store a setting of the queue."""
    db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))


def require(db: sqlite3.Connection, job: str) -> JobRecord:
    """One job that must be there."""
    record = get(db, job)
    assert record is not None
    return record


def _records(db: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> list[JobRecord]:
    shown: dict[str, list[JobOutput]] = {row["id"]: [] for row in rows}
    marks = ", ".join("?" * len(shown))
    for row in db.execute(
        f"SELECT * FROM outputs WHERE job IN ({marks}) ORDER BY job, node, idx", tuple(shown)
    ):
        output = Output(*(row[name] for name in ("kind", "asset", "name", "mime")))
        sized = Output(
            output.kind, output.asset, output.name, output.mime, row["width"], row["height"],
            row["text"],
        )  # fmt: skip
        shown[row["job"]].append(JobOutput(row["node"], row["idx"], sized))
    return [_record(row, shown[row["id"]]) for row in rows]


def _record(row: sqlite3.Row, outputs: Iterable[JobOutput]) -> JobRecord:
    same = ("id", "state", "priority", "position", "created", "title", "owner", "nodes")
    more = ("attempt", "worker", "started", "ended", "retry_of", "document")
    return JobRecord(
        **{name: row[name] for name in (*same, *more)},
        group=None if row["grouping"] is None else json.loads(row["grouping"]),
        summary=Summary(**json.loads(row["summary"])),
        problems=tuple(Problem(**item) for item in json.loads(row["problems"])),
        outputs=tuple(outputs),
    )


def _grouping(record: JobRecord) -> tuple[str | None, str | None]:
    group = record.group
    return (None, None) if group is None else (_json(group), group["id"])


def _problems(problems: Iterable[Problem]) -> str:
    return _json([asdict(item) for item in problems])


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


def _unpacked(data: bytes) -> str:
    return zlib.decompress(data).decode("utf-8", "surrogatepass")
