"""What nodes of each type took in earlier jobs: the SQL behind estimates."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

KEPT = 25
"""Jobs per node type: enough for a median, and soon true again on another machine."""


def note(
    db: sqlite3.Connection, job: str, prompt: Mapping[str, Any], per_node: Mapping[str, float]
) -> None:
    """Remember what a job's nodes took, by node id in seconds: one median for each type."""
    by_type: dict[str, list[float]] = {}
    for node, seconds in per_node.items():
        if node in prompt:  # not one that was made at run time
            by_type.setdefault(prompt[node]["class_type"], []).append(seconds)
    if not by_type:
        return
    (number,) = db.execute("SELECT seq FROM jobs WHERE id = ?", (job,)).fetchone()
    for kind, seconds in by_type.items():
        db.execute(
            "INSERT OR REPLACE INTO timings VALUES (?, ?, ?)", (kind, number, median(seconds))
        )
        db.execute(
            """DELETE FROM timings WHERE type = ?1 AND job <= (
                SELECT job FROM timings WHERE type = ?1 ORDER BY job DESC LIMIT 1 OFFSET ?2
            )""",
            (kind, KEPT),
        )


def estimates(db: sqlite3.Connection, types: Iterable[str]) -> dict[str, float]:
    """Seconds that a node of each type takes, as far as one of it ever ran."""
    found: dict[str, float] = {}
    for kind in types:
        rows = db.execute("SELECT seconds FROM timings WHERE type = ?", (kind,)).fetchall()
        if rows:
            found[kind] = median(row["seconds"] for row in rows)
    return found
