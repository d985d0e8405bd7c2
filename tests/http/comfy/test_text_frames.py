"""What a node says while it works: frame 3 of `/ws`, to whose prompt it is, else to all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType
from http_studio import PROMPT, Studio

from wirebrush.events import Finished, NodeSaid, NodeStarted


@asynccontextmanager
async def listening(studio: Studio, client: str) -> AsyncIterator[ClientWebSocketResponse]:
    async with studio.session.ws_connect(f"{studio.url}ws?clientId={client}") as connection:
        yield connection


async def texts(connection: ClientWebSocketResponse, ends: int) -> list[bytes]:
    """The binary frames until a `status` says for the `ends`-th time that nothing is left."""
    found: list[bytes] = []
    while ends:
        message = await connection.receive(timeout=60)
        if message.type is WSMsgType.BINARY:
            found.append(message.data)
            continue
        told = message.json()
        if told["type"] == "status":
            ends -= told["data"]["status"]["exec_info"]["queue_remaining"] == 0
    return found


@pytest.mark.parametrize("client", ["me", None])
async def test_a_text_is_told_with_its_node(comfy: Studio, client: str | None) -> None:
    async with listening(comfy, "me") as mine, listening(comfy, "other") as other:
        body = {"prompt": PROMPT} | ({} if client is None else {"client_id": client})
        await comfy.ask_bare("POST", "/prompt", json=body)
        lease = await comfy.services.queue.lease("cpu-0")
        assert lease is not None
        for event in (NodeStarted("1"), NodeSaid("1", "Größe"), NodeSaid("2.ä", "")):
            comfy.services.hub.publish(lease.job.id, event)
        await asyncio.sleep(0)
        await comfy.services.queue.finish(lease, Finished("succeeded"))
        heard = [await texts(connection, 2) for connection in (mine, other)]
    frames = [
        bytes([0, 0, 0, 3, 0, 0, 0, 1]) + b"1Gr\xc3\xb6\xc3\x9fe",
        bytes([0, 0, 0, 3, 0, 0, 0, 4]) + b"2.\xc3\xa4",
    ]
    assert heard == [frames, [] if client else frames]
