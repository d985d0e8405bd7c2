"""What packs say to ComfyUI's clients in their own words."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from aiohttp import ClientWebSocketResponse
from http_studio import PROMPT, Studio

from wirebrush.events import NodeSent


async def heard(connection: ClientWebSocketResponse, kind: str) -> Any:
    """The data of the next message of a kind."""
    while (message := await connection.receive_json(timeout=60))["type"] != kind:
        pass
    return message["data"]


async def test_the_client_whose_prompt_runs_hears_it_and_no_other(comfy: Studio) -> None:
    address = f"{comfy.url}ws?clientId="
    async with (
        comfy.session.ws_connect(f"{address}me") as mine,
        comfy.session.ws_connect(f"{address}you") as yours,
    ):
        body = {"prompt": PROMPT, "client_id": "me"}
        await comfy.ask_bare("POST", "/prompt", json=body)
        lease = await comfy.services.queue.lease("cpu-0")
        assert lease is not None
        comfy.services.hub.publish(lease.job.id, NodeSent("1", 'my "event"', '{"a": [1, null]}'))
        assert await heard(mine, 'my "event"') == {"a": [1, None]}
        assert await types_until_quiet(yours) == {"status"}


async def types_until_quiet(connection: ClientWebSocketResponse) -> set[str]:
    """The types of all messages that are there already."""
    found: set[str] = set()
    with suppress(TimeoutError):
        while True:
            found.add((await connection.receive_json(timeout=0.3))["type"])
    return found
