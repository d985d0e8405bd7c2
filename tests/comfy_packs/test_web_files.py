"""Which folders of packs hold scripts for ComfyUI's page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NODE = """
class Nothing:
    RETURN_TYPES, FUNCTION = (), "work"
    INPUT_TYPES = classmethod(lambda cls: {"required": {}})
    def work(self):
        return ()

NODE_CLASS_MAPPINGS = {"Nothing": Nothing}
"""
OTHERS = """
import os, nodes
here = os.path.dirname(__file__)
nodes.EXTENSION_WEB_DIRS["more"] = os.path.join(here, "more")
nodes.EXTENSION_WEB_DIRS["outside"] = os.path.dirname(here)
nodes.EXTENSION_WEB_DIRS["a/b"] = nodes.EXTENSION_WEB_DIRS["more"]
nodes.EXTENSION_WEB_DIRS["gone"] = os.path.join(here, "gone")
"""
PROJECT = '[tool.comfy]\nweb = "js"\n'


@pytest.mark.parametrize(
    ("files", "web"),
    [
        ({"__init__.py": f'WEB_DIRECTORY = "./js"\n{NODE}'}, {"pack": "js"}),
        ({"__init__.py": NODE, "pyproject.toml": PROJECT}, {"pack": "js"}),
        ({"__init__.py": NODE, "pyproject.toml": "[["}, {}),
        ({"__init__.py": f'WEB_DIRECTORY = "../pack/js/.."\n{NODE}'}, {"pack": "."}),
        ({"__init__.py": f'WEB_DIRECTORY = ".."\n{NODE}'}, {}),
        ({"__init__.py": f'WEB_DIRECTORY = "/"\n{NODE}'}, {}),
        ({"__init__.py": f"WEB_DIRECTORY = 5\n{NODE}"}, {}),
        ({"__init__.py": OTHERS + NODE}, {"more": "more"}),
    ],
)
def test_only_folders_of_the_pack_count(
    load_pack: Callable[..., Any], files: dict[str, str], web: dict[str, str]
) -> None:
    packs = load_pack({**files, "js/a.js": "1", "more/b.js": "1"})
    (report,) = [report for report in packs.reports if report.name == "pack"]
    assert report.loaded
    assert report.web == web


def test_a_pack_of_one_file_has_none(load_pack: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "custom_nodes"
    folder.mkdir()
    (folder / "single.py").write_text(f'WEB_DIRECTORY = "."\n{NODE}', encoding="utf-8")
    reports = load_pack({"__init__.py": NODE.replace("Nothing", "Other")}).reports
    assert {report.name: report.web for report in reports if report.kind == "comfyui"} == {
        "pack": {},
        "single": {},
    }


ROUTES = """
from server import PromptServer

@PromptServer.instance.routes.get("/mine/list")
async def listed(request): ...

PromptServer.instance.routes.post("/mine/a")(listed)
PromptServer.instance.routes.static("/mine/b", "x")
PromptServer.instance.routes.post("/mine/c")(listed)
"""


def test_addresses_of_a_pack_are_not_served_and_its_report_says_so(
    load_pack: Callable[..., Any],
) -> None:
    packs = load_pack(ROUTES + NODE)
    (failure,) = packs.failures
    assert failure.pack == "pack"
    assert failure.error == (
        "Its web addresses (/mine/list, /mine/a, /mine/b, ...) are not served: packs run in a"
        " worker, apart from the server. Its nodes work; what its scripts fetch from there is"
        " missing."
    )
    assert "Nothing" in packs.types
    (report,) = [report for report in packs.reports if report.name == "pack"]
    assert report.loaded


@pytest.mark.parametrize(
    "line",
    [
        'server.routes.route("GET", "/mine")(listed)',
        'server.app.router.add_get("/mine", listed)',
        'server.app.router.add_route("*", "/mine", listed)',
        'server.app.router.add_static("/mine", "js")',
        'server.app.add_routes([web.get("/mine", listed)])',
        'server.app.add_routes([web.static("/mine", "js")])',
        'server.routes.get("/mine")(listed); server.app.add_routes(server.routes)',
    ],
)
def test_an_address_is_told_however_a_pack_names_it(
    load_pack: Callable[..., Any], line: str
) -> None:
    source = f"""
from aiohttp import web
from server import PromptServer
server = PromptServer.instance
async def listed(request): ...
{line}
"""
    (failure,) = load_pack(source + NODE).failures
    assert failure.error.startswith("Its web addresses (/mine) are not served")
