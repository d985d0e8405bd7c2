"""How nodes failed is kept as long as their job is."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush.events import Finished, NodeFailed, Problem
from wirebrush.jobs import failures
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.queue import JobQueue
from wirebrush.jobs.records import Submission
from wirebrush.jobs.schema import migrate

PROBLEM = Problem("node_failed", "Kettle failed: ValueError: empty", node="3")
FAILED = NodeFailed("3", PROBLEM, "ValueError", ("line 1\n", "\ud800\n"), {"strength": 2.5})


async def failed(queue: JobQueue, submission: Callable[..., Submission]) -> str:
    job = await queue.submit(submission(1))
    lease = await queue.lease("w")
    assert lease is not None
    await queue.finish(lease, Finished("failed", problems=(PROBLEM,)), [FAILED])
    return job.id


async def test_it_is_there_after_a_restart(
    journal: Journal, submission: Callable[..., Submission]
) -> None:
    job = await failed(await JobQueue.open(journal), submission)
    assert await (await JobQueue.open(journal)).failures(job) == [FAILED]


async def test_it_is_forgotten_with_its_job(
    journal: Journal, submission: Callable[..., Submission]
) -> None:
    queue = await JobQueue.open(journal)
    job = await failed(queue, submission)
    assert await queue.forget(time.time() + 1) == 1
    assert await queue.failures(job) == []
    left = await journal.read(lambda db: db.execute("SELECT COUNT(*) FROM failures").fetchone()[0])
    assert left == 0


async def test_a_cancelled_job_has_none(
    journal: Journal, submission: Callable[..., Submission]
) -> None:
    queue = await JobQueue.open(journal)
    job = await queue.submit(submission(1))
    lease = await queue.lease("w")
    assert lease is not None
    await queue.cancel(job.id)
    assert await queue.finish(lease, Finished("failed", problems=(PROBLEM,)), [FAILED]) is None
    assert await queue.failures(job.id) == []


@settings(max_examples=30, deadline=None)
@given(
    inputs=st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()),
    trace=st.lists(st.text()),
)
def test_every_text_comes_back_as_it_was(inputs: dict[str, object], trace: list[str]) -> None:
    told = NodeFailed("1", PROBLEM, "E", tuple(trace), inputs)
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    migrate(db, Path("journal.db"))
    failures.keep(db, "job", [told])
    assert failures.of(db, "job") == [told]
    db.close()
