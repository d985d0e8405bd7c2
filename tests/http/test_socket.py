"""The websocket, against the real server."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import psutil
from aiohttp import ClientWebSocketResponse, WSCloseCode, WSMsgType
from http_studio import CATALOG, PROMPT, WORKFLOW, Studio, running_studio

from wirebrush.events import Finished, NodeStarted, Preview


async def say(socket: ClientWebSocketResponse, **message: Any) -> dict[str, Any]:
    """Send a message; the answer to it."""
    await socket.send_json(message)
    return await socket.receive_json(timeout=60)


def wire(socket: ClientWebSocketResponse) -> Any:
    """The transport below, for frames that no honest client sends."""
    assert socket._conn is not None
    return socket._conn.transport


async def test_submit_is_answered_with_the_job_before_its_events(studio: Studio) -> None:
    async with studio.socket() as socket:
        await socket.send_json({"type": "subscribe", "since": None, "server": None})
        accepted = await say(socket, type="submit", ref="a", workflow=WORKFLOW)
        assert accepted["type"] == "accepted"
        assert accepted["ref"] == "a"
        assert accepted["job"]["state"] == "queued"
        assert accepted["warnings"] == []
        event = await socket.receive_json(timeout=60)
        assert event["job"] == accepted["job"]["id"]
        assert event["event"] == {"type": "queued", "position": 0}


async def test_a_prompt_does_as_well(studio: Studio) -> None:
    async with studio.socket() as socket:
        assert (await say(socket, type="submit", ref="p", prompt=PROMPT))["type"] == "accepted"
    work = await studio.services.queue.page()
    body = await studio.services.queue.body(work[0].id)
    assert body is not None
    assert body.targets == ("2",)
    assert '"class_type":"Number"' in body.metadata["prompt"]


async def test_a_graph_that_cannot_run_is_rejected_with_places(studio: Studio) -> None:
    bad = {**PROMPT, "1": {"class_type": "Number", "inputs": {"value": "three"}}}
    async with studio.socket() as socket:
        rejected = await say(socket, type="submit", ref="r", prompt=bad)
    assert rejected["type"] == "rejected"
    (problem,) = rejected["problems"]
    assert (problem["node"], problem["port"]) == ("1", "value")
    assert problem["hint"]


async def test_the_same_key_twice_is_one_job_and_another_body_a_conflict(studio: Studio) -> None:
    async with studio.socket() as socket:
        first = await say(socket, type="submit", ref="1", prompt=PROMPT, idempotency_key="k")
        again = await say(socket, type="submit", ref="2", prompt=PROMPT, idempotency_key="k")
        other = await say(socket, type="submit", ref="3", workflow=WORKFLOW, idempotency_key="k")
    assert first["job"]["id"] == again["job"]["id"]
    assert other["type"] == "error"
    assert other["code"] == "idempotency_conflict"
    assert other["ref"] == "3"


async def test_cancel(studio: Studio) -> None:
    async with studio.socket() as socket:
        await socket.send_json({"type": "subscribe"})
        job = (await say(socket, type="submit", ref="c", prompt=PROMPT))["job"]["id"]
        assert (await socket.receive_json(timeout=60))["event"]["type"] == "queued"
        ended = await say(socket, type="cancel", job=job)
        assert ended["event"]["state"] == "cancelled"


async def test_t80_cancelling_what_does_not_exist_says_unknown(studio: Studio) -> None:
    async with studio.socket() as socket:
        answer = await say(socket, type="cancel", job="nothing")
    assert answer["code"] == "unknown_job"


async def test_messages_that_make_no_sense_are_told_so_and_the_socket_stays(
    studio: Studio,
) -> None:
    strange: list[Any] = [
        "not json",
        "[]",
        '"text"',
        "{}",
        '{"type":"dance"}',
        '{"type":"submit"}',
        '{"type":"submit","ref":5}',
        '{"type":"submit","ref":"x","prompt":[]}',
        '{"type":"submit","ref":"x"}',
        '{"type":"submit","ref":"x","prompt":{},"workflow":{}}',
        '{"type":"submit","ref":"x","targets":[1]}',
        '{"type":"cancel"}',
        '{"type":"subscribe","since":true}',
        '{"type":"subscribe","since":1e999}',
        '{"type":"ping","type":"ping"}',
        "[" * 100_000,
    ]
    async with studio.socket() as socket:
        for text in strange:
            await socket.send_str(text)
            answer = await socket.receive_json(timeout=60)
            assert answer["type"] in ("error", "rejected"), text
            assert "Traceback" not in str(answer)
        await socket.send_bytes(b"\x00\x01")
        assert (await socket.receive_json(timeout=60))["code"] == "not_text"
        assert (await say(socket, type="ping"))["type"] == "pong"


async def test_t56_a_client_that_comes_back_gets_what_it_missed(studio: Studio) -> None:
    hub = studio.services.hub
    async with studio.socket() as socket:
        await socket.send_json({"type": "subscribe"})
        await say(socket, type="ping")
    for number in range(3):
        hub.publish(f"j{number}", Finished("succeeded"))
    async with studio.socket() as socket:
        first = await say(socket, type="subscribe", since=1, server=hub.boot)
        second = await socket.receive_json(timeout=60)
    assert [first["seq"], second["seq"]] == [2, 3]


async def test_previews_are_binary(studio: Studio) -> None:
    async with studio.socket() as socket:
        await socket.send_json({"type": "subscribe"})
        await say(socket, type="ping")
        studio.services.hub.publish("j", Preview("n", "image/png", b"\x89PNG"))
        message = await socket.receive(timeout=60)
    assert message.type is WSMsgType.BINARY
    assert message.data.endswith(b"\x89PNG")


async def test_t44_a_flood_of_pings_ends_the_connection(studio: Studio) -> None:
    async with studio.socket(autoping=False) as socket:
        try:
            for _ in range(10_000):
                await socket.ping(b"x")
        except ConnectionError:
            pass
        while (await socket.receive(timeout=60)).type is WSMsgType.PONG:
            pass
        assert socket.close_code == WSCloseCode.POLICY_VIOLATION


async def test_t44_a_message_beyond_the_limit_ends_the_connection(studio: Studio) -> None:
    before = psutil.Process(os.getpid()).memory_info().rss
    async with studio.socket() as socket:
        # A frame that announces a gigabyte, with the mask that clients must use.
        wire(socket).write(b"\x81\xff" + (2**30).to_bytes(8, "big") + b"mask" + b"x" * 1000)
        await socket.receive(timeout=60)
        assert socket.close_code == WSCloseCode.MESSAGE_TOO_BIG
    assert psutil.Process(os.getpid()).memory_info().rss - before < 32 * 1024 * 1024


async def test_t44_tiny_fragments_do_not_pile_up(studio: Studio) -> None:
    async with studio.socket() as socket:
        transport = wire(socket)
        transport.write(b"\x01\x81mask" + bytes([ord('"') ^ ord("m")]))
        before = psutil.Process(os.getpid()).memory_info().rss
        piece = b"\x00\x81mask" + bytes([ord("x") ^ ord("m")])
        for _ in range(20):
            transport.write(piece * 5000)
            await asyncio.sleep(0)
        await asyncio.sleep(0.2)
        assert psutil.Process(os.getpid()).memory_info().rss - before < 32 * 1024 * 1024


async def test_t44_deflate_is_not_spoken(studio: Studio) -> None:
    async with studio.session.ws_connect(
        studio.url + "v1/ws", headers=studio.bearer, compress=15
    ) as socket:
        assert not socket.compress


async def test_t54_a_client_that_stops_reading_delays_nobody(studio: Studio) -> None:
    hub = studio.services.hub
    async with studio.socket() as stuck, studio.socket() as awake:
        for socket in (stuck, awake):
            await socket.send_json({"type": "subscribe"})
            await say(socket, type="ping")
        wire(stuck).pause_reading()
        waits: list[float] = []
        for number in range(200):
            began = monotonic()
            hub.publish("j", Preview("n", "image/jpeg", bytes(100_000)))
            hub.publish(f"k{number}", NodeStarted("x" * 50_000))
            while (await awake.receive(timeout=60)).type is not WSMsgType.TEXT:
                pass
            waits.append(monotonic() - began)
        assert median(waits) < 5
        wire(stuck).resume_reading()
        kinds: list[str] = []
        while "resync" not in kinds:
            message = await stuck.receive(timeout=60)
            if message.type is WSMsgType.TEXT:
                kinds.append(message.json()["type"])
        hub.publish("last", Finished("succeeded"))
        while (message := await stuck.receive(timeout=60)).type is not WSMsgType.TEXT:
            pass  # a preview that was made meanwhile
        assert message.json()["job"] == "last"


async def test_plain_http_at_the_websocket_is_told_to_upgrade(studio: Studio) -> None:
    status, body, _ = await studio.ask("GET", "/v1/ws")
    assert status == 426
    assert "websocket" in body["error"]["message"]


async def test_a_new_catalog_is_told_and_kept(tmp_path: Path) -> None:
    async with running_studio(tmp_path, catalog=None) as studio, studio.socket() as socket:
        await socket.send_json({"type": "subscribe"})
        await say(socket, type="ping")
        waiting = asyncio.create_task(studio.ask("POST", "/v1/jobs", json={"prompt": PROMPT}))
        await asyncio.sleep(0.05)
        assert not waiting.done(), "a submit waits for the first catalog"
        studio.services.catalogs.replace(CATALOG.to_json())
        assert (await socket.receive_json(timeout=60)) == {
            "type": "catalog",
            "digest": CATALOG.digest,
        }
        assert (await asyncio.wait_for(waiting, 60))[0] == 202
        _, nodes, _ = await studio.ask("GET", "/v1/nodes")
        assert {spec["id"] for spec in nodes["nodes"]} == {"Number", "Add", "Open", "Show"}


async def test_a_group_travels_by_socket_too(studio: Studio) -> None:
    async with studio.socket() as socket:
        message = {"type": "submit", "ref": "a", "prompt": PROMPT, "group": {"id": "g", "cell": 1}}
        await socket.send_json(message)
        assert (await socket.receive_json(timeout=60))["job"]["group"] == {"id": "g", "cell": 1}
        await socket.send_json({**message, "ref": "b", "group": {}})
        told = await socket.receive_json(timeout=60)
        assert (told["type"], told["ref"], told["code"]) == ("error", "b", "bad_group")
