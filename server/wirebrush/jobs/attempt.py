"""One lease on one worker: what the worker says about the job, stored first and told then."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from wirebrush.catalog import Catalog
from wirebrush.channel import Frame, text_to_bytes
from wirebrush.events import (
    FINAL_STATES,
    Event,
    Finished,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    Output,
    Problem,
    event_from_json,
    events_in,
)
from wirebrush.graph.origin import Origin, origin_of
from wirebrush.graph.prompt import Prompt
from wirebrush.jobs import failures
from wirebrush.jobs.assets import AssetStore, MadeBy
from wirebrush.jobs.desk import WorkerDesk
from wirebrush.jobs.errors import JobsError, WorkerFailed
from wirebrush.jobs.filling import filled
from wirebrush.jobs.queue import JobQueue, Lease
from wirebrush.jobs.waits import dropped
from wirebrush.jobs.worker import WorkerProcess

MOST_HEARD = 2_000
"""So many events may wait until what they show is stored; then the worker waits too."""

log = logging.getLogger("wirebrush.jobs")


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

    `failed` are the nodes that went wrong, the first of them.
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
        self.failed: list[NodeFailed] = []
        self._worker = worker
        self._services = services
        self._catalog = catalog
        self._prompt: Prompt | None = None
        self._origins: dict[str, Origin] = {}
        self._stored: dict[tuple[str, str], list[str]] = {}  # names by node and asset id
        self._heard: list[Event] = []
        self._telling: asyncio.Task[None] | None = None
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
                "targets": list(body.targets),
                "metadata": body.metadata,
                "previews": True,
                "scope": self.lease.job.id,
                "rules": body.rules,
            },
            text_to_bytes(body.prompt_text),
        )

    async def cancel(self) -> None:
        """Ask the worker to stop at the next opportunity."""
        await self._worker.send({"type": "cancel", "job": self.lease.job.id})

    async def told(self) -> None:
        """All that the worker said so far is stored and told."""
        if self._telling is not None:
            await asyncio.wait([self._telling])

    async def close(self) -> None:
        """Tell nothing more."""
        if self._telling is not None:
            await dropped(self._telling)

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
        elif frame.type in ("event", "events"):
            for event in events_in(frame.header, frame.blob):
                self._hear(event)
            if len(self._heard) >= MOST_HEARD:
                await self.told()
        elif frame.type == "finished" and not self.ended.done():
            end = event_from_json(frame.header["event"])
            if not isinstance(end, Finished) or end.state not in FINAL_STATES:
                raise ValueError(f"{frame.header['event']} is no end")
            await self.told()
            self.ended.set_result(end)

    async def _store(self, frame: Frame) -> None:
        header = frame.header
        job, node = self.lease.job, str(header["node"])
        made = MadeBy(
            *(job.id, node, int(header["index"])),
            prefix=filled(
                str(header.get("name", "")),
                self.lease.body.prompt,
                datetime.fromtimestamp(job.created),
                (header.get("width"), header.get("height")),
                int(header["index"]),
            ),
            mime=str(header.get("mime", "")),
            kind="preview" if header.get("kind") == "preview" else "output",
            origin=self._origin_of(node),
            document=job.document,
            document_name=job.title,
            counted=self.lease.body.rules == "comfy" and header.get("kind") != "preview",
        )
        record = await self._services.assets.put_output(frame.blob, made)
        if record.id != header["id"]:
            raise WorkerFailed("A picture was changed on its way from the worker.", "Retry.")
        self._stored.setdefault((node, record.id), []).append(record.name)

    def _origin_of(self, node: str) -> Origin:
        """What a node's pictures are made of, worked out once."""
        if self._prompt is None:
            self._prompt = Prompt.from_json(self.lease.body.prompt)
        if node not in self._origins:
            self._origins[node] = origin_of(self._prompt, node, self._catalog)
        return self._origins[node]

    def _hear(self, event: Event) -> None:
        """What matters if the worker dies is known at once; the rest is stored first."""
        if isinstance(event, NodeStarted):
            self.node = event.node
            if event.effects:
                self.acting[event.node] = None
        if isinstance(event, NodeFinished):
            self.acting.pop(event.node, None)
        if isinstance(event, NodeFailed) and len(self.failed) < failures.KEPT:
            self.failed.append(event)
        self._heard.append(event)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        """Store what the events show, then tell them: all that came meanwhile in one go."""
        try:
            while self._heard:
                heard, self._heard = self._heard, []
                for event in await self._stored_first(heard):
                    if not self.lease.revoked.is_set():
                        self._services.publish(self.lease.job.id, event)
        except JobsError as error:
            self._give_up(error.problem())
        except Exception as error:  # a bug of ours ends the job, not the worker
            log.exception("what job %s shows", self.lease.job.id)
            self._give_up(Problem("supervisor_failed", f"The supervisor failed: {error!r}."))

    async def _stored_first(self, heard: Sequence[Event]) -> list[Event]:
        """The events with their files' names here, without those that came too late to be kept."""
        ended = [event for event in heard if isinstance(event, NodeFinished)]
        if not self._progressed and any(not event.cached for event in ended):
            self._progressed = True
            await self._services.queue.progressed(self.lease)
        showing = [event for event in ended if event.outputs]
        if not showing:
            return list(heard)
        again = await self._shown_again(showing)
        shown = {event.node: self._named(event, again) for event in showing}
        kept = await self._services.queue.add_outputs(self.lease, shown)
        return [
            replace(event, outputs=tuple(shown[event.node]))
            if isinstance(event, NodeFinished) and event.outputs
            else event
            for event in heard
            if kept or not (isinstance(event, NodeFinished) and event.outputs)
        ]

    async def _shown_again(self, showing: Sequence[NodeFinished]) -> dict[str, list[str]]:
        """The names of files that an earlier job made, the latest last; all of them for those
        that a node shows more than once."""
        counts = Counter(
            (event.node, o.asset) for event in showing for o in event.outputs if o.asset is not None
        )
        unknown = {
            asset: count
            for (node, asset), count in counts.items()
            if (node, asset) not in self._stored
        }
        records = await self._services.assets.show_again(unknown)
        double = [asset for asset, count in unknown.items() if count > 1 and asset in records]
        labels = await self._services.assets.labels(double) if double else {}
        return {asset: labels.get(asset) or [record.name] for asset, record in records.items()}

    def _named(self, event: NodeFinished, again: Mapping[str, list[str]]) -> list[Output]:
        """What a node shows under its names here: equal files, which are one, under one each."""
        assets = [o.asset for o in event.outputs if o.asset is not None]
        left = {
            asset: (self._stored.get((event.node, asset)) or again.get(asset, []))[-count:]
            for asset, count in Counter(assets).items()
        }
        named: list[Output] = []
        for output in event.outputs:
            names = left.get(output.asset or "", [])
            name = names.pop(0) if len(names) > 1 else "".join(names) or output.name
            named.append(replace(output, name=name))
        return named

    def _give_up(self, problem: Problem) -> None:
        self.problem = self.problem or problem
        self.trouble.set()
