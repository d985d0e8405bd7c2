"""Model files: which there are of a kind, and the pictures beside them."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

from aiohttp import web

from wirebrush.folders import ModelFolders
from wirebrush.http.answers import answer, unknown
from wirebrush.http.headers import USER_CONTENT_CSP
from wirebrush.http.keys import SERVICES
from wirebrush.http.requests import number
from wirebrush.http.routes import FILE, Route


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model file or folder. `size` in bytes, `modified` in seconds since 1970."""

    name: str
    size: int
    modified: float
    has_thumbnail: bool


async def listing(request: web.Request) -> web.Response:
    """The models of a kind."""
    kind = request.match_info["kind"]
    found = await asyncio.to_thread(_models, request.app[SERVICES].models, kind)
    return answer({"models": [asdict(model) for model in found]})


async def thumbnail(request: web.Request) -> web.Response:
    """The picture beside a model, small."""
    kind, name = request.match_info["kind"], request.match_info["name"]
    size = number(request, "size", 256, 16, 1024)
    services = request.app[SERVICES]
    found = await asyncio.to_thread(_picture, services.models, kind, name)
    data = None if found is None else await services.thumbnails.get(*found, size)
    if found is None or data is None:
        raise unknown("thumbnail", f"{kind}/{name}"[:80])
    tag = f'"{found[0]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    headers["Content-Security-Policy"] = USER_CONTENT_CSP
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=data, content_type="image/webp", headers=headers)


def _models(models: ModelFolders, kind: str) -> list[ModelRecord]:
    found = ((name, models.find(kind, name)) for name in models.names(kind))
    return [
        record
        for name, path in found
        if path is not None and (record := _record(models, kind, name, path)) is not None
    ]


def _record(models: ModelFolders, kind: str, name: str, path: Path) -> ModelRecord | None:
    try:
        stats = [path.stat()]
        if path.is_dir():
            stats = [file.stat() for file in path.rglob("*") if file.is_file()] or stats
    except OSError:
        return None  # it went while we looked
    has_thumbnail = models.picture(kind, name) is not None
    modified = max(stat.st_mtime for stat in stats)
    return ModelRecord(name, sum(stat.st_size for stat in stats), modified, has_thumbnail)


def _picture(models: ModelFolders, kind: str, name: str) -> tuple[str, Path] | None:
    """The picture of a model, and a name for the state that it is in."""
    path = models.picture(kind, name)
    if path is None:
        return None
    try:
        stat = path.stat()
    except OSError:
        return None
    state = f"{path}\0{stat.st_mtime_ns}\0{stat.st_size}"
    return blake2b(state.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest(), path


ROUTES = (
    Route(
        "GET",
        "/v1/models/{kind}",
        listing,
        "The models of a kind, such as checkpoints or loras.",
        gives={"models": list[ModelRecord]},
    ),
    Route(
        "GET",
        "/v1/models/{kind}/{name}/thumbnail",
        thumbnail,
        "The picture beside a model, small. Folders in a name are written as %2F.",
        query={"size": "Longest side in pixels, 16 to 1024; 256 if not given."},
        gives=FILE,
    ),
)
