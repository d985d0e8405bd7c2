"""Forgetting jobs: those that ended long ago, and those that were taken back before they began.

Their rows go, and the bodies that nobody else has.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from wirebrush.events import FINAL_STATES

AT_ONCE = 200


def forget(db: sqlite3.Connection, before: float) -> int:
    """Forget some of the jobs that ended before that time, the oldest first: how many.

    Their pictures stay, and say themselves what made them.
    """
    marks = ", ".join("?" * len(FINAL_STATES))
    rows = db.execute(
        f"""SELECT id, body FROM jobs WHERE ended < ? AND state IN ({marks})
            ORDER BY ended LIMIT ?""",
        (before, *sorted(FINAL_STATES), AT_ONCE),
    ).fetchall()
    for row in rows:
        _remove(db, row)
    return len(rows)


def withdraw(db: sqlite3.Connection, jobs: Iterable[str]) -> list[str]:
    """Forget those of these jobs that wait and never began: their ids."""
    gone: list[str] = []
    for job in jobs:
        row = db.execute(
            "SELECT id, body FROM jobs WHERE id = ? AND state = 'queued' AND attempt = 0",
            (job,),
        ).fetchone()
        if row is not None:
            _remove(db, row)
            gone.append(job)
    return gone


def _remove(db: sqlite3.Connection, row: sqlite3.Row) -> None:
    db.execute("DELETE FROM outputs WHERE job = ?", (row["id"],))
    db.execute("DELETE FROM jobs WHERE id = ?", (row["id"],))
    db.execute(
        """DELETE FROM bodies WHERE digest = ?1
            AND NOT EXISTS (SELECT 1 FROM jobs WHERE body = ?1)""",
        (row["body"],),
    )
