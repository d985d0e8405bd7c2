"""The composition root of a worker process: one device, one engine, one job at a time.

The process talks frames over its stdin and stdout (see `channel`). Whatever nodes print goes to
stderr, which the server keeps as the worker's log.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO, cast

import psutil

from wirebrush.api import Machine
from wirebrush.channel import PROTOCOL, BlockingChannel, ChannelClosed, EventEncoder, Frame
from wirebrush.collector import calm_collector
from wirebrush.engine.assets import LocalAssets
from wirebrush.engine.cancel import Cancellation
from wirebrush.engine.devices import Device, versions
from wirebrush.engine.engine import GIGABYTE, Engine, Progress, Settings
from wirebrush.engine.finding import installed_importers
from wirebrush.engine.packs import Packs, load_packs
from wirebrush.engine.prompts import PromptReader
from wirebrush.engine.questions import Questions
from wirebrush.engine.remote import RemoteAssets
from wirebrush.engine.texts import TextsWithPrompt
from wirebrush.events import Event, Finished, Preview, Problem, event_to_item, event_to_json
from wirebrush.folders import KindFolder
from wirebrush.packlist import PackChoice

BEAT_SECONDS = 1.0
COPIES_SHARE = 10
"""Copies of uploads may take this part of the disk tier's bytes."""
GONE_SECONDS = 10.0
"""How long a node may go on after the server is gone."""


@dataclass(frozen=True)
class WorkerConfig:
    """What the server says when it starts a worker."""

    cache: Path
    device: str = "cpu"
    models: tuple[Path, ...] = ()
    model_folders: tuple[KindFolder, ...] = ()
    packs: tuple[Path, ...] = ()
    entry_points: bool = True
    memory_bytes: int = 2 * GIGABYTE
    disk_bytes: int = 20 * GIGABYTE
    threads: int = 0
    vram_limit: int = 0
    """Bytes of the device that may be used; 0: what it has. Makes the processor a small card."""
    worker: str = "cpu-0"
    comfy_packs: tuple[Path, ...] = ()
    choice: PackChoice = field(default_factory=PackChoice)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> WorkerConfig:
        """Read the command line's JSON; fields that are left out or null have defaults."""
        known = {n: data[n] for n in cls.__dataclass_fields__ if data.get(n) is not None}
        known["cache"] = Path(known["cache"])
        for name in ("models", "packs", "comfy_packs"):
            known[name] = tuple(Path(item) for item in known.get(name, ()))
        folders = known.get("model_folders", ())
        known["model_folders"] = tuple(KindFolder.from_json(item) for item in folders)
        known["choice"] = PackChoice.from_json(known.get("choice", {}))
        return cls(**known)


@dataclass
class _Job:
    id: str
    epoch: int
    cancellation: Cancellation
    encoder: EventEncoder


class Worker:
    """Serves one server until it says stop, or is gone."""

    def __init__(self, config: WorkerConfig, channel: BlockingChannel) -> None:
        self._config = config
        self._channel = channel
        self._assets = RemoteAssets(channel, LocalAssets(config.cache / "assets"))
        self._device = Device(config.device, vram_limit=config.vram_limit)
        self._progress = Progress()
        self._frames: SimpleQueue[Frame | None] = SimpleQueue()
        self._questions = Questions(channel)
        self._prompts = PromptReader()
        self._job: _Job | None = None
        self._cancelled: set[str] = set()
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Say hello, load the packs, send the catalog, run jobs."""
        self._hello()
        for work in (self._beat, self._read):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()
        packs = self._load_packs()
        settings = Settings(
            cache=self._config.cache,
            models=self._config.models,
            model_folders=self._config.model_folders,
            device=self._config.device,
            memory_bytes=self._config.memory_bytes,
            disk_bytes=self._config.disk_bytes,
            vram_limit=self._config.vram_limit,
        )
        with Engine(packs, settings, self._assets, self._progress) as engine:
            self._device = engine.device
            self._channel.send({"type": "catalog", **packs.catalog()})
            calm_collector()
            threading.Thread(target=self._tidy, args=[engine], name="tidy", daemon=True).start()
            self._questions.start(engine)
            while (frame := self._frames.get()) is not None:
                if frame.type == "free":
                    freed = engine.free(results=bool(frame.header.get("results")))
                    logging.info("%d MB let go of, as asked.", freed >> 20)
                    continue
                self._run(engine, frame)
                if self._device.poisoned:
                    logging.error("The device needs a new process: this worker ends.")
                    return

    def _load_packs(self) -> Packs:
        """Say each pack's name first: its import may end this process, and is known by it then."""
        packs = load_packs(
            self._config.packs,
            self._config.comfy_packs,
            choice=self._config.choice,
            use_entry_points=self._config.entry_points,
            importers=installed_importers(
                Machine(self._config.models, self._config.cache / "comfyui", self._config.device)
            ),
            importing=lambda pack: self._importing(pack.name, pack.code.digest),
        )
        self._importing(None)
        return packs

    def _importing(self, pack: str | None, source: str = "") -> None:
        self._channel.send({"type": "importing", "pack": pack, "source": source})

    def _tidy(self, engine: Engine) -> None:
        """In a thread: make room. A folder that cannot be tidied still works."""
        try:
            engine.tidy()
            self._assets.trim(self._config.disk_bytes // COPIES_SHARE)
        except (OSError, sqlite3.Error) as error:
            logging.info("The cache folder was not tidied: %s", error)

    def _hello(self) -> None:
        self._channel.send(
            {
                "type": "hello",
                "protocol": PROTOCOL,
                "pid": os.getpid(),
                "worker": self._config.worker,
                "device": self._config.device,
                "device_name": self._device.title(),
                "memory": self._device.memory(),
                "versions": versions(),
                "packs": [path.name for path in (*self._config.packs, *self._config.comfy_packs)],
            }
        )

    def _read(self) -> None:
        """In a thread: hand `run` frames over, act on the others at once."""
        try:
            while True:
                frame = self._channel.receive()
                if frame.type in ("run", "free"):
                    self._frames.put(frame)
                elif frame.type == "asset":
                    self._assets.answer(frame)
                elif frame.type == "cancel":
                    self._cancel(str(frame.header.get("job", "")))
                elif frame.type == "stop":
                    self._frames.put(None)
                else:
                    self._questions.take(frame)
        except ChannelClosed:
            self._gone()

    def _gone(self) -> None:
        """The server is gone: nobody wants the job's end, but finished nodes are worth keeping."""
        self._assets.close()
        self._frames.put(None)
        if self._job is not None:
            self._job.cancellation.set()
        time.sleep(GONE_SECONDS)
        os._exit(1)

    def _cancel(self, job_id: str) -> None:
        with self._lock:
            self._cancelled.add(job_id)  # it may be still in the queue
            if self._job is not None and self._job.id == job_id:
                self._job.cancellation.set()

    def _run(self, engine: Engine, frame: Frame) -> None:
        """Run one job; whatever happens the server hears how it ended."""
        header = frame.header
        name, epoch = str(header["job"]), int(header.get("epoch", 0))
        job = _Job(name, epoch, Cancellation(), EventEncoder(name, epoch))
        with self._lock:
            self._job = job
            if job.id in self._cancelled:
                job.cancellation.set()
        self._assets.job = (job.id, job.epoch)
        comfy = header.get("rules") == "comfy"
        texts: Mapping[str, str] = header.get("metadata") or {}
        try:
            given = self._prompts.read(frame.blob)
            finished = engine.run(
                given.prompt,
                [str(target) for target in header["targets"]],
                lambda events: self._emit(job, events),
                scope=str(header.get("scope") or job.id),
                cancellation=job.cancellation,
                metadata=TextsWithPrompt(given.data, texts) if comfy else texts,
                previews=bool(header.get("previews")),
                again=int(header.get("attempt", 1)) > 1,
                rules="comfy" if comfy else "",
            )
        except Exception as error:
            logging.exception("The job could not be read.")
            problem = Problem("bad_prompt", f"The worker cannot read the job: {error!r}")
            finished = Finished("failed", problems=(problem,))
        with self._lock:
            self._job = None
            self._cancelled.discard(job.id)
        self._channel.send(
            {
                "type": "finished",
                "job": job.id,
                "epoch": job.epoch,
                "event": event_to_json(finished),
            }
        )

    def _emit(self, job: _Job, events: Sequence[Event]) -> None:
        self._channel.send_many(_frames(job.encoder, events))

    def _beat(self) -> None:
        """In a thread: every second a sign of life, and whether anything moves on."""
        process = psutil.Process()
        while True:
            job = self._job
            beat = {
                "type": "beat",
                "job": job.id if job else None,
                "progress": self._progress.count,
                "modules": len(sys.modules),
                "rss": process.memory_info().rss,
                "vram": self._device.vram(),
            }
            try:
                self._channel.send(beat)
            except ChannelClosed:
                return
            time.sleep(BEAT_SECONDS)


def _frames(encoder: EventEncoder, events: Sequence[Event]) -> Iterator[bytes]:
    """The frames that say these events, in their order."""
    for shown, several in groupby(events, lambda event: type(event) is Preview):
        if shown:
            previews = cast("Iterator[Preview]", several)
            yield from (encoder.with_blob(event_to_json(one), one.data) for one in previews)
        else:
            yield from encoder.together(map(event_to_item, several))


class _FrameHandler(logging.Handler):
    """Warnings and errors go to the server too."""

    def __init__(self, channel: BlockingChannel) -> None:
        super().__init__(logging.WARNING)
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
            self._channel.send({"type": "log", "level": record.levelname.lower(), "text": text})
        except ChannelClosed:
            return


def main(arguments: Sequence[str]) -> int:
    """`python -m wirebrush.engine '<json>'`."""
    if len(arguments) != 1:
        sys.stderr.write('usage: python -m wirebrush.engine \'{"cache": "...", ...}\'\n')
        return 2
    config = WorkerConfig.from_json(json.loads(arguments[0]))
    faulthandler.enable(sys.stderr)
    if sys.platform != "win32":  # who ends a hung worker finds in its log where it hung
        faulthandler.register(signal.SIGTERM, sys.stderr, chain=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which says stop
    if config.threads:
        os.environ["OMP_NUM_THREADS"] = str(config.threads)  # read when torch is imported
    # Threads that wait spin by default, and steal the cores from those that they wait for: on a
    # machine with anything else to do a step then takes ten times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Large tensors in large pages: new memory then costs a third, which is most of what loading
    # and changing weights on the processor takes.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    reader, writer = _take_pipes()
    channel = BlockingChannel(reader, writer)
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger().addHandler(_FrameHandler(channel))
    try:
        Worker(config, channel).serve()
    except ChannelClosed:
        return 1
    return 0


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for frames: nodes print to stderr and read nothing."""
    reader = os.fdopen(os.dup(0), "rb")
    writer = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdin = open(0, closefd=False)
    sys.stdout = sys.stderr
    return reader, writer
