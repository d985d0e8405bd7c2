"""ComfyUI's own page at `/comfy/`, and the files of its template gallery."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from aiohttp import web

from wirebrush.http.comfy.extensions import pack_file
from wirebrush.http.comfy.services import ComfyServices
from wirebrush.http.headers import DATA_CSP
from wirebrush.http.pages import file_answer, file_inside
from wirebrush.http.routes import Handler

USER_STYLE = "user.css"
"""The page asks for it, and browsers complain if what is missing has another type."""
_INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".svg", ".ico"})
_REST = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "connect-src 'self' blob: data:",
        "manifest-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)


def page_csp(index: bytes) -> str:
    """What ComfyUI's page may do: run its own scripts and those that stand in it, work out what is
    typed into its numbers (it evaluates sums as scripts), and talk to this server only."""
    hashes = {
        base64.b64encode(hashlib.sha256(script).digest()).decode()
        for script in _INLINE.findall(index)
    }
    inline = " ".join(f"'sha256-{digest}'" for digest in sorted(hashes))
    return f"script-src 'self' 'unsafe-eval' {inline}; {_REST}"


def installed_templates() -> Path | None:
    """The templates of the package comfyui-workflow-templates, if it is installed."""
    found = find_spec("comfyui_workflow_templates")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "templates"
    return folder if folder.is_dir() else None


def comfy_page_routes(comfy: ComfyServices) -> list[tuple[str, Handler]]:
    """Paths and handlers of the page and its templates; they are not ComfyUI's API."""
    routes: list[tuple[str, Handler]] = []
    prefixes = ("",) if comfy.page is None else ("", "/comfy")
    if comfy.templates is not None:
        shown = _files(comfy.templates)
        routes += [(f"{prefix}/templates/{{path:.+}}", shown) for prefix in prefixes]
    if comfy.page is not None:
        routes += [("/comfy", _to_folder), ("/comfy/", _index(comfy.page))]
        # Scripts of packs name each other and the page's as if it were at the root, or by "..".
        routes += [(f"{prefix}/extensions/{{pack}}/{{path:.+}}", pack_file) for prefix in prefixes]
        routes += [("/scripts/{path:.+}", _files(comfy.page / "scripts"))]
        routes += [("/comfy/{path:.+}", _files(comfy.page))]
        # The page names these pictures as if it were at the root.
        routes += [("/assets/images/{path:.+}", _files(comfy.page / "assets" / "images"))]
    return routes


async def _to_folder(request: web.Request) -> web.StreamResponse:
    target = "/comfy/" + (f"?{request.query_string}" if request.query_string else "")
    return web.Response(status=308, headers={"Location": target})


def _index(folder: Path) -> Handler:
    async def index(_request: web.Request) -> web.StreamResponse:
        data = (folder / "index.html").read_bytes()
        headers = {
            "Content-Security-Policy": page_csp(data),
            "Cache-Control": "no-cache",
            "Pragma": "no-cache",
            "Expires": "0",
        }
        return web.Response(body=data, content_type="text/html", charset="utf-8", headers=headers)

    return index


def _files(folder: Path) -> Handler:
    async def file(request: web.Request) -> web.StreamResponse:
        name = request.match_info["path"]
        path = file_inside(folder, name)
        if path is None and name == USER_STYLE:
            return web.Response(status=404, content_type="text/css")
        if path is None:
            raise web.HTTPNotFound
        csp = {"Content-Security-Policy": DATA_CSP}
        return file_answer(path, {**csp, "Cache-Control": cache_control(name)})

    return file


def cache_control(name: str) -> str:
    """How long a file of the page may be kept: pictures for a day, all else is asked for anew."""
    lasts = PurePosixPath(name).suffix.lower() in _PICTURES
    return "public, max-age=86400" if lasts else "no-cache"
