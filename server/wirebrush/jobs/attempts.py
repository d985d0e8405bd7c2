"""How often a job may be tried: what a crash and what a dead server count for.

Each function is a step inside a transaction of `Journal`.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace

from wirebrush.events import Problem
from wirebrush.jobs import jobtable
from wirebrush.jobs.records import JobRecord

MAX_CRASHES = 2
"""A job may kill so many workers; then it is put aside."""
MAX_INTERRUPTIONS = 5
"""A server may die so often while a job runs and finishes no node; then the job is suspected."""


def crashed(
    db: sqlite3.Connection, record: JobRecord, epoch: int, problem: Problem
) -> JobRecord | None:
    """A worker died of the job: back in line, or quarantined. None if the lease is stale."""
    warned = (*record.problems, replace(problem, severity="warning"))
    crashes = jobtable.count_crash(db, record.id, epoch, warned)
    if crashes is None:
        return None
    if crashes < MAX_CRASHES:
        return jobtable.requeue(db, record.id, epoch)
    message = f"This job is put aside: {crashes} attempts ended so. {problem.message}"
    return _put_aside(db, record, epoch, replace(problem, message=message, severity="error"))


def reclaim(db: sqlite3.Connection) -> None:
    """Put back what a dead server was running, but not a job that every server dies of."""
    for job, epoch, interruptions in jobtable.held(db):
        record = jobtable.update_held(db, job, epoch, interruptions=interruptions + 1)
        if record is None or interruptions + 1 < MAX_INTERRUPTIONS:
            jobtable.requeue(db, job, epoch)
            continue
        problem = Problem(
            "job_interrupted",
            f"The server stopped {interruptions + 1} times while this job ran, and none of its"
            " nodes got finished in between.",
            "The machine may be running out of memory. Try a smaller picture, then retry the job.",
        )
        _put_aside(db, record, epoch, problem)


def _put_aside(
    db: sqlite3.Connection, record: JobRecord, epoch: int, problem: Problem
) -> JobRecord | None:
    problems = (*record.problems, problem)
    return jobtable.finish(
        db, record.id, epoch, "quarantined", record.summary, problems, time.time()
    )
