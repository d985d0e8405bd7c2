"""`/ws`: who is greeted how, what is negotiated, who hears what."""

from __future__ import annotations

import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse
from http_studio import PROMPT, Studio, running_studio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wirebrush.events import (
    Finished,
    NodeFailed,
    NodeFinished,
    NodeProgress,
    NodesPlanned,
    NodeStarted,
    Output,
    Preview,
    Problem,
)
from wirebrush.jobs.queue import Lease

KNOWS = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}


@asynccontextmanager
async def listening(
    studio: Studio, client: str = "me", path: str = "ws"
) -> AsyncIterator[ClientWebSocketResponse]:
    address = f"{studio.url}{path}" + (f"?clientId={client}" if client else "")
    async with studio.session.ws_connect(address) as connection:
        yield connection


async def said(connection: ClientWebSocketResponse) -> tuple[str, Any]:
    message = await connection.receive_json(timeout=60)
    return message["type"], message["data"]


async def all_said(connection: ClientWebSocketResponse, last: str) -> list[tuple[str, Any]]:
    found = [await said(connection)]
    while found[-1][0] != last:
        found.append(await said(connection))
    return found


async def queued(studio: Studio, client: str | None = "me", prompt: Any = PROMPT) -> Lease:
    """A prompt that a worker took, and that has begun."""
    body = {"prompt": prompt, "prompt_id": "p"} | ({} if client is None else {"client_id": client})
    status, told, _ = await studio.ask_bare("POST", "/prompt", json=body)
    assert status == 200, told
    lease = await studio.services.queue.lease("cpu-0")
    assert lease is not None
    return lease


def status(remaining: int) -> tuple[str, Any]:
    return "status", {"status": {"exec_info": {"queue_remaining": remaining}}}


@pytest.mark.parametrize("path", ["ws", "api/ws"])
async def test_a_client_is_greeted(comfy: Studio, path: str) -> None:
    async with listening(comfy, "me", path) as connection:
        kind, data = await said(connection)
        assert (kind, data["sid"]) == ("status", "me")
        assert data["status"] == {"exec_info": {"queue_remaining": 0}}
    async with listening(comfy, "", path) as connection:
        _, data = await said(connection)
        assert len(data["sid"]) == 32


async def test_features_are_told_to_who_begins_with_them(comfy: Studio) -> None:
    async with listening(comfy) as connection:
        await said(connection)
        await connection.send_str("not JSON")
        await connection.send_json(KNOWS)
        kind, data = await said(connection)
        assert (kind, data["supports_preview_metadata"]) == ("feature_flags", True)
        await connection.send_json(KNOWS)  # only the first one is heard
        await comfy.ask_bare("POST", "/prompt", json={"prompt": PROMPT})
        assert await said(connection) == status(1)
    async with listening(comfy) as connection:
        await said(connection)
        await connection.send_json({"type": "hello"})
        await connection.send_json(KNOWS)
        await comfy.ask_bare("POST", "/queue", json={"clear": True})
        assert await said(connection) == status(0)


WHOLE = (
    NodesPlanned(("1", "2"), ()),
    NodeStarted("1"),
    NodeProgress("1", 3, 10),
    NodeFinished("1", False),
    NodeStarted("2"),
    NodeFinished(
        "2",
        False,
        outputs=(
            Output("output", asset="a", name="cats/tom.png", mime="image/png"),
            Output("text", text="miau"),
            Output("data", text='{"cats": [1]}'),
        ),
    ),
)


async def test_a_whole_prompt_in_order(comfy: Studio) -> None:
    async with listening(comfy) as connection:
        await said(connection)
        lease = await queued(comfy)
        for event in WHOLE:
            comfy.services.hub.publish(lease.job.id, event)
        await comfy.services.queue.finish(lease, Finished("succeeded"))
        heard = await all_said(connection, "execution_success")
        heard += [await said(connection), await said(connection)]
    node = ["progress_state", "executing"]
    assert [kind for kind, _ in heard] == [
        *("status", "status", "execution_start", "execution_cached"),
        *(*node, "progress_state", "progress", "progress_state"),
        *(*node, "executed", "progress_state"),
        *("execution_success", "status", "executing"),
    ]
    assert heard[5][1] == {"node": "1", "display_node": "1", "prompt_id": "p"}
    assert heard[7][1] == {"value": 3, "max": 10, "prompt_id": "p", "node": "1"}
    assert heard[8][1]["nodes"]["1"] == {
        **{"value": 10, "max": 10, "state": "finished", "node_id": "1", "prompt_id": "p"},
        **{"display_node_id": "1", "parent_node_id": None, "real_node_id": "1"},
    }
    picture = {"filename": "tom.png", "subfolder": "cats", "type": "output"}
    shown = {"images": [picture], "text": ["miau"], "cats": [1]}
    about = {"node": "2", "display_node": "2", "prompt_id": "p"}
    assert heard[11][1] == {**about, "output": shown}
    assert heard[-2] == status(0)
    assert heard[-1][1] == {"node": None, "prompt_id": "p"}


async def test_a_value_from_the_cache(comfy: Studio) -> None:
    async with listening(comfy) as connection:
        await said(connection)
        lease = await queued(comfy)
        publish = comfy.services.hub.publish
        publish(lease.job.id, NodesPlanned((), ("2", "1")))
        publish(lease.job.id, NodeFinished("1", True))
        publish(lease.job.id, NodeFinished("2", True))
        await comfy.services.queue.finish(lease, Finished("succeeded"))
        heard = dict(await all_said(connection, "execution_success"))
    assert heard["execution_cached"]["nodes"] == ["2", "1"]
    assert heard["executed"] == {
        **{"node": "2", "display_node": "2", "output": None, "prompt_id": "p"}
    }
    assert list(heard["progress_state"]["nodes"]) == ["2"]


async def test_a_failure(comfy: Studio) -> None:
    trace = (
        '  File "a.py", line 3, in f\n',
        "    boom()\n",
        '  File "b.py", line 9, in boom\n',
        "    raise ValueError\n",
        "ValueError: it broke\n",
        "in two lines\n",
    )
    problem = Problem("node_failed", "Show failed: ValueError: it broke", "See the log.", "2.7")
    async with listening(comfy) as connection:
        await said(connection)
        lease = await queued(comfy)
        failed = NodeFailed("2.7", problem, "ValueError", trace, {"value": 5})
        for event in (NodesPlanned(("1", "2"), ()), NodeStarted("2"), NodeStarted("2.7"), failed):
            comfy.services.hub.publish(lease.job.id, event)
        await comfy.services.queue.finish(lease, Finished("failed", problems=(problem,)))
        heard = dict(await all_said(connection, "execution_error"))
    error = heard["execution_error"]
    assert error.pop("timestamp") > 1.7e12
    assert error == {
        "prompt_id": "p",
        "node_id": "2",
        "node_type": "Show",
        "executed": [],
        "exception_message": "it broke\nin two lines\n",
        "exception_type": "ValueError",
        "traceback": [trace[0] + trace[1], trace[2] + trace[3]],
        "current_inputs": {"value": [5]},
        "current_outputs": ["1", "2", "2.7"],
    }
    states = heard["progress_state"]["nodes"]
    ids = [states["2.7"][name] for name in ("display_node_id", "parent_node_id", "real_node_id")]
    assert ids == ["2", "2", "2"]
    _, told, _ = await comfy.ask_bare("GET", "/history/p")
    status_of = told["p"]["status"]
    assert (status_of["status_str"], status_of["completed"]) == ("error", False)
    assert [kind for kind, _ in status_of["messages"]] == [
        *("execution_start", "execution_cached", "execution_error")
    ]


async def test_a_blocker_is_told_and_ends_nothing(comfy: Studio) -> None:
    async with listening(comfy) as connection:
        await said(connection)
        lease = await queued(comfy)
        problem = Problem("blocked", "not today", node="2", severity="warning")
        comfy.services.hub.publish(lease.job.id, NodeFailed("2", problem))
        await comfy.services.queue.finish(lease, Finished("succeeded", problems=(problem,)))
        heard = dict(await all_said(connection, "execution_success"))
    error = heard["execution_error"]
    assert error["exception_message"] == "Execution Blocked: not today"
    assert error["exception_type"] == "ExecutionBlocked"
    assert "timestamp" not in error
    _, told, _ = await comfy.ask_bare("GET", "/history/p")
    assert told["p"]["status"]["status_str"] == "success"


async def test_an_interrupt(comfy: Studio) -> None:
    async with listening(comfy) as connection:
        await said(connection)
        lease = await queued(comfy)
        comfy.services.hub.publish(lease.job.id, NodeStarted("1"))
        await comfy.ask_bare("POST", "/interrupt", json={"prompt_id": "another"})
        assert not lease.revoked.is_set()
        await comfy.ask_bare("POST", "/interrupt", data=b"")
        assert lease.revoked.is_set()
        heard = dict(await all_said(connection, "execution_interrupted"))
        assert await said(connection) == status(0)
        assert (await said(connection))[1] == {"node": None, "prompt_id": "p"}
    told = heard["execution_interrupted"]
    assert (told["node_id"], told["node_type"], told["executed"]) == ("1", "Number", [])
    _, answer, _ = await comfy.ask_bare("GET", "/history/p")
    assert answer["p"]["status"]["status_str"] == "error"


async def test_a_client_hears_its_own_prompts_only(comfy: Studio) -> None:
    async with listening(comfy, "me") as mine, listening(comfy, "other") as other:
        for connection in (mine, other):
            await said(connection)
        lease = await queued(comfy, "me")
        comfy.services.hub.publish(lease.job.id, NodeStarted("1"))
        comfy.services.hub.publish(lease.job.id, NodeProgress("1", 1, 2))
        await comfy.services.queue.finish(lease, Finished("succeeded"))
        assert [await said(other) for _ in range(3)] == [status(1), status(1), status(0)]
        kinds = [kind for kind, _ in await all_said(mine, "execution_success")]
        assert "progress_state" in kinds


async def test_what_all_hear_of_a_prompt_of_nobody(comfy: Studio) -> None:
    async with listening(comfy, "other") as other:
        await said(other)
        lease = await queued(comfy, None)
        for event in (
            NodesPlanned(("1", "2"), ()),
            NodeStarted("1"),
            NodeProgress("1", 1, 2),
            NodeFinished("1", False, outputs=(Output("text", text="x"),)),
        ):
            comfy.services.hub.publish(lease.job.id, event)
        await comfy.services.queue.cancel(lease.job.id)
        kinds = [kind for kind, _ in await all_said(other, "execution_interrupted")]
    states = ["progress_state", "progress_state", "progress", "progress_state"]
    assert kinds == ["status", "status", *states, "execution_interrupted"]


async def test_who_comes_later_hears_what_runs(comfy: Studio) -> None:
    lease = await queued(comfy)
    comfy.services.hub.publish(lease.job.id, NodeStarted("1"))
    async with listening(comfy) as connection:
        await said(connection)
        assert await said(connection) == ("executing", {"node": "1"})


async def test_a_later_socket_takes_the_place_of_the_first(comfy: Studio) -> None:
    async with listening(comfy) as first:
        await said(first)
        async with listening(comfy) as second:
            await said(second)
            await comfy.ask_bare("POST", "/prompt", json={"prompt": PROMPT})
            assert await said(second) == status(1)
            with pytest.raises(TimeoutError):
                await first.receive(timeout=0.1)
        await comfy.ask_bare("POST", "/queue", json={"clear": True})
        assert comfy.services.prompts is not None
        assert not comfy.services.prompts.sockets.hear("me")


@pytest.mark.parametrize("mime", ["image/jpeg", "image/png"])
async def test_previews(comfy: Studio, mime: str) -> None:
    async with listening(comfy, "me") as plain:
        await said(plain)
        lease = await queued(comfy)
        comfy.services.hub.publish(lease.job.id, NodeStarted("1"))
        await all_said(plain, "executing")
        comfy.services.hub.publish(lease.job.id, Preview("1", mime, b"picture"))
        frame = await plain.receive_bytes(timeout=60)
        assert struct.unpack(">II", frame[:8]) == (1, 1 if mime == "image/jpeg" else 2)
        assert frame[8:] == b"picture"
        async with listening(comfy, "me") as knowing:
            await knowing.send_json(KNOWS)
            await all_said(knowing, "feature_flags")
            comfy.services.hub.publish(lease.job.id, Preview("1", mime, b"picture"))
            frame = await knowing.receive_bytes(timeout=60)
    kind, length = struct.unpack(">II", frame[:8])
    assert kind == 4
    assert frame[8 + length :] == b"picture"
    facts = json.loads(frame[8 : 8 + length])
    assert facts == {
        **{"node_id": "1", "prompt_id": "p", "display_node_id": "1", "parent_node_id": None},
        **{"real_node_id": "1", "image_type": mime},
    }


async def test_a_step_is_told_before_its_preview(comfy: Studio) -> None:
    async with listening(comfy) as connection:
        await said(connection)
        lease = await queued(comfy)
        events = (
            NodeProgress("1", 1, 8),  # a batch of starts may come later than the first step
            NodeStarted("1"),
            Preview("1", "image/png", b"picture"),
        )
        for event in events:
            comfy.services.hub.publish(lease.job.id, event)
        heard = await all_said(connection, "progress")
        assert heard[-2][1]["nodes"]["1"]["max"] == 8
        assert heard[-1][1] == {"value": 1, "max": 8, "prompt_id": "p", "node": "1"}
        assert (await connection.receive_bytes(timeout=60))[8:] == b"picture"


async def test_history_keeps_what_was_said_after_a_restart(tmp_path: Path) -> None:
    async with running_studio(tmp_path, comfy=True) as studio:
        lease = await queued(studio)
        output = Output("output", asset="a" * 64, name="tom.png", mime="image/png")
        await studio.services.queue.add_outputs(lease, {"2": [output]})
        studio.services.hub.publish(lease.job.id, NodesPlanned(("1", "2"), ()))
        await studio.services.queue.finish(lease, Finished("succeeded"))
        _, before, _ = await studio.ask_bare("GET", "/history")
    async with running_studio(tmp_path, comfy=True) as studio:
        _, after, _ = await studio.ask_bare("GET", "/history/p")
        assert after == before
        entry = after["p"]
        assert entry["prompt"] == [0, "p", PROMPT, {"client_id": "me"}, ["2"]]
        assert entry["outputs"] == {
            "2": {"images": [{"filename": "tom.png", "subfolder": "", "type": "output"}]}
        }
        assert entry["meta"]["2"]["real_node_id"] == "2"
        kinds = [kind for kind, _ in entry["status"]["messages"]]
        assert kinds == ["execution_start", "execution_cached", "execution_success"]
        await studio.ask_bare("POST", "/history", json={"delete": ["p"]})
        assert (await studio.ask_bare("GET", "/history"))[1] == {}
        assert (await studio.ask("GET", "/v1/jobs"))[1]["jobs"]  # our own page keeps it


FRAMES = st.lists(
    st.text(max_size=40)
    | st.sampled_from([json.dumps(KNOWS), "[]", "{}", '{"type": 5}', '{"type":"feature_flags"}']),
    max_size=5,
)


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(frames=FRAMES, binary=st.binary(max_size=20), client=st.text(max_size=30))
async def test_whatever_a_client_sends_it_hears_on(
    tmp_path: Path, frames: list[str], binary: bytes, client: str
) -> None:
    async with (
        running_studio(tmp_path, comfy=True) as studio,
        studio.session.ws_connect(f"{studio.url}ws", params={"clientId": client}) as connection,
    ):
        assert (await said(connection))[0] == "status"
        for frame in frames:
            await connection.send_str(frame)
        await connection.send_bytes(binary)
        await studio.ask_bare("POST", "/prompt", json={"prompt": PROMPT})
        assert await all_said(connection, "status")
