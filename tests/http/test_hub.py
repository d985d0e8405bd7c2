"""Coalescing, numbering, replay."""

from __future__ import annotations

import asyncio
import json
from statistics import median
from time import monotonic
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wirebrush.events import (
    Event,
    Finished,
    NodeFinished,
    NodeProgress,
    NodeSaid,
    NodeSent,
    NodeStarted,
    Output,
    Preview,
    Started,
    event_to_json,
)
from wirebrush.http.backlog import Backlog
from wirebrush.http.hub import TICK, Hub
from wirebrush.http.wire import decode_preview

NEVER = 3600.0  # seconds: whatever arrives did not wait for the tick
NODES = st.sampled_from(["1", "ä", '"'])
OUTPUTS = st.tuples(st.builds(Output, st.just("text"), text=st.text(max_size=3)))
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(NodeStarted, NODES, st.text(max_size=3)),
    st.builds(NodeProgress, NODES, st.integers(0, 3), st.just(3)),
    st.builds(NodeSaid, NODES, st.text(max_size=3)),
    st.builds(NodeFinished, NODES, st.booleans(), st.just(0.5), st.just(()) | OUTPUTS),
)


async def read(backlog: Backlog, seconds: float = 0.02) -> list[dict[str, Any] | bytes]:
    """What a client gets until it is quiet for a moment."""
    found: list[dict[str, Any] | bytes] = []
    while True:
        try:
            frame = await asyncio.wait_for(backlog.get(), seconds)
        except TimeoutError:
            if backlog.size == 0:  # else it came in the moment when the time was over
                return found
            continue
        found.append(frame if isinstance(frame, bytes) else json.loads(frame))


def events(frames: list[dict[str, Any] | bytes]) -> list[dict[str, Any]]:
    return [frame["event"] for frame in frames if isinstance(frame, dict)]


def subscribed(hub: Hub) -> Backlog:
    backlog = hub.backlog()
    hub.subscribe(backlog)
    return backlog


async def test_the_first_event_leaves_at_once_and_in_order_with_a_number() -> None:
    hub = Hub(tick=NEVER)
    client = subscribed(hub)
    hub.publish("j", Started("cpu-0", 1, 2))
    frame = json.loads(await client.get())
    assert frame == {
        "type": "event",
        "seq": 1,
        "job": "j",
        "event": {"type": "started", "worker": "cpu-0", "attempt": 1, "nodes": 2},
    }


async def test_progress_leaves_at_most_thirty_times_a_second_and_the_latest_wins() -> None:
    hub = Hub()
    client = subscribed(hub)
    began = monotonic()
    for value in range(1000):
        hub.publish("j", NodeProgress("n", value, 1000))
        if value % 10 == 0:
            await asyncio.sleep(0.001)
    took = monotonic() - began
    told = events(await read(client, TICK * 2))
    assert told[-1]["value"] == 999
    assert len(told) <= took / TICK + 3


async def test_the_latest_word_wins_and_progress_stays_beside_it() -> None:
    hub = Hub(tick=NEVER)
    client = subscribed(hub)
    for step in range(50):
        hub.publish("j", NodeSaid("n", f"Page {step}."))
        hub.publish("j", NodeProgress("n", step, 50))
        hub.publish("j", NodeSaid("m", "Waiting."))
    hub.publish("j", Finished("succeeded"))
    said, progress, other, _ = events(await read(client))
    assert said == {"type": "node_said", "node": "n", "text": "Page 49."}
    assert progress["value"] == 49
    assert other["node"] == "m"


async def test_no_state_event_is_lost_and_the_end_does_not_wait() -> None:
    hub = Hub(tick=NEVER)
    client = subscribed(hub)
    for node in range(400):
        hub.publish("j", NodeStarted(str(node)))
        hub.publish("j", NodeFinished(str(node), cached=False))
    hub.publish("j", Finished("succeeded"))
    frames = [json.loads(await client.get()) for _ in range(801)]
    assert frames[-1]["event"]["state"] == "succeeded"
    assert [frame["seq"] for frame in frames] == list(range(1, 802))


async def test_what_nodes_tell_comfyui_s_clients_is_heard_and_not_sent_to_our_page() -> None:
    hub = Hub(tick=NEVER)
    client, heard = subscribed(hub), list[Event]()
    hub.listen(lambda _job, event: heard.append(event))
    hub.publish("j", NodeSent("n", "mine", "{}"))
    hub.publish("j", Finished("succeeded"))
    assert [event["type"] for event in events(await read(client))] == ["finished"]
    assert heard == [NodeSent("n", "mine", "{}"), Finished("succeeded")]


async def test_a_finished_node_needs_no_preview_any_more() -> None:
    hub = Hub()
    client = subscribed(hub)
    hub.publish("j", Preview("n", "image/png", b"early"))
    hub.publish("j", NodeFinished("n", cached=False))
    assert [frame for frame in await read(client) if isinstance(frame, bytes)] == []


async def test_the_latest_preview_travels_as_a_binary_frame() -> None:
    hub = Hub()
    client = subscribed(hub)
    hub.publish("j", Preview("n", "image/png", b"one"))
    hub.publish("j", Preview("n", "image/jpeg", b"two"))
    (frame,) = await read(client)
    assert isinstance(frame, bytes)
    assert decode_preview(frame) == ({"job": "j", "node": "n", "mime": "image/jpeg"}, b"two")


async def test_t56_what_was_missed_is_sent_again() -> None:
    hub = Hub()
    for number in range(5):
        hub.publish(f"job-{number}", Finished("succeeded"))
    back = hub.backlog()
    hub.subscribe(back, since=2, server=hub.boot)
    frames = await read(back)
    assert [frame["seq"] for frame in frames if isinstance(frame, dict)] == [3, 4, 5]
    hub.publish("late", Finished("failed"))
    assert [frame["seq"] for frame in await read(back) if isinstance(frame, dict)] == [6]


@given(st.lists(EVENTS, max_size=30), st.integers(0, 30))
def test_who_resumes_reads_what_others_heard(happened: list[Event], alone: int) -> None:
    """Frames that nobody heard are made when they are asked for: they are the same."""

    async def told(listening: bool) -> list[dict[str, Any]]:
        hub = Hub(tick=NEVER)
        hub.boot = "b"
        other = hub.backlog()
        for number, event in enumerate(happened):
            if listening and number == alone:
                hub.subscribe(other, since=hub.seq, server="b")
            hub.publish("j", event)
            await asyncio.sleep(0)  # each leaves alone, or with the end of the job
        hub.publish("j", Finished("succeeded"))
        client = hub.backlog()
        hub.subscribe(client, since=0, server="b")
        return [json.loads(text) for text in client.texts(1 << 20)]

    frames = asyncio.run(told(False))
    assert frames == asyncio.run(told(True))
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    assert all(frame["event"] in map(event_to_json, happened) for frame in frames[:-1])


async def test_what_nobody_heard_is_bounded_by_its_bytes_too() -> None:
    hub = Hub(tick=NEVER, kept_bytes=20_000)
    for number in range(100):
        hub.publish("j", NodeStarted(str(number), "x" * 1000))
        hub.publish("j", NodeFinished("y" * 1000, cached=True))
    hub.publish("j", Finished("succeeded"))
    client = hub.backlog()
    hub.subscribe(client, since=hub.seq - 15, server=hub.boot)
    assert len(await read(client)) == 15
    client = hub.backlog()
    hub.subscribe(client, since=hub.seq - 30, server=hub.boot)
    assert await read(client) == [{"type": "resync", "seq": hub.seq}]


async def test_a_replay_that_is_impossible_says_so() -> None:
    hub = Hub()
    hub.publish("j", Finished("succeeded"))
    for since, server in ((0, "another boot"), (0, None), (99, hub.boot), (-1, hub.boot)):
        client = hub.backlog()
        hub.subscribe(client, since=since, server=server)
        assert await read(client) == [{"type": "resync", "seq": 1}]


async def test_what_is_kept_for_replay_is_bounded() -> None:
    for hub in (Hub(kept_frames=10), Hub(kept_bytes=2000)):
        for _ in range(30):
            hub.publish("j", Finished("succeeded"))
        client = hub.backlog()
        hub.subscribe(client, since=0, server=hub.boot)
        assert await read(client) == [{"type": "resync", "seq": 30}]
        client = hub.backlog()
        hub.subscribe(client, since=28, server=hub.boot)
        assert len(await read(client)) == 2


async def test_t54_a_client_that_does_not_read_delays_nobody() -> None:
    hub = Hub()
    stuck, awake = subscribed(hub), subscribed(hub)
    picture, waits = bytes(50_000), list[float]()
    for step in range(300):
        hub.publish("j", Preview("n", "image/jpeg", picture))
        hub.publish("j", NodeStarted("x" * 1000 + str(step)))
        began = monotonic()
        await awake.get()
        waits.append(monotonic() - began)
        assert stuck.size < 4 * 1024 * 1024
    assert median(waits) < 5
    hub.publish("j", Finished("succeeded"))
    assert events(await read(awake))[-1]["state"] == "succeeded"
    assert events(await read(stuck))[-1]["state"] == "succeeded"


async def test_a_quiet_job_leaves_nothing_behind() -> None:
    hub = Hub()
    hub.publish("j", NodeStarted("n"))
    assert hub._pending
    async with asyncio.timeout(60):  # else a leak, which shows nowhere else
        while hub._pending:  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(TICK)
