"""The order of queued jobs: by priority, then by position, a number with room between any two.

Queries name their index: without it SQLite reads and sorts the whole queue.
"""

from __future__ import annotations

import sqlite3

from wirebrush.jobs.records import JobRecord


def last_position(db: sqlite3.Connection) -> float:
    """A position behind all queued jobs."""
    row = db.execute(
        """SELECT position FROM jobs INDEXED BY queue_by_position
            WHERE state = 'queued' ORDER BY position DESC LIMIT 1"""
    ).fetchone()
    return 1.0 if row is None else row["position"] + 1


def front(db: sqlite3.Connection, owner: str, priority: int) -> tuple[int, float]:
    """Priority and position before all jobs of an owner.

    Before one's own jobs only: whose turn it is stays a matter of fair share.
    """
    first = db.execute(
        """SELECT priority, position FROM jobs INDEXED BY queue_by_owner
            WHERE state = 'queued' AND owner = ?
            ORDER BY priority DESC, position LIMIT 1""",
        (owner,),
    ).fetchone()
    if first is None or first["priority"] < priority:
        return priority, last_position(db)
    return first["priority"], first["position"] - 1


def before(db: sqlite3.Connection, job: str, other: JobRecord) -> tuple[int, float]:
    """Priority and position for `job` right before `other`."""
    place = _gap_before(db, job, other.id)
    if place is None:  # halving a gap came to its end after some fifty moves into it
        _renumber(db)
        place = _gap_before(db, job, other.id)
    assert place is not None
    return other.priority, place


def count_before(db: sqlite3.Connection, record: JobRecord) -> int:
    """How many queued jobs stand before this one."""
    return db.execute(
        """SELECT (
                SELECT COUNT(*) FROM jobs INDEXED BY queue_by_order
                WHERE state = 'queued' AND priority > ?1
            ) + (
                SELECT COUNT(*) FROM jobs INDEXED BY queue_by_order
                WHERE state = 'queued' AND priority = ?1 AND position < ?2
            )""",
        (record.priority, record.position),
    ).fetchone()[0]


def _gap_before(db: sqlite3.Connection, job: str, other: str) -> float | None:
    row = db.execute(
        """SELECT other.position AS high, (
                SELECT position FROM jobs INDEXED BY queue_by_order
                WHERE state = 'queued' AND id != ?2 AND priority = other.priority
                AND position < other.position ORDER BY position DESC LIMIT 1
            ) AS low FROM jobs AS other WHERE other.id = ?1""",
        (other, job),
    ).fetchone()
    if row["low"] is None:
        return row["high"] - 1
    middle = (row["low"] + row["high"]) / 2
    return middle if row["low"] < middle < row["high"] else None


def _renumber(db: sqlite3.Connection) -> None:
    db.execute(
        """UPDATE jobs SET position = ranked.place FROM (
            SELECT seq AS ranked_seq, ROW_NUMBER() OVER (ORDER BY position) AS place
            FROM jobs WHERE state = 'queued'
        ) AS ranked WHERE seq = ranked_seq"""
    )
