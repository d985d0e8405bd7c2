"""The order of queued jobs: by priority, then by position, a number with room between any two."""

from __future__ import annotations

import sqlite3

from wirebrush.jobs.records import JobRecord


def last_position(db: sqlite3.Connection) -> float:
    """A position behind all queued jobs."""
    row = db.execute("SELECT COALESCE(MAX(position), 0) + 1 FROM jobs WHERE state = 'queued'")
    return row.fetchone()[0]


def front(db: sqlite3.Connection, owner: str, priority: int) -> tuple[int, float]:
    """Priority and position before all jobs of an owner.

    Before one's own jobs only: whose turn it is stays a matter of fair share.
    """
    row = db.execute(
        """SELECT MAX(priority) AS priority, MIN(position) - 1 AS position
            FROM jobs WHERE state = 'queued' AND owner = ?""",
        (owner,),
    ).fetchone()
    if row["priority"] is None:
        return priority, last_position(db)
    return max(priority, row["priority"]), row["position"]


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
        """SELECT COUNT(*) FROM jobs WHERE state = 'queued'
            AND (priority > ?1 OR (priority = ?1 AND position < ?2))""",
        (record.priority, record.position),
    ).fetchone()[0]


def _gap_before(db: sqlite3.Connection, job: str, other: str) -> float | None:
    row = db.execute(
        """SELECT other.position AS high, (
                SELECT MAX(position) FROM jobs WHERE state = 'queued' AND id != ?2
                AND priority = other.priority AND position < other.position
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
