"""The engine: everything that runs prompts, put together. One per worker process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self
from uuid import uuid4

from wirebrush.api import values
from wirebrush.engine.assets import Assets, LocalAssets
from wirebrush.engine.cache.codec import Codec, record_types
from wirebrush.engine.cache.disk import DiskStore
from wirebrush.engine.cache.memory import MemoryStore
from wirebrush.engine.cache.tiered import TieredStore
from wirebrush.engine.cancel import Cancellation
from wirebrush.engine.checking import check
from wirebrush.engine.context import PackWorld, Parts, Rules, Wishes
from wirebrush.engine.devices import Device
from wirebrush.engine.executor import Execution
from wirebrush.engine.files import Digests, Files
from wirebrush.engine.flights import Flights
from wirebrush.engine.keeping import Shelf, Workspaces
from wirebrush.engine.leases import Leases
from wirebrush.engine.loop import LoopThread
from wirebrush.engine.packs import Packs
from wirebrush.engine.plan import Planned, plan
from wirebrush.engine.recorder import Emit, Recorder
from wirebrush.events import Event, Finished, Problem
from wirebrush.folders import KindFolder, ModelFolders
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.recipe import RecipeBook

GIGABYTE = 1024**3
WORK_SHARE = 4
"""Unfinished work may take this part of the disk tier's bytes."""


@dataclass(frozen=True)
class Settings:
    """How an engine works. Without a `cache` folder nothing outlives the process.

    With neither `memory_bytes` nor `disk_bytes` no result outlives its job.
    """

    cache: Path | None = None
    models: Sequence[Path] = ()
    model_folders: Sequence[KindFolder] = ()
    device: str = "cpu"
    memory_bytes: int = 2 * GIGABYTE
    disk_bytes: int = 20 * GIGABYTE
    resident_bytes: int = 0
    vram_limit: int = 0


@dataclass
class Progress:
    """A number that grows whenever something moves on: what a heartbeat carries."""

    count: int = 0

    def moved(self) -> None:
        """Something moved on."""
        self.count += 1


@dataclass
class Engine:
    """Runs prompts with the node types of some packs. Safe for several jobs at once.

    Example::

        with Engine(load_packs([Path("packs")]), Settings(cache=Path("cache"))) as engine:
            finished = engine.run(Prompt.from_json(data), ["9"])
    """

    packs: Packs
    settings: Settings = field(default_factory=Settings)
    assets: Assets | None = None
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._disk: DiskStore | None = None
        if self.settings.cache is not None:
            codec = Codec(record_types([values, *self.packs.modules]))
            self._disk = DiskStore(self.settings.cache, codec, self.settings.disk_bytes)
        self._parts = self._assemble()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def device(self) -> Device:
        """The device that this engine owns."""
        return self._parts.device

    @property
    def parts(self) -> Parts:
        """What the jobs share."""
        return self._parts

    def run(
        self,
        prompt: Prompt,
        targets: Sequence[str],
        emit: Emit | None = None,
        *,
        scope: str = "",
        cancellation: Cancellation | None = None,
        metadata: Mapping[str, str] | None = None,
        previews: bool = False,
        again: bool = False,
        rules: Rules = "",
    ) -> Finished:
        """Run until the targets have their values; returns how it went, never raises.

        Args:
            prompt: The graph, validated.
            targets: Ids of the wanted nodes.
            emit: Takes events as they happen, from several threads.
            scope: Names the job: nodes with `cache="never"` run once per scope.
            cancellation: Set it to stop.
            metadata: Texts to embed in saved pictures.
            previews: Whether somebody looks at previews.
            again: Whether an earlier attempt was cut off: what its nodes showed is told once more.
            rules: Whose rules hold.
        """
        # Not `or`: to know whether there are any, texts with a prompt would spell it.
        texts: Mapping[str, str] = {} if metadata is None else metadata
        wishes = Wishes(targets, scope or uuid4().hex, texts, previews, again, rules)
        return Execution(
            self._parts,
            prompt,
            wishes,
            emit or _unheard,
            cancellation or Cancellation(),
            self.progress.moved,
        ).run()

    def plan(self, prompt: Prompt, targets: Sequence[str]) -> dict[str, Planned]:
        """What a run would compute now; see `engine.plan`. Safe beside running jobs."""
        return plan(self._parts, prompt, targets)

    def check(self, prompt: Prompt) -> list[Problem]:
        """What the prompt's nodes have against their values. Safe beside running jobs."""
        return list(check(self.packs, prompt))

    def free(self, *, results: bool) -> int:
        """Let go of models, and of results in memory if wanted: how many bytes. Those on disk stay:
        they take no memory."""
        freed = self._parts.device.free()
        return freed + (self._parts.store.memory.shrink(0) if results else 0)

    def tidy(self) -> None:
        """Delete what processes that died left in the cache folder, and old workspaces."""
        self._parts.workspaces.tidy(self.settings.disk_bytes // WORK_SHARE)
        if self._disk is not None:
            self._disk.sweep()

    def close(self) -> None:
        """Write what is pending and let go of the files."""
        self._parts.recorder.close()
        self._parts.loop.close()
        if self._disk is not None:
            self._disk.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _assemble(self) -> Parts:
        settings = self.settings
        disk = self._disk
        results = disk if settings.disk_bytes else None
        leases = Leases(*disk.writer) if disk is not None and results is not None else None
        home = self._home()
        assets = self.assets or LocalAssets(home / "assets")
        device = Device(settings.device, settings.resident_bytes, settings.vram_limit)
        digests = Digests(disk.writer if disk is not None else None)
        folders = ModelFolders(settings.models, settings.model_folders)
        files = Files(folders, assets, digests)
        book = RecipeBook(self.packs.spec, device.numerics(), PackWorld(self.packs, files))
        return Parts(
            packs=self.packs,
            store=TieredStore(MemoryStore(settings.memory_bytes), results),
            recorder=Recorder(results, leases),
            flights=Flights(),
            leases=leases,
            loop=LoopThread(),
            device=device,
            files=files,
            assets=assets,
            shelf=Shelf(folders, digests),
            workspaces=Workspaces(home / "work"),
            book=book,
        )

    def _home(self) -> Path:
        """Where things are kept; without a cache folder, until the engine is closed."""
        if self.settings.cache is not None:
            return self.settings.cache
        self._folder = TemporaryDirectory(prefix="wirebrush-")
        return Path(self._folder.name)


def _unheard(_events: Sequence[Event]) -> None:
    """Nobody listens."""
