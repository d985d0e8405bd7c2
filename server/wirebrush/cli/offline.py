"""Running a prompt in a worker of our own: no server, no queue, the data folder's cache."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from wirebrush.catalog import Catalog
from wirebrush.channel import Frame, text_to_bytes
from wirebrush.cli.devices import device_names
from wirebrush.cli.graphs import Runnable
from wirebrush.cli.library import Library
from wirebrush.cli.say import complain
from wirebrush.config import Config
from wirebrush.events import Event, Finished, Problem, event_from_json, events_in
from wirebrush.folders import packaged_roots
from wirebrush.jobs.errors import PackFatal
from wirebrush.jobs.filling import filled
from wirebrush.jobs.limits import Limits
from wirebrush.jobs.packswitches import PackSwitches
from wirebrush.jobs.worker import WorkerCommand, WorkerProcess
from wirebrush.packlist import BUILTIN

LIMITS = Limits()
SLOW_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Made:
    """A file that a node made."""

    node: str
    index: int
    name: str
    mime: str
    kind: str
    width: int | None
    height: int | None
    data: bytes


class OfflineWorker:
    """A worker process for one command."""

    def __init__(self, process: WorkerProcess, catalog: Catalog, library: Library) -> None:
        self._process = process
        self.catalog = catalog
        self.library = library

    @classmethod
    async def start(cls, config: Config) -> OfflineWorker:
        """Start it and wait for its catalog; WorkerFailed says why it did not come."""
        await asyncio.to_thread(config.data.mkdir, parents=True, exist_ok=True)
        device = (config.workers or await asyncio.to_thread(device_names))[0]
        switches = PackSwitches(config.data, config.packs_on, config.all_packs_on)
        command = WorkerCommand.engine(
            f"run-{os.getpid()}",
            device,
            config.data,
            models=(*config.models, *packaged_roots()),
            model_folders=config.model_folders,
            packs=() if config.packs is None else (config.packs,),
            comfy_packs=config.comfy_packs,
            choice=switches.choice(),
            memory_bytes=config.memory_cache,
            disk_bytes=config.disk_cache,
            vram_limit=config.vram_limit,
        )
        process, catalog = await _started(command, switches)
        return cls(process, Catalog.from_json(switches.remembering(catalog)), Library(config))

    async def run(
        self,
        graph: Runnable,
        tell: Callable[[Event], None],
        keep: Callable[[Made], None],
        cancelled: asyncio.Event,
    ) -> Finished:
        """Run a prompt to its end. `tell` hears events, `keep` gets files as they are made."""
        prompt = graph.prompt.to_json()
        job = blake2b(repr(prompt).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        await self._process.send(
            {
                "type": "run",
                "job": job,
                "epoch": 1,
                "attempt": 1,
                "targets": list(graph.targets),
                "metadata": dict(graph.metadata),
                "previews": False,
                "scope": f"{job}-{os.getpid()}",
            },
            text_to_bytes(json.dumps(prompt, allow_nan=False)),
        )
        canceller = asyncio.create_task(self._cancel_when(cancelled, job))
        try:
            return await self._follow(tell, keep, prompt)
        finally:
            canceller.cancel()

    async def end(self) -> None:
        """End the process."""
        await self._process.end()

    async def _cancel_when(self, cancelled: asyncio.Event, job: str) -> None:
        await cancelled.wait()
        await self._process.send({"type": "cancel", "job": job})
        await asyncio.sleep(5.0)  # it may finish a step; then it is ended
        self._process.kill()

    async def _follow(
        self,
        tell: Callable[[Event], None],
        keep: Callable[[Made], None],
        prompt: Mapping[str, Any],
    ) -> Finished:
        began = datetime.now()
        async for frame in self._process.frames():
            header = frame.header
            if frame.type in ("event", "events"):
                for event in events_in(header, frame.blob):
                    tell(event)
            elif frame.type == "asset":
                await asyncio.to_thread(keep, _made(frame, prompt, began))
            elif frame.type == "need_asset":
                await self._hand_asset(header)
            elif frame.type == "probe_assets":
                there = await asyncio.to_thread(self.library.there, header["ids"])
                answer = {"type": "asset", "request": header["request"], "there": there}
                await self._process.send(answer)
            elif frame.type == "finished":
                end = event_from_json(header["event"])
                assert isinstance(end, Finished), "the channel's contract"
                return end
        await self._process.wait(2.0)
        message = f"The worker ended in the middle of the work: {self._process.ended_how()}."
        hint = self._process.tail() or "Its log in the data folder may say more."
        return Finished("failed", problems=(Problem("worker_died", message, hint),))

    async def _hand_asset(self, header: Mapping[str, Any]) -> None:
        found = await asyncio.to_thread(self.library.read, str(header["id"]))
        answer: dict[str, Any] = {"type": "asset", "request": header["request"]}
        if found is None:
            await self._process.send({**answer, "found": False})
            return
        asset, mime, data = found
        name = str(header["id"])
        await self._process.send(
            {**answer, "found": True, "id": asset, "name": name, "mime": mime}, data
        )


async def _started(
    command: WorkerCommand, switches: PackSwitches
) -> tuple[WorkerProcess, Mapping[str, Any]]:
    """A worker that is ready, without the packs that it would not survive; and its catalog."""
    while True:
        process = await WorkerProcess.start(command)
        slow = asyncio.create_task(_say_what_is_slow(process))
        try:
            _, catalog = await process.handshake(LIMITS.hello, LIMITS.pack)
        except PackFatal as fatal:
            await process.destroy()
            command = command.without(fatal)
            if fatal.lasting and fatal.pack != BUILTIN:
                switches.ended(fatal.pack, fatal.ended)
        except BaseException:
            await process.destroy()
            raise
        else:
            return process, catalog
        finally:
            slow.cancel()


async def _say_what_is_slow(process: WorkerProcess) -> None:
    """Once for each pack whose import takes long: somebody waits for it."""
    said = ""
    while True:
        pack = process.importing
        await asyncio.sleep(SLOW_SECONDS)
        if pack not in ("", said, BUILTIN) and pack == process.importing:
            said = pack
            complain(
                f"Pack {pack} is still being imported. It is left out if it loads nothing more for"
                f" {LIMITS.pack:g} s."
            )


def _made(frame: Frame, prompt: Mapping[str, Any], began: datetime) -> Made:
    header = frame.header
    size = (header.get("width"), header.get("height"))
    return Made(
        node=str(header["node"]),
        index=int(header["index"]),
        name=filled(str(header["name"]), prompt, began, size, int(header["index"])),
        mime=str(header["mime"]),
        kind=str(header["kind"]),
        width=size[0],
        height=size[1],
        data=frame.blob,
    )
