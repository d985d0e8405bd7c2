"""Stored files: uploads, outputs, previews. Addressed by id, never by path."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast, get_args
from urllib.parse import quote, unquote

from aiohttp import BodyPartReader, StreamReader, web

from wirebrush.http.answers import Refused, answer, unknown
from wirebrush.http.headers import FOREVER, USER_CONTENT_CSP
from wirebrush.http.keys import SERVICES
from wirebrush.http.requests import number
from wirebrush.http.routes import FILE, Route
from wirebrush.jobs.records import AssetKind, AssetRecord

CHUNK = 256 * 1024
IDLE_SECONDS = 30.0
_KINDS = frozenset(get_args(AssetKind))
_SHOWN = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "application/json"})


async def upload(request: web.Request) -> web.Response:
    """Keep a file: the raw body with its name in X-Filename, or one part of a form."""
    assets = request.app[SERVICES].assets
    overwrite = request.query.get("overwrite") in ("1", "true")
    if request.content_type == "multipart/form-data":
        part = await _file_part(request)
        record = await assets.put(_chunks(part), part.filename or "upload", overwrite=overwrite)
    else:
        name = unquote(request.headers.get("X-Filename", ""))
        if not name:
            raise Refused(400, "no_name", "An upload needs its name in the X-Filename header.")
        record = await assets.put(_chunks(request.content), name, overwrite=overwrite)
    return answer(record.to_json(), status=201)


async def listing(request: web.Request) -> web.Response:
    """Stored files, the latest first."""
    limit = number(request, "limit", 100, 1, 500)
    kind = request.query.get("kind")
    if kind is not None and kind not in _KINDS:
        raise Refused(400, "bad_parameter", f"kind must be one of {', '.join(sorted(_KINDS))}.")
    assets = await request.app[SERVICES].assets.page(
        cast("AssetKind | None", kind), request.query.get("before"), limit
    )
    more = assets[-1].id if len(assets) == limit else None
    return answer({"assets": [item.to_json() for item in assets], "next": more})


async def download(request: web.Request) -> web.StreamResponse:
    """The file itself, in ranges if asked. Its content never runs on our origin."""
    asset, assets = request.match_info["id"], request.app[SERVICES].assets
    record = await assets.get(asset)
    path = None if record is None else assets.path(record.id)
    if record is None or path is None:
        raise unknown("asset", asset[:80])
    shown = record.mime in _SHOWN and "download" not in request.query
    headers = {
        "Content-Type": record.mime if record.mime in _SHOWN else "application/octet-stream",
        "Content-Disposition": _disposition("inline" if shown else "attachment", record.name),
        "Content-Security-Policy": USER_CONTENT_CSP,
        "Cache-Control": FOREVER,
    }
    return web.FileResponse(path, chunk_size=CHUNK, headers=headers)


async def describe(request: web.Request) -> web.Response:
    """What is known about a file."""
    asset = request.match_info["id"]
    record = await request.app[SERVICES].assets.get(asset)
    if record is None:
        raise unknown("asset", asset[:80])
    return answer(record.to_json())


async def thumbnail(request: web.Request) -> web.Response:
    """A small picture of a picture."""
    asset = request.match_info["id"]
    size = number(request, "size", 256, 16, 1024)
    data = await request.app[SERVICES].assets.thumbnail(asset, size)
    if data is None:
        raise unknown("asset", asset[:80])
    headers = {"Cache-Control": FOREVER, "Content-Security-Policy": USER_CONTENT_CSP}
    return web.Response(body=data, content_type="image/webp", headers=headers)


async def delete(request: web.Request) -> web.Response:
    """Delete a file."""
    asset = request.match_info["id"]
    if not await request.app[SERVICES].assets.delete(asset):
        raise unknown("asset", asset[:80])
    return answer({"deleted": asset})


async def _file_part(request: web.Request) -> BodyPartReader:
    try:
        reader = await request.multipart()
        async with asyncio.timeout(IDLE_SECONDS):
            part = await reader.next()
    except ValueError as error:
        raise Refused(400, "bad_form", f"The form cannot be read: {error}.") from error
    if not isinstance(part, BodyPartReader) or part.filename is None:
        raise Refused(400, "no_file", "The first part of the form must be the file.")
    if "Content-Encoding" in part.headers or "Content-Transfer-Encoding" in part.headers:
        raise Refused(415, "compressed_body", "Encoded parts of forms are not accepted.")
    return part


async def _chunks(source: StreamReader | BodyPartReader) -> AsyncIterator[bytes]:
    """The bytes as they come. Whoever stops sending is let go of."""
    while True:
        async with asyncio.timeout(IDLE_SECONDS):
            if isinstance(source, BodyPartReader):
                chunk = await source.read_chunk(CHUNK)
            else:
                chunk = await source.read(CHUNK)
        if not chunk:
            return
        yield bytes(chunk)


def _disposition(kind: str, name: str) -> str:
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


ROUTES = (
    Route(
        "POST",
        "/v1/assets",
        upload,
        "Keep a file: the raw body, or a form with one file.",
        query={"overwrite": "1: a name in use means this file from now on."},
        headers={"X-Filename": "The name of a raw body, percent-encoded."},
        body=FILE,
        gives=AssetRecord,
        status=201,
    ),
    Route(
        "GET",
        "/v1/assets",
        listing,
        "Stored files, the latest first.",
        query={
            "kind": "upload, output or preview.",
            "before": "Files stored before this one.",
            "limit": "How many, up to 500; 100 if not given.",
        },
        gives={"assets": list[AssetRecord], "next": str | None},
    ),
    Route(
        "GET",
        "/v1/assets/{id}",
        download,
        "The file, in ranges if asked. It never changes.",
        query={"download": "Offer it for saving instead of showing it."},
        gives=FILE,
    ),
    Route(
        "GET", "/v1/assets/{id}/info", describe, "What is known about a file.", gives=AssetRecord
    ),
    Route(
        "GET",
        "/v1/assets/{id}/thumbnail",
        thumbnail,
        "A small picture of a picture.",
        query={"size": "Longest side in pixels, 16 to 1024; 256 if not given."},
        gives=FILE,
    ),
    Route("DELETE", "/v1/assets/{id}", delete, "Delete a file.", gives={"deleted": str}),
)
