"""What a submission becomes: a new job, or the one that it was before."""

from __future__ import annotations

import sqlite3
import time

from wirebrush.graph.detect import document_id
from wirebrush.jobs import jobtable
from wirebrush.jobs.errors import IdempotencyConflict
from wirebrush.jobs.records import JobRecord, Submission, body_digest


def fresh(job: str, submission: Submission) -> JobRecord:
    workflow = submission.workflow or {}
    title = str(workflow.get("name") or "")
    return JobRecord(
        job,
        "queued",
        submission.priority,
        position=0.0,
        created=time.time(),
        title=title,
        owner=submission.owner,
        nodes=len(submission.prompt),
        document=document_id(workflow) or None,
        group=submission.group,
    )


def known(db: sqlite3.Connection, submission: Submission) -> JobRecord | None:
    key = submission.idempotency_key
    known = None if key is None else jobtable.by_key(db, submission.owner, key)
    if known is None:
        return None
    record, digest = known
    before = jobtable.body(db, record.id)
    same = digest == body_digest(submission.body.to_text())
    if not same and (before is None or not submission.body.repeats(before)):
        raise IdempotencyConflict(
            f"The idempotency key {key!r} belongs to job {record.id}, which has another body.",
            "Use a new key for a new job; repeat a key only with the same workflow.",
        )
    return record
