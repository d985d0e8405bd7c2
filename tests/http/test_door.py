"""The side door: programs on this machine may use ComfyUI's routes, and nobody else."""

from __future__ import annotations

import pytest
from http_studio import TOKEN, Studio


@pytest.mark.parametrize("path", ["/features", "/api/features"])
async def test_a_program_on_this_machine_needs_no_token(comfy: Studio, path: str) -> None:
    status, body, _ = await comfy.ask_bare("GET", path)
    assert (status, body["supports_preview_metadata"]) == (200, True)


async def test_a_program_may_say_that_it_comes_from_here(comfy: Studio) -> None:
    """As Python's websocket-client does, which most scripts for ComfyUI use."""
    host = comfy.url.removeprefix("http://").rstrip("/")
    status, _, _ = await comfy.ask_bare("GET", "/features", headers={"Origin": f"http://{host}"})
    assert status == 200


async def test_without_the_option_there_is_no_such_route(studio: Studio) -> None:
    status, _, _ = await studio.ask_bare("GET", "/features")
    assert status == 401
    status, _, _ = await studio.ask_bare(
        "GET", "/features", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert status == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-origin"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
    ],
)
async def test_a_page_or_a_proxy_is_no_such_program(comfy: Studio, headers: dict[str, str]) -> None:
    status, _, _ = await comfy.ask_bare("GET", "/features", headers=headers)
    assert status in (401, 403)


@pytest.mark.parametrize("path", ["/v1/nodes", "/v1/system", "/v1/nothing"])
async def test_our_own_routes_want_the_token_all_the_same(comfy: Studio, path: str) -> None:
    status, _, _ = await comfy.ask_bare("GET", path)
    assert status == 401


@pytest.mark.parametrize("path", ["/manager/version", "/api/manager/version", "/nothing"])
async def test_an_unknown_route_is_just_not_found(comfy: Studio, path: str) -> None:
    status, _, _ = await comfy.ask_bare("GET", path)
    assert status == 404


async def test_the_token_may_stand_in_the_address(comfy: Studio) -> None:
    far = {"X-Forwarded-For": "203.0.113.9"}
    status, _, _ = await comfy.ask_bare("GET", f"/features?token={TOKEN}", headers=far)
    assert status == 200
    status, _, _ = await comfy.ask_bare("GET", "/features?token=wrong-one", headers=far)
    assert status == 401
