"""`/extensions`: scripts that packs bring for ComfyUI's page.

They run in that page with all that its person may do, so they are there only where the page is
served (`--comfy-ui`), and only those of packs that somebody turned on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from wirebrush.http.answers import answer
from wirebrush.http.comfy.keys import comfy_of
from wirebrush.http.headers import DATA_CSP
from wirebrush.http.keys import SERVICES
from wirebrush.http.pages import file_answer, file_inside
from wirebrush.http.routes import Route
from wirebrush.packlist import PackReport

MOST = 5_000
"""More scripts of a pack are not told of."""


async def listed(request: web.Request) -> web.Response:
    """The scripts that the page runs when it starts."""
    return answer(await asyncio.to_thread(_scripts, _folders(request)))


async def pack_file(request: web.Request) -> web.StreamResponse:
    """A file of a pack for the page, or one of the page's own of that name."""
    name, path = request.match_info["pack"], request.match_info["path"]
    page = comfy_of(request).page
    own = [] if page is None else [(name, page / "extensions" / name)]
    for known, folder in (*_folders(request), *own):
        if known == name and (found := file_inside(folder, path)) is not None:
            headers = {"Content-Security-Policy": DATA_CSP, "Cache-Control": "no-cache"}
            return file_answer(found, headers)
    raise web.HTTPNotFound


def _folders(request: web.Request) -> list[tuple[str, Path]]:
    """The folders of packs that are on, by the names under which the page asks for them."""
    comfy, services = comfy_of(request), request.app[SERVICES]
    if comfy.page is None:
        return []
    choice = services.packs.choice()
    return [
        entry
        for report in services.catalogs.current.packs
        if report.loaded and report.web and choice.is_on(report.name, report.kind)
        for entry in _folders_of(report, comfy.pack_folders)
    ]


def _folders_of(report: PackReport, homes: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    root = next((home / report.file for home in homes if (home / report.file).is_dir()), None)
    if root is None or not report.file:
        return
    for name, folder in report.web.items():
        real = (root / folder).resolve()
        if real.is_relative_to(root.resolve()):
            yield name, real


def _scripts(folders: Sequence[tuple[str, Path]]) -> list[str]:
    return [
        f"/extensions/{quote(name)}/{quote(path.relative_to(folder).as_posix())}"
        for name, folder in folders
        for path in sorted(folder.rglob("*.js"))[:MOST]
        if file_inside(folder, path.relative_to(folder).as_posix()) is not None
    ]


ROUTES = (Route("GET", "/extensions", listed, "Scripts of packs for ComfyUI's page."),)
