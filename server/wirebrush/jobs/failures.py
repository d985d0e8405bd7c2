"""What is known of nodes that failed beyond the sentence in the job's problems: the SQL behind it.

It is kept apart: lists of jobs read short rows.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable

from wirebrush.events import NodeFailed, event_from_json, event_to_json

KEPT = 50
"""So many are worth keeping of a job: a thousand nodes that fail mostly fail in one way."""


def keep(db: sqlite3.Connection, job: str, failed: Iterable[NodeFailed]) -> None:
    """Keep how nodes failed in the attempt that ended a job."""
    rows = [
        (job, index, zlib.compress(json.dumps(event_to_json(failure)).encode(), 1))
        for index, failure in enumerate(failed)
    ]
    db.executemany("INSERT INTO failures VALUES (?, ?, ?)", rows)


def of(db: sqlite3.Connection, job: str) -> list[NodeFailed]:
    """How nodes of a job failed; none for an unknown job."""
    rows = db.execute("SELECT data FROM failures WHERE job = ? ORDER BY idx", (job,)).fetchall()
    events = [event_from_json(json.loads(zlib.decompress(row["data"]))) for row in rows]
    return [event for event in events if isinstance(event, NodeFailed)]
