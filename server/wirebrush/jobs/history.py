"""Forgetting jobs that ended long ago: their rows, and the bodies that nobody else has."""

from __future__ import annotations

import sqlite3

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
        db.execute("DELETE FROM outputs WHERE job = ?", (row["id"],))
        db.execute("DELETE FROM jobs WHERE id = ?", (row["id"],))
        db.execute(
            """DELETE FROM bodies WHERE digest = ?1
                AND NOT EXISTS (SELECT 1 FROM jobs WHERE body = ?1)""",
            (row["body"],),
        )
    return len(rows)
