"""One lease on one worker: what the worker says about the job, stored first and told then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wirebrush.catalog import Catalog
from wirebrush.channel import Frame
from wirebrush.events import (
    FINAL_STATES,
    Event,
    Finished,
    NodeFinished,
    NodeStarted,
    Output,
    Problem,
    event_from_json,
)
from wirebrush.graph.origin import Origin, origin_of
from wirebrush.graph.prompt import Prompt
from wirebrush.jobs.assets import AssetStore, MadeBy
from wirebrush.jobs.desk import WorkerDesk
from wirebrush.jobs.errors import JobsError, WorkerFailed
from wirebrush.jobs.queue import JobQueue, Lease
from wirebrush.jobs.worker import WorkerProcess


@dataclass(frozen=True, slots=True)
class Services:
    """What an attempt works with. `publish(job id, event)` tells the clients, `desk` brings
    their questions to workers."""

    queue: JobQueue
    assets: AssetStore
    publish: Callable[[str, Event], None]
    desk: WorkerDesk = field(default_factory=WorkerDesk)


class Attempt:
    """Takes the frames of one job. `ended` is done when the worker is free again.

    `trouble` is set when the server could not keep what the worker made: a full disk, mostly.
    """

    def __init__(
        self, lease: Lease, worker: WorkerProcess, services: Services, catalog: Catalog
    ) -> None:
        self.lease = lease
        self.ended: asyncio.Future[Finished] = asyncio.get_running_loop().create_future()
        self.trouble = asyncio.Event()
        self.problem: Problem | None = None
        self.node: str | None = None
        self.acting: dict[str, None] = {}
        self._worker = worker
        self._services = services
        self._catalog = catalog
        self._prompt: Prompt | None = None
        self._origins: dict[str, Origin] = {}
        self._stored: dict[str, str] = {}  # asset id -> name of its readable copy
        self._progressed = lease.job.attempt == 1  # nothing to forgive at the first attempt

    async def send(self) -> None:
        """Give the job to the worker."""
        body = self.lease.body
        await self._worker.send(
            {
                "type": "run",
                "job": self.lease.job.id,
                "epoch": self.lease.epoch,
                "attempt": self.lease.job.attempt,
                "prompt": body.prompt,
                "targets": list(body.targets),
                "metadata": body.metadata,
                "previews": True,
                "scope": self.lease.job.id,
                "rules": body.rules,
            }
        )

    async def cancel(self) -> None:
        """Ask the worker to stop at the next opportunity."""
        await self._worker.send({"type": "cancel", "job": self.lease.job.id})

    def type_of(self, node: str | None) -> str | None:
        """The type of a node of the prompt."""
        found: Mapping[str, Any] = self.lease.body.prompt.get(node or "", {})
        return found.get("class_type")

    async def take(self, frame: Frame) -> None:
        """Handle a frame, if it is about this job and this epoch of it. Never raises."""
        header = frame.header
        if header.get("job") != self.lease.job.id or header.get("epoch") != self.lease.epoch:
            return
        try:
            await self._handle(frame)
        except JobsError as error:
            self._give_up(error.problem())
        except (KeyError, TypeError, ValueError) as error:
            self._give_up(
                Problem(
                    "worker_protocol",
                    f"The worker sent a {frame.type!r} message that makes no sense: {error!r}.",
                    "Server and worker may be of different releases; install again.",
                )
            )

    async def _handle(self, frame: Frame) -> None:
        if frame.type == "asset":
            await self._store(frame)
        elif frame.type == "event":
            await self._event(event_from_json(frame.header["event"], frame.blob))
        elif frame.type == "finished" and not self.ended.done():
            end = event_from_json(frame.header["event"])
            if not isinstance(end, Finished) or end.state not in FINAL_STATES:
                raise ValueError(f"{frame.header['event']} is no end")
            self.ended.set_result(end)

    async def _store(self, frame: Frame) -> None:
        header = frame.header
        job, node = self.lease.job, str(header["node"])
        made = MadeBy(
            *(job.id, node, int(header["index"])),
            prefix=str(header.get("name", "")),
            mime=str(header.get("mime", "")),
            kind="preview" if header.get("kind") == "preview" else "output",
            origin=self._origin_of(node),
            document=job.document,
            document_name=job.title,
        )
        record = await self._services.assets.put_output(frame.blob, made)
        if record.id != header["id"]:
            raise WorkerFailed("A picture was changed on its way from the worker.", "Retry.")
        self._stored[record.id] = record.name

    def _origin_of(self, node: str) -> Origin:
        """What a node's pictures are made of, worked out once."""
        if self._prompt is None:
            self._prompt = Prompt.from_json(self.lease.body.prompt)
        if node not in self._origins:
            self._origins[node] = origin_of(self._prompt, node, self._catalog)
        return self._origins[node]

    async def _event(self, event: Event) -> None:
        if isinstance(event, NodeStarted):
            self.node = event.node
            if event.effects:
                self.acting[event.node] = None
        if isinstance(event, NodeFinished):
            self.acting.pop(event.node, None)
            if not event.cached and not self._progressed:
                self._progressed = True
                await self._services.queue.progressed(self.lease)
            outputs = [await self._named(output) for output in event.outputs]
            if not await self._keep(event.node, outputs):
                return
            event = replace(event, outputs=tuple(outputs))
        if not self.lease.revoked.is_set():
            self._services.publish(self.lease.job.id, event)

    async def _keep(self, node: str, outputs: Sequence[Output]) -> bool:
        if not outputs:
            return True
        return await self._services.queue.add_outputs(self.lease, node, outputs)

    async def _named(self, output: Output) -> Output:
        """The output under the name that its file has here, also if an earlier job made it."""
        if output.asset is None:
            return output
        name = self._stored.get(output.asset)
        if name is None:
            known = await self._services.assets.show_again(output.asset)
            name = output.name if known is None else known.name
        return replace(output, name=name)

    def _give_up(self, problem: Problem) -> None:
        self.problem = self.problem or problem
        self.trouble.set()
