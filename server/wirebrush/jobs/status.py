"""How a worker is, for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from wirebrush.jobs.errors import PackFatal

WorkerState: TypeAlias = Literal["starting", "idle", "busy", "down", "stopped"]


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A worker as people see it. `detail` says why it is down.

    `memory`: bytes that its device has, or may use of them; `vram`: in use there now.
    """

    worker: str
    state: WorkerState
    device: str = ""
    device_name: str = ""
    memory: int | None = None
    detail: str = ""
    job: str | None = None
    restarts: int = 0
    pid: int | None = None
    vram: int = 0

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who hears about the worker itself: its catalog as JSON, its status when it changes, and the
    packs that it did not survive."""

    catalog: Callable[[Mapping[str, Any]], None] = field(default=lambda _: None)
    status: Callable[[WorkerStatus], None] = field(default=lambda _: None)
    fatal: Callable[[PackFatal], None] = field(default=lambda _: None)
