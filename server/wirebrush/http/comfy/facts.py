"""What a client of ComfyUI asks about the server itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from aiohttp import web

from wirebrush.http.answers import answer
from wirebrush.http.keys import SERVICES
from wirebrush.http.routes import Route
from wirebrush.jobs.assets import MAX_UPLOAD

SPOKEN = "0.3.64"
"""The release of ComfyUI whose API this is."""
PAGE = "1.27.10"
TEMPLATES = "0.1.95"


def features() -> dict[str, Any]:
    """What a client may rely on; also said on the websocket."""
    return {"supports_preview_metadata": True, "max_upload_size": MAX_UPLOAD}


async def get_features(_request: web.Request) -> web.Response:
    """The features as JSON."""
    return answer(features())


async def system_stats(request: web.Request) -> web.Response:
    """The machine, and what workers compute on. The command line is nobody's business."""
    import psutil  # here, because a start does not need it

    memory = psutil.virtual_memory()
    system: dict[str, Any] = {
        "os": os.name,
        "ram_total": memory.total,
        "ram_free": memory.available,
        "comfyui_version": SPOKEN,
        "required_frontend_version": PAGE,
        "installed_templates_version": _version("comfyui-workflow-templates"),
        "required_templates_version": TEMPLATES,
        "python_version": sys.version,
        "pytorch_version": _version("torch"),
        "embedded_python": False,
        "argv": [],
    }
    workers = request.app[SERVICES].workers.to_json()
    devices = devices_of(workers, memory.total, memory.available)
    return answer({"system": system, "devices": devices})


def devices_of(
    workers: Iterable[Mapping[str, Any]], total: int, available: int
) -> list[dict[str, Any]]:
    """Each device that workers compute on, once; the machine's own memory where it has none."""
    found = {worker["device"]: worker for worker in workers if worker["device"]}
    return [_device(name, worker, total, available) for name, worker in found.items()]


def _device(name: str, worker: Mapping[str, Any], total: int, available: int) -> dict[str, Any]:
    kind, _, index = name.partition(":")
    has = worker["memory"] or total
    free = min(max(has - worker["vram"], 0), has) if kind != "cpu" else min(available, has)
    return {
        "name": name if kind == "cpu" else f"{name} {worker['device_name']}".strip(),
        "type": kind,
        "index": int(index) if index.isdecimal() else (None if kind == "cpu" else 0),
        "vram_total": has,
        "vram_free": free,
        "torch_vram_total": has,
        "torch_vram_free": free,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


async def embeddings(request: web.Request) -> web.Response:
    """The names of textual inversions, without their endings."""
    names = request.app[SERVICES].models.names("embeddings")
    return answer([os.path.splitext(name)[0] for name in names])


async def nothing_named(_request: web.Request) -> web.Response:
    """What only packs could add, and none does: translations and subgraphs."""
    return answer({})


ROUTES = (
    Route("GET", "/features", get_features, "What a client may rely on."),
    Route("GET", "/system_stats", system_stats, "The machine and its devices."),
    Route("GET", "/embeddings", embeddings, "The names of textual inversions."),
    Route("GET", "/i18n", nothing_named, "Translations of packs, by language."),
    Route("GET", "/global_subgraphs", nothing_named, "Subgraphs of packs, by id."),
)
