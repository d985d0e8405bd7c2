"""The page and its files, and the two plain pages for when there is no page to show."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from wirebrush.http.headers import FOREVER, PAGE_CSP

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ico": "image/x-icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".txt": "text/plain",
}

_FORBIDDEN = frozenset("\\:\0")

_PLAIN = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Wirebrush</title>
<meta name="color-scheme" content="dark light"></head>
<body><h1>{title}</h1><p>{text}</p><pre>{command}</pre></body></html>"""


def closed_door() -> web.Response:
    """What a browser without the token sees."""
    return plain_page(
        401,
        "This studio is locked",
        "Open the link that Wirebrush printed in the terminal when it started. It looks like this:",
        "http://127.0.0.1:8190/?token=…",
    )


def plain_page(status: int, title: str, text: str, command: str) -> web.Response:
    """A page of one sentence, without scripts or styles."""
    body = _PLAIN.format(
        title=html.escape(title), text=html.escape(text), command=html.escape(command)
    )
    headers = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    return web.Response(status=status, text=body, content_type="text/html", headers=headers)


def page_routes(folder: Path) -> list[tuple[str, Handler]]:
    """Paths and handlers of the built page in `folder`, as it is at the time of the request."""

    async def index(request: web.Request) -> web.StreamResponse:
        path = folder / "index.html"
        if not path.is_file():
            return plain_page(
                503,
                "The page is not built yet",
                "The server is running. This builds the page; then reload:",
                "python3 web_build.py",
            )
        headers = {"Content-Security-Policy": PAGE_CSP, "Cache-Control": "no-cache"}
        return file_answer(path, headers)

    async def file(request: web.Request) -> web.StreamResponse:
        path = file_inside(folder, request.match_info["path"])
        if path is None:
            raise web.HTTPNotFound
        hashed = request.match_info["path"].startswith("assets/")  # named by their content
        headers = {
            "Content-Security-Policy": PAGE_CSP,
            "Cache-Control": FOREVER if hashed else "no-cache",
        }
        return file_answer(path, headers)

    async def icon(request: web.Request) -> web.StreamResponse:
        path = folder / "favicon.ico"
        return file_answer(path, {}) if path.is_file() else web.Response(status=204)

    return [("/", index), ("/favicon.ico", icon), ("/{path:[^/].*}", file)]


def file_inside(folder: Path, name: str) -> Path | None:
    """A file of the page; nothing above the folder, hidden, or behind a link."""
    parts = name.split("/")
    if any(not part or part.startswith(".") or not _FORBIDDEN.isdisjoint(part) for part in parts):
        return None
    path = folder.joinpath(*parts)
    try:
        real = path.resolve(strict=True)
        if not real.is_file() or not real.is_relative_to(folder.resolve()):
            return None
    except OSError:
        return None
    return path if path.suffix in _TYPES else None


def file_answer(path: Path, headers: dict[str, str]) -> web.FileResponse:
    """A file with the type that its ending says."""
    kind = _TYPES.get(path.suffix, "application/octet-stream")
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    return web.FileResponse(path, headers={"Content-Type": kind, **headers})
