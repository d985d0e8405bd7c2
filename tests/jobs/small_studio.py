"""A queue, a store and supervised workers in a folder: the jobs floor without its server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wirebrush.events import Event, NodeStarted
from wirebrush.jobs.assets import AssetStore
from wirebrush.jobs.attempt import Services
from wirebrush.jobs.desk import WorkerDesk
from wirebrush.jobs.errors import PackFatal
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.leftovers import Leftovers
from wirebrush.jobs.limits import Limits
from wirebrush.jobs.queue import JobQueue
from wirebrush.jobs.records import JobRecord, Submission
from wirebrush.jobs.status import Listeners, WorkerStatus
from wirebrush.jobs.supervisor import Supervisor
from wirebrush.jobs.worker import WorkerCommand

TINY = Path(__file__).with_name("tiny_worker.py")
QUICK = Limits(
    hello=300,
    beat=60,
    node=300,
    cancel_grace=0.2,
    term_grace=0.2,
    drain=0.2,
    first_pause=0.01,
    look_again=1,
    insist=0.05,
)


def tiny(folder: Path, name: str = "tiny-0", how: str = "") -> WorkerCommand:
    return WorkerCommand(name, (sys.executable, str(TINY), how), folder / "logs" / f"{name}.log")


@dataclass
class Studio:
    """Queue, assets and one supervised tiny worker in a folder."""

    folder: Path
    queue: JobQueue
    assets: AssetStore
    heard: list[tuple[str, Event]] = field(default_factory=list)
    statuses: list[WorkerStatus] = field(default_factory=list)
    catalogs: list[Any] = field(default_factory=list)
    fatals: list[PackFatal] = field(default_factory=list)
    desk: WorkerDesk = field(default_factory=lambda: WorkerDesk(seconds=300))

    @classmethod
    async def open(cls, folder: Path, journal: Journal) -> Studio:
        heard: list[tuple[str, Event]] = []
        queue = await JobQueue.open(journal, lambda job, event: heard.append((job, event)))
        return cls(folder, queue, await AssetStore.open(folder / "assets", journal), heard)

    @asynccontextmanager
    async def working(
        self,
        limits: Limits = QUICK,
        how: str = "",
        name: str = "tiny-0",
        command: WorkerCommand | None = None,
    ) -> AsyncIterator[Supervisor]:
        """While the block runs, a worker serves the queue."""
        services = Services(
            self.queue, self.assets, lambda *item: self.heard.append(item), self.desk
        )
        listeners = Listeners(self.catalogs.append, self.statuses.append, self.fatals.append)
        leftovers = Leftovers(self.folder / "workers")
        supervisor = Supervisor(
            command or tiny(self.folder, name, how), limits, services, leftovers, listeners
        )
        running = asyncio.create_task(supervisor.run())
        try:
            yield supervisor
        finally:
            await supervisor.stop()
            await running

    async def submit(self, *nodes: str | tuple[str, dict[str, Any]]) -> str:
        prompt = {
            str(number): {
                "class_type": node if isinstance(node, str) else node[0],
                "inputs": {} if isinstance(node, str) else node[1],
            }
            for number, node in enumerate(nodes, 1)
        }
        return (await self.queue.submit(Submission(prompt))).id

    async def state(self, job: str, *states: str) -> JobRecord:
        """Wait until the job is in one of these states."""
        async with asyncio.timeout(300):
            while True:
                record = await self.queue.get(job)
                assert record is not None
                if record.state in states:
                    return record
                assert not record.ended_for_good, record
                await asyncio.sleep(0.02)

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(300):
            while not seen():  # noqa: ASYNC110 (what is waited for has no event)
                await asyncio.sleep(0.02)

    def started(self, job: str, node: str) -> bool:
        return (job, NodeStarted(node)) in self.heard

    def heard_of(self, job: str, kind: type[Any]) -> bool:
        return any(about == job and isinstance(event, kind) for about, event in self.heard)
