"""`/view`: stored pictures by name, in the channel and format that a client wants."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from wirebrush.http.answers import answer
from wirebrush.http.comfy.pictures import Channel, as_preview, one_channel
from wirebrush.http.comfy.replies import refusal
from wirebrush.http.headers import USER_CONTENT_CSP
from wirebrush.http.keys import SERVICES
from wirebrush.http.routes import Route
from wirebrush.http.v1.assets import CHUNK
from wirebrush.jobs.assets import PAGE_LIMIT
from wirebrush.jobs.gallery import Wanted
from wirebrush.jobs.records import AssetKind, AssetRecord

PLACES = ("output", "input", "temp")
_KINDS: Mapping[str, AssetKind] = {"output": "output", "input": "upload", "temp": "preview"}
_ACTIVE = re.compile(r"html|javascript|css|svg|xml")
"""Types that a browser would run; none of them is what a stored file is taken for."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


class NoSuchName(Exception):
    """A name that no stored file can have; the status says what is wrong with it."""

    def __init__(self, status: int, sentence: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def label_of(filename: str, place: str | None, subfolder: str) -> str:
    """The label that ComfyUI's way to name a file means; the folder of its name does not count.

    >>> label_of("cat.png [input]", None, "pets/")
    'pets/cat.png'
    """
    plain, ending = filename[:-1].rpartition(" [")[::2]
    if filename.endswith("]") and ending in PLACES:
        filename, place = plain, ending
    if not filename:
        raise NoSuchName(400, "A filename is not empty.")
    if filename[0] == "/" or ".." in filename:
        raise NoSuchName(400, "A filename leaves no folder.")
    if _CONTROLS.search(filename + subfolder):
        raise NoSuchName(400, "A filename and its subfolder have no control characters.")
    if place is not None and place not in PLACES:
        raise NoSuchName(400, f"type must be one of {', '.join(PLACES)}.")
    parts = subfolder.replace("\\", "/").split("/")
    if subfolder.startswith(("/", "\\")) or ".." in parts or ":" in subfolder:
        raise NoSuchName(403, "A subfolder leaves no folder.")
    name = re.split(r"[/\\]", filename)[-1]
    return "/".join([*(part for part in parts if part not in ("", ".")), name])


async def view(request: web.Request) -> web.StreamResponse:
    """The file, a preview of it, or one of its channels."""
    asked, assets = request.query, request.app[SERVICES].assets
    try:
        name = asked.get("filename")
        if name is None:
            raise NoSuchName(404, "There is no filename: ?filename=a.png.")
        label = label_of(name, asked.get("type"), asked.get("subfolder", ""))
    except NoSuchName as error:
        return refusal(error.status, error.sentence)
    record = await assets.find(label)
    path = None if record is None else assets.path(record.id)
    if record is None or path is None:
        return refusal(404)
    headers = {
        "Content-Disposition": f'filename="{label.rpartition("/")[2]}"',
        "Content-Security-Policy": USER_CONTENT_CSP,
        "Cache-Control": "private, no-cache",
    }
    changed = await asyncio.to_thread(_changed, request, record, path)
    if changed is not None:
        return web.Response(body=changed[0], content_type=changed[1], headers=headers)
    headers["Content-Type"] = content_type(record.mime)
    return web.FileResponse(path, chunk_size=CHUNK, headers=headers)


def content_type(mime: str) -> str:
    """The type that a file is sent as: never one that runs."""
    return "application/octet-stream" if _ACTIVE.search(mime) else mime


def _changed(request: web.Request, record: AssetRecord, path: Path) -> tuple[bytes, str] | None:
    """The bytes and type of what was asked for instead of the file; None: the file itself."""
    if not record.mime.startswith("image/"):
        return None
    wanted = request.query.get("channel", "rgba")
    channel: Channel = wanted if wanted in ("rgb", "a") else "rgba"
    preview = request.query.get("preview")
    if preview is not None:
        form, _, quality = preview.partition(";")
        if form not in ("webp", "jpeg") or "a" in request.query.get("channel", ""):
            form = "webp"
        best = min(max(int(quality[:4]), 1), 100) if quality.isdecimal() else 90
        data = as_preview(path, form, best, channel)
        return None if data is None else (data, f"image/{form}")
    data = None if channel == "rgba" else one_channel(path, channel)
    return None if data is None else (data, "image/png")


async def stored(request: web.Request) -> web.Response:
    """The names of stored files of one place, the newest first."""
    kind = _KINDS.get(request.match_info["place"])
    if kind is None:
        return answer({"error": "Invalid directory type"}, status=400)
    found, _ = await request.app[SERVICES].assets.page(Wanted(kind=kind), limit=PAGE_LIMIT)
    return answer([record.name for record in found])


ROUTES = (
    Route("GET", "/internal/files/{place}", stored, "The names of stored files."),
    Route(
        "GET",
        "/view",
        view,
        "A stored file by name.",
        query={
            "filename": "Its name; ` [input]` and the like may follow.",
            "type": "output, input or temp.",
            "subfolder": "The folders before its name.",
            "channel": "rgba, rgb or a.",
            "preview": "webp or jpeg, with `;quality` after it.",
        },
    ),
)
