"""Any sequence of what clients, workers, crashes and restarts do keeps the queue's promises."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush.events import Finished, Output, Problem
from wirebrush.jobs.errors import NotEnded, NotWaiting
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.queue import JobQueue, Lease
from wirebrush.jobs.records import JobRecord, Submission

OPERATIONS = (
    *("submit", "submit", "urgent", "lease", "lease", "output", "finish", "fail"),
    *("crash", "release", "cancel", "retry", "move", "before", "restart", "clear"),
)
STEPS = st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 7)), max_size=40)


@dataclass
class World:
    """A queue, every lease that was ever given out, and what was seen last of every job."""

    journal: Journal
    queue: JobQueue
    jobs: list[str] = field(default_factory=list[str])
    leases: list[Lease] = field(default_factory=list[Lease])
    seen: dict[str, JobRecord] = field(default_factory=dict[str, JobRecord])

    async def step(self, operation: str, pick: int) -> None:
        lease = self.leases[-1 - pick % len(self.leases)] if self.leases else None
        job = self.jobs[pick % len(self.jobs)] if self.jobs else "unknown"
        if operation in ("submit", "urgent"):
            prompt = {"1": {"class_type": "A", "inputs": {"n": len(self.jobs)}}}
            priority = pick if operation == "urgent" else 0
            self.jobs.append((await self.queue.submit(Submission(prompt, priority=priority))).id)
        elif operation == "lease":
            await self.lease()
        elif operation == "restart":
            self.queue = await JobQueue.open(self.journal)
        elif operation == "clear":
            await self.queue.cancel_waiting()
        elif lease is not None and operation in ("output", "finish", "fail", "crash"):
            await self.speak_for(lease, operation)
        elif lease is not None and operation == "release":
            await self.queue.release(lease)
        else:
            await self.ask(operation, job, pick)

    async def lease(self) -> None:
        first = await self.queue.waiting(1)
        lease = await self.queue.lease("w")
        assert (lease.job.id if lease else None) == (first[0].id if first else None)
        if lease is not None:
            assert lease.job.attempt == self.seen[lease.job.id].attempt + 1
            self.leases.append(lease)

    async def speak_for(self, lease: Lease, operation: str) -> None:
        """What an old lease says must not count; what the current one says must."""
        before = await self.record(lease.job.id)
        current = next(item for item in reversed(self.leases) if item.job.id == lease.job.id)
        held = before.state == "running" and lease is current
        if operation == "output":
            done = await self.queue.add_outputs(lease, {"1": [Output("text", text="x")]})
        elif operation == "crash":
            done = await self.queue.crashed(lease, Problem("crash", "It crashed.")) is not None
        else:
            state = "succeeded" if operation == "finish" else "failed"
            done = await self.queue.finish(lease, Finished(state)) is not None
        assert done == held
        if not held:
            assert await self.record(lease.job.id) == before

    async def ask(self, operation: str, job: str, pick: int) -> None:
        try:
            if operation == "cancel":
                await self.queue.cancel(job)
            elif operation == "retry":
                again = await self.queue.retry(job)
                if again is not None:
                    self.jobs.append(again.id)
            elif operation == "move":
                await self.queue.move(job)
            elif operation == "before" and self.jobs:
                await self.queue.move(job, before=self.jobs[pick // 2 % len(self.jobs)])
        except (NotEnded, NotWaiting):
            pass  # said so, changed nothing: `check` looks

    async def record(self, job: str) -> JobRecord:
        found = await self.queue.get(job)
        assert found is not None
        return found

    async def check(self) -> None:
        """Nothing is lost, an end is an end, attempts are counted, nothing runs for ever."""
        records = {job: await self.record(job) for job in self.jobs}
        for job, before in self.seen.items():
            now = records[job]
            assert now.attempt >= before.attempt
            if before.ended_for_good:
                assert now == before
        given = Counter(lease.job.id for lease in self.leases)
        for job, record in records.items():
            assert record.attempt == given[job]
        self.seen = records
        waiting = [record.id for record in await self.queue.waiting()]
        assert sorted(waiting) == sorted(j for j, r in records.items() if r.state == "queued")


async def play(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        journal = await Journal.open(Path(folder) / "journal.db")
        try:
            world = World(journal, await JobQueue.open(journal))
            for operation, pick in steps:
                await world.step(operation, pick)
                await world.check()
        finally:
            await journal.close()


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_any_sequence_keeps_the_promises(steps: list[tuple[str, int]]) -> None:
    asyncio.run(play(steps))
