"""Stored files: uploads, outputs, previews. Addressed by id, never by path."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any, cast, get_args
from urllib.parse import quote, unquote

from aiohttp import BodyPartReader, StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from wirebrush.http.answers import Refused, answer, unknown
from wirebrush.http.headers import FOREVER, USER_CONTENT_CSP
from wirebrush.http.keys import SERVICES
from wirebrush.http.requests import field_of, flag, json_body, number, seconds
from wirebrush.http.routes import FILE, Route
from wirebrush.jobs.gallery import Facets, Wanted
from wirebrush.jobs.metadata.embedded import Graphs, embedded
from wirebrush.jobs.records import AssetKind, AssetRecord

CHUNK = 256 * 1024
IDLE_SECONDS = 30.0
LONGEST_SEARCH = 500
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
    cursor = number(request, "cursor", 0, 1, 2**53)
    wanted = Wanted(
        kind=_kind(request),
        search=request.query.get("search", "")[:LONGEST_SEARCH],
        model=request.query.get("model"),
        after=seconds(request, "after"),
        before=seconds(request, "before"),
        starred=flag(request, "starred"),
        trashed=flag(request, "trashed"),
    )
    found, more = await request.app[SERVICES].assets.page(wanted, cursor or None, limit)
    following = None if more is None else str(more)
    return answer({"assets": [item.to_json() for item in found], "next": following})


async def facets(request: web.Request) -> web.Response:
    """What files can be narrowed by."""
    offset = request.query.get("offset", "0")
    if not re.fullmatch(r"-?\d{1,4}", offset) or abs(int(offset)) > 24 * 60:
        raise Refused(400, "bad_parameter", "offset must be minutes ahead of UTC, such as 120.")
    found = await request.app[SERVICES].assets.facets(_kind(request), int(offset) * 60)
    return answer(asdict(found))


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


async def change(request: web.Request) -> web.Response:
    """Mark or unmark a favourite."""
    asset = request.match_info["id"]
    starred = field_of(await json_body(request), "starred", bool, "true or false")
    if starred is None:
        raise Refused(400, "bad_field", "Only 'starred' can be changed: true or false.")
    record = await request.app[SERVICES].assets.star(asset, starred)
    if record is None:
        raise unknown("asset", asset[:80])
    return answer(record.to_json())


async def delete(request: web.Request) -> web.Response:
    """Put a file into the trash."""
    asset = request.match_info["id"]
    if not await request.app[SERVICES].assets.trash(asset):
        raise unknown("asset", asset[:80])
    return answer({"deleted": asset})


async def restore(request: web.Request) -> web.Response:
    """Take a file out of the trash."""
    asset = request.match_info["id"]
    record = await request.app[SERVICES].assets.restore(asset)
    if record is None:
        raise unknown("deleted_asset", asset[:80])
    return answer(record.to_json())


async def empty_trash(request: web.Request) -> web.Response:
    """Remove for good what lies in the trash."""
    return answer({"removed": await request.app[SERVICES].assets.empty_trash()})


async def workflow(request: web.Request) -> web.Response:
    """What made a picture: from the journal, else from what the picture says itself."""
    asset, services = request.match_info["id"], request.app[SERVICES]
    record = await services.assets.get(asset)
    if record is None:
        raise unknown("asset", asset[:80])
    body = None if record.job is None else await services.queue.body(record.job)
    if body is not None:
        return answer({"workflow": body.workflow, "prompt": body.prompt})
    path = services.assets.path(asset)
    graphs = Graphs() if path is None else await asyncio.to_thread(embedded, path)
    text = json.dumps(asdict(graphs))  # ASCII: half a character of a stranger's does not matter
    return web.Response(text=text, content_type="application/json")


def _kind(request: web.Request) -> AssetKind | None:
    kind = request.query.get("kind")
    if kind is not None and kind not in _KINDS:
        raise Refused(400, "bad_parameter", f"kind must be one of {', '.join(sorted(_KINDS))}.")
    return cast("AssetKind | None", kind)


async def _file_part(request: web.Request) -> BodyPartReader:
    try:
        reader = await request.multipart()
        async with asyncio.timeout(IDLE_SECONDS):
            part = await reader.next()
    except (ValueError, HttpProcessingError) as error:
        said = f"The form cannot be read: {getattr(error, 'message', error)}."
        raise Refused(400, "bad_form", said) from error
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
            "search": "Words, or parts of words, that all stand in prompt, models, names or seed.",
            "model": "The file name of a model that had a part in it.",
            "after": "Made at or after this time, in seconds since 1970.",
            "before": "Made before this time, in seconds since 1970.",
            "starred": "1: only favourites.",
            "trashed": "1: what lies in the trash, and nothing else.",
            "cursor": "The `next` of the last page.",
            "limit": "How many, up to 500; 100 if not given.",
        },
        gives={"assets": list[AssetRecord], "next": str | None},
    ),
    Route(
        "GET",
        "/v1/assets/facets",
        facets,
        "What files can be narrowed by: models, most used first, and days, latest first.",
        query={
            "kind": "upload, output or preview.",
            "offset": "Minutes that the days' time zone is ahead of UTC; 0 if not given.",
        },
        gives=Facets,
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
    Route(
        "GET",
        "/v1/assets/{id}/workflow",
        workflow,
        "What made a picture, as far as the journal or the picture itself says it.",
        gives={"workflow": dict[str, Any] | None, "prompt": dict[str, Any] | None},
    ),
    Route(
        "PATCH",
        "/v1/assets/{id}",
        change,
        "Mark or unmark a favourite.",
        body={"starred": bool},
        gives=AssetRecord,
    ),
    Route(
        "DELETE",
        "/v1/assets/{id}",
        delete,
        "Put a file into the trash, where it stays for thirty days.",
        gives={"deleted": str},
    ),
    Route(
        "POST",
        "/v1/assets/{id}/restore",
        restore,
        "Take a file out of the trash.",
        gives=AssetRecord,
    ),
    Route(
        "POST",
        "/v1/trash/empty",
        empty_trash,
        "Remove for good what lies in the trash: how many files that were.",
        gives={"removed": int},
    ),
)
