"""`/userdata`: the files that ComfyUI's page keeps, its workflows among them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import ParamSpec, TypeVar

from aiohttp import web

from wirebrush.http.answers import answer
from wirebrush.http.comfy.keys import comfy_of
from wirebrush.http.comfy.replies import refusal, says
from wirebrush.http.comfy.userfiles import Outside, UserFiles, info
from wirebrush.http.headers import USER_CONTENT_CSP
from wirebrush.http.routes import Handler, Route

P = ParamSpec("P")
T = TypeVar("T")

_TYPES = {
    ".json": "application/json",
    ".css": "text/css",
    ".txt": "text/plain",
    ".md": "text/plain",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
"""What is sent as what it is; everything else is just bytes, and nothing runs."""


def _guarded(handler: Handler) -> Handler:
    """What a name or the disk says against it becomes an answer."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Outside:
            return refusal(403, "That name leaves the folder of user data.")
        except FileNotFoundError:
            return refusal(404, "File not found")
        except OSError as error:
            return refusal(400, f"The file cannot be used: {error.strerror or error}.")

    return guarded


async def listing(request: web.Request) -> web.StreamResponse:
    """The files of a folder: names, parts of names, or all about them."""
    folder = request.query.get("dir", "")
    if not folder:
        return refusal(400, "Directory not provided")
    found = await _do(_files(request).below, folder, says(request, "recurse"))
    if found is None:
        return refusal(404, "Directory not found")
    if says(request, "full_info"):
        return answer(await _do(lambda: [info(path, name) for name, path in found]))
    if says(request, "split"):
        return answer([[name, *name.split("/")] for name, _ in found])
    return answer([name for name, _ in found])


async def tree(request: web.Request) -> web.StreamResponse:
    """Everything below a folder."""
    try:
        found = await _do(_files(request).tree, request.query.get("path", ""))
    except Outside:
        return refusal(400, "Invalid path requested")
    return refusal(404, "Requested path not found") if found is None else answer(found)


async def read(request: web.Request) -> web.StreamResponse:
    """A file."""
    name = request.match_info["file"]
    kind = _TYPES.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")
    path = await _do(_files(request).file, name)
    if path is None:
        return web.Response(status=404, content_type=kind)  # browsers complain of other types
    headers = {"Content-Type": kind, "Content-Security-Policy": USER_CONTENT_CSP}
    return web.FileResponse(path, headers={**headers, "Cache-Control": "no-cache"})


async def write(request: web.Request) -> web.StreamResponse:
    """Keep the body as a file."""
    files, name = _files(request), request.match_info["file"]
    data = await request.read()
    if not await _do(files.write, name, data, says(request, "overwrite", True)):
        return refusal(409, "File already exists")
    return await _named(request, files.path(name))


async def delete(request: web.Request) -> web.StreamResponse:
    """Delete a file."""
    path = await _do(_files(request).file, request.match_info["file"])
    if path is None:
        return refusal(404)
    await _do(path.unlink)
    return web.Response(status=204)


async def move(request: web.Request) -> web.StreamResponse:
    """Give a file another name."""
    files, target = _files(request), request.match_info["dest"]
    source = await _do(files.file, request.match_info["file"])
    if source is None:
        return refusal(404)
    if not await _do(files.move, source, target, says(request, "overwrite", True)):
        return refusal(409, "File already exists")
    return await _named(request, files.path(target))


async def _named(request: web.Request, path: Path) -> web.Response:
    name = path.relative_to(_files(request).root).as_posix()
    return answer(await _do(info, path, name) if says(request, "full_info") else name)


async def _do(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.to_thread(work, *args, **kwargs)


def _files(request: web.Request) -> UserFiles:
    return comfy_of(request).files


ROUTES = tuple(
    Route(method, path, _guarded(handler), summary)
    for method, path, handler, summary in (
        ("GET", "/userdata", listing, "The files of a folder."),
        ("GET", "/v2/userdata", tree, "Everything below a folder."),
        ("GET", "/userdata/{file}", read, "A file."),
        ("POST", "/userdata/{file}", write, "Keep the body as a file."),
        ("DELETE", "/userdata/{file}", delete, "Delete a file."),
        ("POST", "/userdata/{file}/move/{dest}", move, "Give a file another name."),
    )
)
