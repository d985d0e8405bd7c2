"""Frames survive both ends, and nonsense closes the channel instead of eating memory."""

import asyncio
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.channel import (
    EVENTS_SIZE,
    AsyncChannel,
    BlockingChannel,
    ChannelClosed,
    EventEncoder,
    Frame,
    encode,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner),
    max_leaves=9,
)


@given(st.dictionaries(st.text(), JSON), st.binary())
def test_a_frame_comes_out_as_it_went_in(header: dict[str, object], blob: bytes) -> None:
    frame = BlockingChannel(io.BytesIO(encode(header, blob)), io.BytesIO()).receive()
    assert (frame.header, frame.blob) == (header, blob)


def test_frames_follow_each_other() -> None:
    out = io.BytesIO()
    channel = BlockingChannel(io.BytesIO(), out)
    channel.send({"type": "a"})
    channel.send({"type": "b"}, b"12")
    reader = BlockingChannel(io.BytesIO(out.getvalue()), io.BytesIO())
    assert [reader.receive().type, reader.receive().type] == ["a", "b"]
    with pytest.raises(ChannelClosed, match="gone"):
        reader.receive()


async def test_the_asynchronous_end_reads_the_same_frames() -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(encode({"type": "x", "n": 1}, b"blob"))
    stream.feed_eof()
    channel = AsyncChannel(stream, None)  # type: ignore[arg-type]  # never written to
    frame = await channel.receive()
    assert (frame.type, frame.blob) == ("x", b"blob")
    with pytest.raises(ChannelClosed, match="gone"):
        await channel.receive()


def test_nan_is_refused_before_it_travels() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode({"value": float("nan")})


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\xff" * 8, "not our protocol"),
        (b"\0\0\0\2\0\0\0\0[]", "not a JSON object"),
        (b"\0\0\0\1\0\0\0\0{", "not JSON"),
        (b"\0\0", "gone"),
    ],
)
def test_nonsense_closes_the_channel(raw: bytes, message: str) -> None:
    with pytest.raises(ChannelClosed, match=message):
        BlockingChannel(io.BytesIO(raw), io.BytesIO()).receive()


def read(raw: bytes) -> list[Frame]:
    channel = BlockingChannel(io.BytesIO(raw), io.BytesIO())
    frames: list[Frame] = []
    while True:
        try:
            frames.append(channel.receive())
        except ChannelClosed:
            return frames


def test_many_events_share_frames_up_to_a_size() -> None:
    encoder = EventEncoder("job ü", 3)
    events = [{"type": "node_said", "node": str(n), "text": "ö" * 999} for n in range(200)]
    frames = read(b"".join(encoder.together(events)))
    assert [event for frame in frames for event in frame.header["events"]] == events
    assert {frame.header["job"] for frame in frames} == {"job ü"}
    assert {frame.header["epoch"] for frame in frames} == {3}
    assert 1 < len(frames) <= 200 * 1100 // EVENTS_SIZE + 1
    assert not list(encoder.together([]))


def test_an_event_with_a_blob_has_a_frame_of_its_own() -> None:
    encoder = EventEncoder("j", 1)
    (frame,) = read(encoder.with_blob({"type": "preview", "node": "2"}, b"picture"))
    assert frame.blob == b"picture"
    event = {"type": "preview", "node": "2"}
    assert frame.header == {"type": "event", "job": "j", "epoch": 1, "event": event}
