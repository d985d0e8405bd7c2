"""The queue: accepted means on disk, leased means counted, ended means once.

States go `queued -> running -> succeeded | failed | cancelled | quarantined`. A job whose worker or
server died is `queued` again. No decision here compares wall clocks: the supervisor
decides with its own monotonic clock when a worker is lost, and a restart reclaims every lease,
because the folder's lock proves that nobody else can hold one.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from wirebrush.events import (
    Event,
    Finished,
    JobState,
    NodeFailed,
    Output,
    Problem,
    Queued,
    Started,
)
from wirebrush.jobs import accepting, attempts, failures, history, joborder, jobtable, timings
from wirebrush.jobs.errors import NotEnded, NotWaiting, QueueFull
from wirebrush.jobs.headroom import Headroom
from wirebrush.jobs.ids import Ids
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.records import Body, JobRecord, Submission

MAX_WAITING = 20_000
"""So many jobs of one owner may wait; more is a script gone wild."""
LATEST = 8
"""The bodies of so many jobs that were accepted last are at hand: most start at once."""
PAGE_LIMIT = 500


@dataclass(frozen=True, slots=True, eq=False)
class Lease:
    """A worker's claim on a job. `revoked` is set when the job was cancelled meanwhile."""

    job: JobRecord
    epoch: int
    body: Body
    revoked: asyncio.Event = field(default_factory=asyncio.Event, repr=False)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The answer to a cancel: the job, and whether this call is what ended it."""

    job: JobRecord
    changed: bool


Step: TypeAlias = Callable[[sqlite3.Connection, str], None]


def _nowhere(job: str, event: Event) -> None:
    """Publish to nobody."""


def _no_more(db: sqlite3.Connection, job: str) -> None:
    """Nothing else belongs to the job."""


class JobQueue:
    """Accepts, orders and hands out jobs; every change is in the journal before it is told.

    `publish(job id, event)` hears `Queued`, `Started` and `Finished`, after their commit.
    """

    def __init__(
        self,
        journal: Journal,
        publish: Callable[[str, Event], None] = _nowhere,
        headroom: Headroom | None = None,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._journal = journal
        self._publish = publish
        self._headroom = headroom
        self._max_waiting = max_waiting
        self._ids = Ids()
        self._leases: dict[str, Lease] = {}
        self._latest: dict[str, Body] = {}
        self._paused = False
        self._change = asyncio.Event()

    @classmethod
    async def open(
        cls,
        journal: Journal,
        publish: Callable[[str, Event], None] = _nowhere,
        headroom: Headroom | None = None,
        max_waiting: int = MAX_WAITING,
    ) -> JobQueue:
        """The queue of a journal, with the jobs that a dead server was running back in line."""
        queue = cls(journal, publish, headroom, max_waiting)
        queue._paused = await journal.read(lambda db: jobtable.setting(db, "paused")) == "1"
        await journal.write(attempts.reclaim)
        return queue

    # --- clients ------------------------------------------------------------------------------

    async def submit(self, submission: Submission, also: Step = _no_more) -> JobRecord:
        """Accept a job: when this returns, the job survives a power cut.

        `also(db, job id)` is a further step of the same transaction, if the job is new.
        IdempotencyConflict if the key is known with another body; the same body is the same job.
        QueueFull if the owner has too many waiting.
        """
        fresh = accepting.fresh(self._ids.new(), submission)

        def accept(db: sqlite3.Connection) -> tuple[JobRecord, int]:
            known = accepting.known(db, submission)
            key, front = submission.idempotency_key, submission.front
            if known is None and jobtable.waiting_of(db, submission.owner) >= self._max_waiting:
                raise QueueFull(
                    f"{self._max_waiting} jobs are waiting already.",
                    "Wait until some have run, or clear the queue.",
                )
            record = known or jobtable.insert(db, fresh, submission.body, key, front)
            if known is None and also is not _no_more:
                also(db, record.id)
                record = jobtable.require(db, record.id)
            return record, joborder.count_before(db, record)

        record, position = await self._journal.write(accept)
        if record.id == fresh.id:
            self._latest[record.id] = submission.body
            if len(self._latest) > LATEST:
                del self._latest[next(iter(self._latest))]
            self._tell(record.id, Queued(position))
        return record

    async def get(self, job: str) -> JobRecord | None:
        """A job, or None if there is none of that id: which is not the same as done."""
        return await self._journal.read(lambda db: jobtable.get(db, job))

    async def body(self, job: str) -> Body | None:
        """What a job computes: its prompt, targets, workflow and metadata."""
        return await self._journal.read(lambda db: jobtable.body(db, job))

    async def failures(self, job: str) -> list[NodeFailed]:
        """The nodes that failed in a job, with what helps whoever wrote them; those first told."""
        return await self._journal.read(lambda db: failures.of(db, job))

    async def page(
        self,
        states: Sequence[JobState] = (),
        before: str | None = None,
        limit: int = 50,
        owner: str | None = None,
        group: str | None = None,
        document: str | None = None,
    ) -> list[JobRecord]:
        """History: the latest first; the next page is `before` the last id of this one."""
        count = max(1, min(limit, PAGE_LIMIT))
        equal = {"owner": owner, "group_id": group, "document": document}
        return await self._journal.read(
            lambda db: jobtable.page(db, states, before, count, **equal)
        )

    async def waiting(self, limit: int = PAGE_LIMIT) -> list[JobRecord]:
        """Queued jobs, the next one first (owners of equal priority take turns)."""
        return await self._journal.read(lambda db: jobtable.waiting(db, limit))

    async def estimates(self, types: Collection[str]) -> dict[str, float]:
        """Seconds that a node of each type takes, as far as one of it ever ran."""
        return await self._journal.read(lambda db: timings.estimates(db, types))

    async def counts(self) -> dict[str, int]:
        """How many jobs there are by state."""
        return await self._journal.read(jobtable.counts)

    async def cancel(self, job: str) -> Cancelled | None:
        """End a job in whatever state it is. A job that has ended stays as it ended."""

        def end(db: sqlite3.Connection) -> tuple[JobRecord | None, bool]:
            changed = jobtable.cancel(db, job, time.time())
            return jobtable.get(db, job), changed

        record, changed = await self._journal.write(end)
        if record is None:
            return None
        if changed:
            self._cancelled(job)
        return Cancelled(record, changed)

    async def cancel_waiting(self, owner: str | None = None) -> list[str]:
        """Cancel all queued jobs (of one owner); running ones go on. Their ids."""
        ended = await self._journal.write(
            lambda db: jobtable.cancel_waiting(db, owner, time.time())
        )
        for job in ended:
            self._cancelled(job)
        return ended

    async def withdraw(self, jobs: Sequence[str]) -> list[str]:
        """Forget those of these jobs that never began: their ids. The others stay as they are."""
        gone = await self._journal.write(lambda db: history.withdraw(db, jobs))
        for job in gone:
            self._publish(job, Finished("cancelled", forgotten=True))
        return gone

    async def retry(self, job: str) -> JobRecord | None:
        """A new job from the body of one that has ended; NotEnded if it still may end well."""
        old = await self.get(job)
        work = await self.body(job)
        if old is None or work is None:
            return None
        if not old.ended_for_good:
            raise NotEnded(f"Job {job} is {old.state}.", "Cancel it first, or wait for its end.")
        again = Submission(
            *(work.prompt, work.targets, work.workflow, work.metadata, old.priority),
            owner=old.owner,
            group=old.group,
            rules=work.rules,
        )
        fresh = replace(accepting.fresh(self._ids.new(), again), retry_of=job)
        record = await self._journal.write(lambda db: jobtable.insert(db, fresh, work, None, False))
        self._tell(record.id, Queued(0))
        return record

    async def move(
        self, job: str, *, before: str | None = None, priority: int | None = None
    ) -> JobRecord | None:
        """Put a queued job before another, to the end of a priority, or (neither) to the front.

        NotWaiting if the job or the other one is not queued any more.
        """

        def place(db: sqlite3.Connection) -> tuple[bool, JobRecord | None]:
            moved = jobtable.move(db, job, before, priority)
            return moved, jobtable.get(db, job)

        moved, record = await self._journal.write(place)
        if record is not None and not moved:
            what = f"Job {job} is {record.state}." if before is None else "One of them started."
            raise NotWaiting(what, "Only jobs that wait have a place in the queue.")
        self._wake()
        return record

    async def forget(self, before: float) -> int:
        """Forget jobs that ended before that time: how many. Others may go in between."""
        forgotten = 0
        while count := await self._journal.write(lambda db: history.forget(db, before)):
            forgotten += count
        return forgotten

    async def pause(self) -> None:
        """Start nothing new, also after a restart. What runs goes on."""
        await self._set_paused(True)

    async def resume(self) -> None:
        """Start jobs again."""
        await self._set_paused(False)

    @property
    def paused(self) -> bool:
        """Whether a person paused the queue."""
        return self._paused

    def obstacle(self) -> str | None:
        """Why nothing new starts: paused, or too little disk space. None if jobs start."""
        if self._paused:
            return "The queue is paused."
        return None if self._headroom is None else self._headroom.lack()

    def at_work(self, job: str) -> Body | None:
        """What a job computes that some worker has right now; None for all others."""
        lease = self._leases.get(job)
        return None if lease is None else lease.body

    # --- workers ------------------------------------------------------------------------------

    async def lease(self, worker: str) -> Lease | None:
        """Claim the next job for a worker, which runs from now on; None if there is none, or an
        obstacle."""
        if self.obstacle() is not None:
            return None
        claimed = await self._journal.write(
            lambda db: jobtable.lease(db, worker, time.time(), self._latest)
        )
        if claimed is None:
            return None
        lease = Lease(*claimed)
        job = lease.job
        self._latest.pop(job.id, None)
        self._leases[job.id] = lease
        self._publish(job.id, Started(worker, job.attempt, job.nodes))
        return lease

    @property
    def change(self) -> asyncio.Event:
        """Set at the next change after which there may be a job. Take it before `lease`."""
        return self._change

    async def progressed(self, lease: Lease) -> None:
        """The job finished a node: interruptions before it were not its fault."""
        await self._journal.write(
            lambda db: jobtable.update_held(db, lease.job.id, lease.epoch, interruptions=0)
        )

    async def add_outputs(self, lease: Lease, shown: Mapping[str, Sequence[Output]]) -> bool:
        """Record what nodes show. False: the lease is stale, nothing was recorded."""
        return await self._journal.write(
            lambda db: jobtable.add_outputs(db, lease.job.id, lease.epoch, shown)
        )

    async def finish(
        self, lease: Lease, end: Finished, failed: Sequence[NodeFailed] = ()
    ) -> JobRecord | None:
        """Record a job's end, and what is known of the nodes that failed. None: the lease is
        stale, and the job ended (or runs) otherwise."""

        def commit(db: sqlite3.Connection) -> JobRecord | None:
            problems = (*lease.job.problems, *end.problems)  # with those of earlier attempts
            record = jobtable.finish(
                db, lease.job.id, lease.epoch, end.state, end.summary, problems, time.time()
            )
            if record is not None:
                timings.note(db, record.id, lease.body.prompt, end.summary.per_node)
                failures.keep(db, record.id, failed)
            return record

        record = await self._journal.write(commit)
        self._drop(lease)
        if record is not None:
            self._publish(record.id, Finished(record.state, record.summary, record.problems))
        return record

    async def crashed(self, lease: Lease, problem: Problem) -> JobRecord | None:
        """The worker died of this job: back in line once, then quarantined."""

        record = await self._journal.write(
            lambda db: attempts.crashed(db, lease.job, lease.epoch, problem)
        )
        self._drop(lease)
        if record is not None and record.state == "queued":
            self._tell(record.id, Queued(0))
        elif record is not None:
            self._publish(record.id, Finished(record.state, record.summary, record.problems))
        return record

    async def release(self, lease: Lease) -> JobRecord | None:
        """Give a job back unfinished, through no fault of its own (the server stops)."""
        record = await self._journal.write(
            lambda db: jobtable.requeue(db, lease.job.id, lease.epoch)
        )
        self._drop(lease)
        if record is not None:
            self._tell(record.id, Queued(0))
        return record

    # --- inside -------------------------------------------------------------------------------

    async def _set_paused(self, paused: bool) -> None:
        await self._journal.write(
            lambda db: jobtable.set_setting(db, "paused", "1" if paused else "0")
        )
        self._paused = paused
        self._wake()

    def _cancelled(self, job: str) -> None:
        lease = self._leases.pop(job, None)
        if lease is not None:
            lease.revoked.set()
        self._publish(job, Finished("cancelled"))

    def _drop(self, lease: Lease) -> None:
        if self._leases.get(lease.job.id) is lease:
            del self._leases[lease.job.id]

    def _tell(self, job: str, event: Queued) -> None:
        self._publish(job, event)
        self._wake()

    def _wake(self) -> None:
        self._change.set()  # for all who wait now;
        self._change = asyncio.Event()  # whoever comes next waits for the next change
