"""Messages that come in a crowd leave together, and arrive one by one as they were."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from http_studio import Studio
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, OPEN
from websockets.protocol import Protocol as Peer

from wirebrush.http.backlog import Backlog
from wirebrush.http.comfy.socket import AT_ONCE, text_frame

SIZES = (0, 1, 124, 125, 126, 127, 65534, 65535, 65536, AT_ONCE + 1)


def messages() -> list[str]:
    texts = [json.dumps({"n": n, "text": "x" * size}) for n, size in enumerate(SIZES * 3)]
    return [*texts, json.dumps({"text": "Straße 🎨"}, ensure_ascii=False)] + ["{}"] * 500


async def test_a_crowd_of_messages_arrives_whole(comfy: Studio) -> None:
    assert comfy.services.prompts is not None
    sockets, sent = comfy.services.prompts.sockets, messages()
    async with comfy.session.ws_connect(comfy.url + "ws?clientId=me", max_msg_size=0) as socket:
        await socket.receive_json(timeout=60)
        for text in sent:
            sockets.send(text, "me")
        assert [await socket.receive_str(timeout=60) for _ in sent] == sent


async def test_a_client_that_does_not_read_is_not_written_to_without_end(comfy: Studio) -> None:
    assert comfy.services.prompts is not None
    sockets = comfy.services.prompts.sockets
    async with comfy.session.ws_connect(comfy.url + "ws?clientId=me", max_msg_size=0) as socket:
        await socket.receive_json(timeout=60)
        big = json.dumps({"text": "x" * 50_000})
        for _ in range(60):
            sockets.send(big, "me")
            await asyncio.sleep(0)
        sockets.send("{}", "me")
        heard: list[Any] = []
        while not heard or heard[-1] != "{}":
            heard.append(await socket.receive_str(timeout=60))
        assert heard == [big] * 60 + ["{}"]


async def test_texts_are_taken_up_to_a_picture_or_the_limit() -> None:
    items = Backlog(lambda: "resync")
    for text in ("aa", "bb", "cc"):
        items.put(text)
    items.put_preview(b"picture", ("preview",))
    items.put("dd")
    assert items.texts(3) == ["aa", "bb"]
    assert items.texts(100) == ["cc"]
    assert items.texts(100) == []
    assert await items.get() == b"picture"
    assert items.texts(100) == ["dd"]
    assert items.size == 0


@given(st.text(max_size=300) | st.sampled_from(["x" * size for size in SIZES]))
def test_a_text_frame_is_what_the_standard_says(text: str) -> None:
    peer = Peer(CLIENT, state=OPEN, max_size=None)
    peer.receive_data(text_frame(text))
    (frame,) = peer.events_received()
    assert isinstance(frame, Frame)
    assert (frame.opcode, frame.fin, frame.data) == (Opcode.TEXT, True, text.encode())
