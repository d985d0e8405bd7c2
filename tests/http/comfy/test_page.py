"""ComfyUI's own page at /comfy/, and what it may do there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from http_studio import TOKEN, WORKFLOW, Studio, running_studio

from wirebrush.http.comfy.page import page_csp
from wirebrush.http.comfy.services import ComfyServices
from wirebrush.http.comfy.settings import STARTING

INDEX = b'<!doctype html><script type="importmap">{}</script><script src="x.js"></script>'
PAGE = {"Sec-Fetch-Site": "none", "Accept": "text/html"}


@pytest.fixture
async def comfy_ui(tmp_path: Path) -> AsyncIterator[Studio]:
    """A server that also serves a page like ComfyUI's, and templates."""
    page, templates = tmp_path / "page", tmp_path / "gallery"
    for folder in (page / "assets", templates):
        folder.mkdir(parents=True)
    (page / "index.html").write_bytes(INDEX)
    (page / "assets" / "a.js").write_text("1")
    (page / "assets" / "a.png").write_bytes(b"\x89PNG")
    (page / ".hidden.js").write_text("1")
    (templates / "index.json").write_text("[]")
    services = ComfyServices(tmp_path / "data" / "comfy", page, templates)
    async with running_studio(tmp_path, comfy=services) as started:
        yield started


async def test_the_link_with_the_token_opens_it(comfy_ui: Studio) -> None:
    ask = comfy_ui.ask_bare
    status, _, headers = await ask("GET", f"/comfy/?token={TOKEN}", headers=PAGE)
    assert (status, headers["Location"]) == (303, "/comfy/")
    assert headers["Set-Cookie"].startswith(comfy_ui.access.cookie_name)
    assert (await ask("GET", "/comfy/", headers=PAGE))[0] == 401
    status, body, _ = await ask("GET", "/comfy/", headers={**PAGE, **comfy_ui.cookie})
    assert (status, body) == (200, INDEX)
    status, _, headers = await ask("GET", "/comfy", headers={**PAGE, **comfy_ui.cookie})
    assert (status, headers["Location"]) == (308, "/comfy/")


async def test_only_this_page_gets_its_policy(comfy_ui: Studio) -> None:
    policy = (await comfy_ui.ask("GET", "/comfy/"))[2]["Content-Security-Policy"]
    assert policy == page_csp(INDEX)
    assert "'unsafe-eval'" in policy
    assert "http" not in policy  # it talks to nobody but us
    for path in ("/", "/comfy/assets/a.js", "/comfy/api/features", "/comfy/view"):
        other = (await comfy_ui.ask("GET", path))[2]["Content-Security-Policy"]
        assert "unsafe" not in other


def test_the_scripts_in_the_page_are_known_by_their_hash() -> None:
    # printf '{}' | openssl dgst -sha256 -binary | base64
    assert "'sha256-RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o='" in page_csp(INDEX)
    assert page_csp(INDEX).count("sha256") == 1


async def test_its_files_and_its_templates(comfy_ui: Studio) -> None:
    ask = comfy_ui.ask
    for name, kept in (("a.js", "no-cache"), ("a.png", "public, max-age=86400")):
        status, _, headers = await ask("GET", f"/comfy/assets/{name}")
        assert (status, headers["Cache-Control"]) == (200, kept)
    for path in ("/comfy/templates/index.json", "/templates/index.json"):
        assert (await ask("GET", path))[:2] == (200, [])
    headers = (await ask("GET", "/comfy/"))[2]
    assert (headers["Cache-Control"], headers["Expires"]) == ("no-cache", "0")
    for path in (".hidden.js", "assets", "nope.js", "assets/..%2F..%2Fx.js", "templates/x.json"):
        assert (await ask("GET", f"/comfy/{path}"))[0] == 404


async def test_our_workflows_are_templates_there(comfy_ui: Studio, tmp_path: Path) -> None:
    ours = tmp_path / "templates"
    ours.mkdir()
    (ours / "three.json").write_text(json.dumps(WORKFLOW))
    (ours / "three.webp").write_bytes(b"RIFFxxxxWEBP")
    ask = comfy_ui.ask
    assert (await ask("GET", "/comfy/api/workflow_templates"))[1] == {"Wirebrush": ["three"]}
    status, data, _ = await ask("GET", "/comfy/api/workflow_templates/Wirebrush/three.json")
    assert (status, data["version"]) == (200, 0.4)
    assert [node["type"] for node in data["nodes"]] == ["Number", "Show"]
    status, _, headers = await ask("GET", "/comfy/api/workflow_templates/Wirebrush/three.jpg")
    assert (status, headers["Content-Type"]) == (200, "image/webp")
    for name in ("gone.json", "gone.jpg", "..%2F..%2Fx.json"):
        assert (await ask("GET", f"/api/workflow_templates/Wirebrush/{name}"))[0] == 404


async def test_its_requests_are_answered_below_it(comfy_ui: Studio) -> None:
    headers = {**comfy_ui.cookie, "Sec-Fetch-Site": "same-origin"}
    for path in ("/comfy/api/features", "/comfy/features", "/api/features"):
        assert (await comfy_ui.ask_bare("GET", path, headers=headers))[0] == 200
    settings = "/comfy/api/settings/a"
    foreign = {**headers, "Origin": "http://evil.test"}
    assert (await comfy_ui.ask_bare("POST", settings, data="1", headers=foreign))[0] == 403
    own = {**headers, "Origin": comfy_ui.origin}
    assert (await comfy_ui.ask_bare("POST", settings, data="1", headers=own))[0] == 200


async def test_what_browsers_would_complain_of_is_missing_in_its_own_type(
    comfy_ui: Studio,
) -> None:
    for path in ("/comfy/user.css", "/comfy/api/userdata/user.css"):
        status, _, headers = await comfy_ui.ask("GET", path)
        assert (status, headers["Content-Type"].partition(";")[0]) == (404, "text/css")


async def test_the_page_starts_with_settings_that_it_can_read(comfy_ui: Studio) -> None:
    own = {**comfy_ui.cookie, "Origin": comfy_ui.origin}
    assert (await comfy_ui.ask("GET", "/comfy/api/settings"))[1] == STARTING
    await comfy_ui.ask_bare("POST", "/comfy/api/settings/a", data="1", headers=own)
    assert (await comfy_ui.ask("GET", "/comfy/api/settings"))[1] == {**STARTING, "a": 1}


async def test_without_the_option_there_is_no_such_page(comfy: Studio) -> None:
    assert (await comfy.ask("GET", "/comfy/"))[0] == 404
    assert (await comfy.ask("GET", "/comfy/api/features"))[0] == 404
