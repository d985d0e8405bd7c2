"""The files that ComfyUI's page keeps for its user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from http_studio import Studio
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.http.comfy.userfiles import Outside, UserFiles

FILE = "/userdata/workflows%2Fcat.json"


async def put(studio: Studio, name: str, data: bytes = b'{"a":1}', query: str = "") -> Any:
    return (await studio.ask_bare("POST", f"/userdata/{name}{query}", data=data))[:2]


async def test_a_file_is_written_read_and_deleted(comfy: Studio) -> None:
    assert await put(comfy, "workflows%2Fcat.json") == (200, "workflows/cat.json")
    status, body, headers = await comfy.ask_bare("GET", f"/api{FILE}")
    assert (status, body) == (200, {"a": 1})
    assert headers["Content-Type"] == "application/json"
    assert (await comfy.ask_bare("DELETE", FILE))[:2] == (204, b"")
    assert (await comfy.ask_bare("DELETE", FILE))[0] == 404
    assert (await comfy.ask_bare("GET", FILE))[0] == 404


async def test_a_file_is_overwritten_unless_that_is_not_wanted(comfy: Studio) -> None:
    await put(comfy, "a.txt", b"one")
    assert await put(comfy, "a.txt", b"two", "?overwrite=false") == (409, b"File already exists")
    assert (await comfy.ask_bare("GET", "/userdata/a.txt"))[1] == b"one"
    status, body = await put(comfy, "a.txt", b"three", "?full_info=true")
    assert (status, body["path"], body["size"]) == (200, "a.txt", 5)
    assert body["modified"] > 1e9
    assert body["created"] > 1e9


async def test_lists(comfy: Studio) -> None:
    for name in ("workflows%2Fb.json", "workflows%2Fsub%2Fa.json", "other%2Fc.json"):
        await put(comfy, name)
    ask = comfy.ask_bare
    assert (await ask("GET", "/userdata?dir=workflows"))[1] == ["b.json"]
    deep = "/userdata?dir=workflows&recurse=true"
    assert (await ask("GET", deep))[1] == ["b.json", "sub/a.json"]
    assert (await ask("GET", f"{deep}&split=true"))[1] == [
        ["b.json", "b.json"],
        ["sub/a.json", "sub", "a.json"],
    ]
    full = (await ask("GET", f"{deep}&full_info=true&split=true"))[1]
    assert [list(item) for item in full] == [["path", "size", "modified", "created"]] * 2
    tree = (await ask("GET", "/v2/userdata?path=workflows"))[1]
    assert [(item["type"], item["path"]) for item in tree] == [
        ("directory", "workflows/sub"),
        ("file", "workflows/sub/a.json"),
        ("file", "workflows/b.json"),
    ]
    assert len((await ask("GET", "/v2/userdata"))[1]) == 6


async def test_lists_of_what_is_not_there(comfy: Studio) -> None:
    ask = comfy.ask_bare
    assert (await ask("GET", "/userdata"))[:2] == (400, b"Directory not provided")
    assert (await ask("GET", "/userdata?dir=nope"))[0] == 404
    assert (await ask("GET", "/userdata?dir=../.."))[0] == 403
    assert (await ask("GET", "/v2/userdata"))[:2] == (200, [])
    assert (await ask("GET", "/v2/userdata?path=nope"))[0] == 404
    assert (await ask("GET", "/v2/userdata?path=../.."))[0] == 400


async def test_a_file_gets_another_name(comfy: Studio) -> None:
    await put(comfy, "a.json", b"[1]")
    await put(comfy, "b.json", b"[2]")
    ask = comfy.ask_bare
    assert (await ask("POST", "/userdata/a.json/move/b.json?overwrite=false"))[0] == 409
    moved = "/userdata/a.json/move/deep%2Fc.json?overwrite=false"
    assert (await ask("POST", moved))[:2] == (200, "deep/c.json")
    assert (await ask("POST", moved))[0] == 404
    status, body, _ = await ask("POST", "/userdata/deep%2Fc.json/move/b.json?full_info=true")
    assert (status, body["path"]) == (200, "b.json")
    assert (await ask("GET", "/userdata/b.json"))[1] == [1]
    assert (await ask("POST", "/userdata/b.json/move/..%2Fx"))[0] == 403


@pytest.mark.parametrize(
    "name", ["..%2F..%2Fx", "%2Fetc%2Fpasswd", "a%2F..%2F..%2Fx", "C:x", "a%5Cb"]
)
async def test_no_name_leaves_the_folder(comfy: Studio, name: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert (await comfy.ask_bare(method, f"/userdata/{name}"))[0] == 403


async def test_a_folder_and_a_name_that_no_disk_takes(comfy: Studio) -> None:
    await put(comfy, "workflows%2Fcat.json")
    assert (await comfy.ask_bare("GET", "/userdata/workflows"))[0] == 404
    assert (await comfy.ask_bare("DELETE", "/userdata/workflows"))[0] == 404
    for name in ("workflows", "x" * 300, "workflows%2Fcat.json%2Fx"):
        status, body = await put(comfy, name)
        assert (status, body[:24]) == (400, b"The file cannot be used:")


async def test_nothing_that_a_user_keeps_runs(comfy: Studio) -> None:
    for name in ("x.html", "x.js", "x.svg"):
        await put(comfy, name, b"<script>alert(1)</script>")
        headers = (await comfy.ask_bare("GET", f"/userdata/{name}"))[2]
        assert headers["Content-Type"] == "application/octet-stream"
        assert "sandbox" in headers["Content-Security-Policy"]
    await put(comfy, "user.css", b"a{}")
    headers = (await comfy.ask_bare("GET", "/api/userdata/user.css"))[2]
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("text/css", "no-cache")


def test_links_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    files = UserFiles(root)
    with pytest.raises(Outside):
        files.file("link/secret")
    assert files.tree("") == []


@given(st.lists(st.sampled_from(["..", ".", "a", "", "\\", "C:", "\0", "b.json"]), max_size=6))
def test_every_path_stays_below(parts: list[str]) -> None:
    root = Path("somewhere").absolute()
    try:
        path = UserFiles(root).path("/".join(parts))
    except Outside:
        return
    assert path.is_relative_to(root)
    assert ".." not in path.parts
