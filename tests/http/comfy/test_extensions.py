"""Scripts that packs bring for ComfyUI's page: where it is served, of packs that are on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from http_studio import CATALOG, Studio, running_studio

from wirebrush.http.comfy.services import ComfyServices
from wirebrush.packlist import PackReport

REPORT = PackReport(
    *("my pack", "comfyui", "my pack"), loaded=True, web={"my pack": "js", "out": "../other"}
)


@asynccontextmanager
async def studio(tmp_path: Path, page: bool = True, on: bool = True) -> AsyncIterator[Studio]:
    """A server with a pack that brings scripts, and ComfyUI's page."""
    folders = {"page": tmp_path / "page", "packs": tmp_path / "packs"}
    files = {
        "page/index.html": "page",
        "page/scripts/app.js": "app",
        "page/extensions/core/own.js": "own",
        "packs/my pack/js/a.js": "a",
        "packs/my pack/js/deep/b.css": "b",
        "packs/my pack/js/deep/c d.js": "c",
        "packs/my pack/js/.git/hidden.js": "no",
        "packs/my pack/__init__.py": "secret",
        "packs/my pack/js/code.py": "secret",
        "packs/other/x.js": "secret",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    comfy = ComfyServices(
        tmp_path / "data" / "comfy",
        folders["page"] if page else None,
        pack_folders=(tmp_path / "nowhere", folders["packs"]),
    )
    catalog = replace(CATALOG, packs=(REPORT,))
    async with running_studio(tmp_path, catalog, comfy=comfy) as started:
        if on:
            await started.services.packs.turn("my pack", True)
        yield started


async def test_the_page_is_told_of_scripts_and_gets_them(tmp_path: Path) -> None:
    async with studio(tmp_path) as comfy:
        told = ["/extensions/my%20pack/a.js", "/extensions/my%20pack/deep/c%20d.js"]
        for prefix in ("", "/api", "/comfy/api"):
            assert (await comfy.ask("GET", f"{prefix}/extensions"))[1] == told
        for prefix in ("", "/comfy"):
            for path, text in (("my pack/a.js", b"a"), ("my pack/deep/b.css", b"b")):
                status, body, headers = await comfy.ask("GET", f"{prefix}/extensions/{path}")
                assert (status, body, headers["Cache-Control"]) == (200, text, "no-cache")
                assert headers["Content-Security-Policy"].startswith("default-src 'none'")
            own = await comfy.ask("GET", f"{prefix}/extensions/core/own.js")
            assert own[:2] == (200, b"own")
        assert (await comfy.ask("GET", "/scripts/app.js"))[:2] == (200, b"app")


async def test_nothing_else_of_a_pack_can_be_had(tmp_path: Path) -> None:
    async with studio(tmp_path) as comfy:
        for path in (
            *("my pack/code.py", "my pack/../__init__.py", "my pack/..%2F__init__.py"),
            *("my pack/.git/hidden.js", "my pack/gone.js", "out/x.js", "other/x.js"),
        ):
            assert (await comfy.ask("GET", f"/comfy/extensions/{path}"))[0] == 404, path


async def test_packs_that_are_off_and_servers_without_the_page_have_none(tmp_path: Path) -> None:
    async with studio(tmp_path, on=False) as comfy:
        assert (await comfy.ask("GET", "/extensions"))[1] == []
        assert (await comfy.ask("GET", "/comfy/extensions/my pack/a.js"))[0] == 404
    async with studio(tmp_path, page=False) as comfy:
        assert (await comfy.ask("GET", "/extensions"))[1] == []
        for path in ("/extensions/my pack/a.js", "/comfy/extensions/my pack/a.js"):
            assert (await comfy.ask("GET", path))[0] == 404
