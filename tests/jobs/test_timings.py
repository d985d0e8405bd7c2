"""Estimates come from what nodes took."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush.events import Finished, Summary
from wirebrush.jobs import timings
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.queue import JobQueue
from wirebrush.jobs.records import Submission

PROMPT: dict[str, Any] = {
    "1": {"class_type": "Load", "inputs": {}},
    "2": {"class_type": "Paint", "inputs": {}},
    "3": {"class_type": "Paint", "inputs": {}},
}


async def run(queue: JobQueue, **seconds: float) -> None:
    await queue.submit(Submission(PROMPT))
    lease = await queue.lease("w")
    assert lease is not None
    per_node = {name.removeprefix("n"): value for name, value in seconds.items()}
    await queue.finish(lease, Finished("succeeded", Summary(per_node=per_node)))


async def test_the_median_of_earlier_runs(queue: JobQueue) -> None:
    assert await queue.estimates({"Load", "Paint"}) == {}
    await run(queue, n1=1.0, n2=2.0, n3=4.0)
    assert await queue.estimates({"Load", "Paint", "Never"}) == {"Load": 1.0, "Paint": 3.0}
    await run(queue, n2=10.0)  # the others came from the cache
    await run(queue, n2=30.0, **{"2.1": 99.0})  # and a node that was made at run time
    assert await queue.estimates({"Load", "Paint"}) == {"Load": 1.0, "Paint": 10.0}


@settings(max_examples=15, deadline=None)
@given(seconds=st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
async def test_only_the_latest_count(
    tmp_path_factory: pytest.TempPathFactory, seconds: list[float]
) -> None:
    journal = await Journal.open(tmp_path_factory.mktemp("j") / "journal.db")
    try:
        queue = await JobQueue.open(journal)
        for value in seconds:
            await run(queue, n1=value)
        latest = seconds[-timings.KEPT :]
        assert await queue.estimates({"Load"}) == {"Load": median(latest)}
    finally:
        await journal.close()
