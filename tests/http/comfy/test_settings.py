"""What ComfyUI's page remembers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from http_studio import Studio


async def test_settings_are_merged_and_kept(comfy: Studio, tmp_path: Path) -> None:
    ask = comfy.ask_bare
    assert (await ask("GET", "/settings"))[:2] == (200, {})
    assert (await ask("GET", "/settings/Comfy.A"))[:2] == (200, None)
    assert (await ask("POST", "/settings", data='{"Comfy.A": 1, "b": [2]}'))[:2] == (200, b"")
    assert (await ask("POST", "/api/settings/Comfy.A", data='"v"'))[:2] == (200, b"")
    assert (await ask("GET", "/settings/Comfy.A"))[1] == "v"
    assert (await ask("GET", "/api/settings"))[1] == {"Comfy.A": "v", "b": [2]}
    assert (await ask("GET", "/userdata/comfy.settings.json"))[1] == {"Comfy.A": "v", "b": [2]}


async def test_no_change_is_lost(comfy: Studio) -> None:
    changes = (comfy.ask_bare("POST", f"/settings/s{i}", data=str(i)) for i in range(20))
    await asyncio.gather(*changes)
    assert len((await comfy.ask_bare("GET", "/settings"))[1]) == 20


@pytest.mark.parametrize("body", ["garbage", "[1]", '{"a": NaN}', '"x"'])
async def test_a_body_that_is_no_settings(comfy: Studio, body: str) -> None:
    assert (await comfy.ask_bare("POST", "/settings", data=body))[0] == 400
    assert (await comfy.ask_bare("GET", "/settings"))[1] == {}


async def test_a_broken_file_is_as_none(comfy: Studio, tmp_path: Path) -> None:
    await comfy.ask_bare("POST", "/userdata/comfy.settings.json", data=b"{broken")
    assert (await comfy.ask_bare("GET", "/settings"))[:2] == (200, {})


async def test_one_user_and_names_of_profiles(comfy: Studio) -> None:
    ask = comfy.ask_bare
    assert (await ask("GET", "/users"))[1] == {"storage": "server", "migrated": True}
    status, user, _ = await ask("POST", "/users", json={"username": "b../ob"})
    assert (status, user[:4]) == (200, "bob_")
    again = await ask("POST", "/users", json={"username": "b../ob"})
    assert again[:2] == (400, {"error": "Duplicate username."})
    assert (await ask("POST", "/users", json={}))[0] == 400
