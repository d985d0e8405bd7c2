"""The machine and the server: devices, memory, disk, queue, workers, cache."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from wirebrush import __version__
from wirebrush.http.answers import answer
from wirebrush.http.keys import SERVICES
from wirebrush.http.routes import Route
from wirebrush.http.services import Services
from wirebrush.jobs.status import WorkerStatus


@dataclass(frozen=True, slots=True)
class Device:
    """What workers compute on; `memory` in bytes, if it is known."""

    device: str
    name: str
    memory: int | None


async def system(request: web.Request) -> web.Response:
    """How things are, right now."""
    services = request.app[SERVICES]
    machine = await asyncio.to_thread(_machine, services)
    queue, workers = services.queue, services.workers.to_json()
    devices = {item["device"]: item for item in workers if item["device"]}
    return answer(
        {
            "version": __version__,
            "server": services.hub.boot,
            **machine,
            "devices": [
                asdict(Device(name, item["device_name"], item["memory"]))
                for name, item in devices.items()
            ],
            "workers": workers,
            "queue": {
                "paused": queue.paused,
                "obstacle": queue.obstacle(),
                "jobs": await queue.counts(),
            },
            "clients": services.hub.subscribers,
        }
    )


def _machine(services: Services) -> dict[str, Any]:
    import psutil  # here, because a start does not need it

    memory = psutil.virtual_memory()
    disk = shutil.disk_usage(services.config.data)
    return {
        "platform": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "memory": {
            "total": memory.total,
            "available": memory.available,
            "server": psutil.Process().memory_info().rss,
        },
        "disk": {"total": disk.total, "free": disk.free},
        "cache": {
            "bytes": _size_of(services.config.data / "cache"),
            "limit": services.config.disk_cache,
        },
    }


def _size_of(folder: Path) -> int:
    """Bytes below a folder. Files may go while we look."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_size
            except OSError:
                continue
    return total


ROUTES = (
    Route(
        "GET",
        "/v1/system",
        system,
        "Devices, memory, disk, queue, workers and cache.",
        gives={
            "version": str,
            "server": str,
            "platform": str,
            "python": str,
            "cpus": int | None,
            "memory": {"total": int, "available": int, "server": int},
            "disk": {"total": int, "free": int},
            "cache": {"bytes": int, "limit": int},
            "devices": list[Device],
            "workers": list[WorkerStatus],
            "queue": {"paused": bool, "obstacle": str | None, "jobs": dict[str, int]},
            "clients": int,
        },
    ),
)
