"""`/ws`: a socket listens under a client id. What clients send is heard once, and never obeyed."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from typing import Any, cast
from uuid import uuid4

from aiohttp import WSCloseCode, WSMsgType, web

from wirebrush.graph.jsontext import read_json
from wirebrush.http.answers import Refused, to_text
from wirebrush.http.backlog import Backlog
from wirebrush.http.comfy.facts import features
from wirebrush.http.comfy.keys import prompts_of
from wirebrush.http.comfy.prompts import Prompts
from wirebrush.http.comfy.sockets import Listener
from wirebrush.http.keys import SOCKETS
from wirebrush.http.requests import MAX_BODY
from wirebrush.http.routes import Route
from wirebrush.http.v1.socket import HEARTBEAT, MAX_SOCKETS, ControlFrames

LONGEST_ID = 200
AT_ONCE = 16 * 1024
"""Bytes that leave in one go: the client reads these while we spell the next."""
_TEXT = 0x81


async def socket(request: web.Request) -> web.StreamResponse:
    """Serve one client until it goes."""
    open_sockets = request.app[SOCKETS]
    if len(open_sockets) >= MAX_SOCKETS:
        raise Refused(503, "too_many_sockets", f"{MAX_SOCKETS} clients are connected already.")
    connection = web.WebSocketResponse(
        heartbeat=HEARTBEAT, compress=False, max_msg_size=MAX_BODY, autoping=False
    )
    if not connection.can_prepare(request).ok:
        headers = {"Upgrade": "websocket"}
        raise Refused(426, "websocket_only", "This address speaks websocket.", headers=headers)
    await connection.prepare(request)
    open_sockets.add(connection)
    client_id = request.query.get("clientId", "")[:LONGEST_ID] or uuid4().hex
    try:
        talk = Conversation(prompts_of(request), connection, request.transport, client_id)
        await talk.serve()
    finally:
        open_sockets.discard(connection)
    return connection


class Conversation:
    """What is said on one socket."""

    def __init__(
        self,
        prompts: Prompts,
        connection: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        client_id: str,
    ) -> None:
        self._teller = prompts.teller
        self._sockets = prompts.sockets
        self._connection = connection
        self._transport = transport
        backlog = Backlog(lambda: _message("status", {"status": self._teller.status()}))
        self._listener = Listener(client_id, backlog)
        self._controls = ControlFrames()
        self._negotiable = True

    async def serve(self) -> None:
        """Write from one task, read in this one; the end of either ends both."""
        self._greet()
        writer = asyncio.create_task(self._write())
        self._sockets.join(self._listener)
        try:
            await self._read()
        finally:
            self._sockets.leave(self._listener)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer

    def _greet(self) -> None:
        """How things are, under which id it listens, and what runs for it already."""
        client = self._listener.id
        self._say("status", {"status": self._teller.status(), "sid": client})
        node = self._teller.node_of(client)
        if node is not None:
            self._say("executing", {"node": node})

    def _say(self, kind: str, data: Any) -> None:
        self._listener.backlog.answer(_message(kind, data))

    async def _write(self) -> None:
        try:
            while True:
                frame = await self._listener.backlog.get()
                if not isinstance(frame, str):
                    await self._connection.send_bytes(frame)
                elif not self._send_at_once(frame):
                    await self._connection.send_str(frame)
        except (ConnectionError, RuntimeError):
            return  # gone; the reader notices too

    def _send_at_once(self, text: str) -> bool:
        """Hand this and the texts behind it over together; False if there are none, or no room.

        A large prompt has hundreds of messages in a moment, and each alone costs a system call.
        """
        transport = self._transport
        if transport is None or self._connection.closed or transport.get_write_buffer_size():
            return False  # whoever reads slowly gets one at a time, and is waited for
        texts = self._listener.backlog.texts(AT_ONCE)
        if texts:
            transport.write(b"".join(map(text_frame, (text, *texts))))
            return True
        return False

    async def _read(self) -> None:
        while True:
            message = await self._connection.receive()
            if message.type in (WSMsgType.PING, WSMsgType.PONG):
                if self._controls.too_many():
                    why = b"Too many pings."
                    await self._connection.close(code=WSCloseCode.POLICY_VIOLATION, message=why)
                    return
                if message.type is WSMsgType.PING:
                    await self._connection.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                self._hear(message.data)
            elif message.type is not WSMsgType.BINARY:
                return

    def _hear(self, text: str) -> None:
        """The first message that is JSON may say what the client knows; nothing else is heard."""
        if not self._negotiable:
            return
        data, problems = read_json(text)
        if problems or not isinstance(data, dict):
            return
        self._negotiable = False
        said = cast("dict[str, Any]", data)
        if said.get("type") == "feature_flags":
            flags: Any = said.get("data")
            known = cast("dict[str, Any]", flags) if isinstance(flags, dict) else {}
            self._listener.knows_facts = known.get("supports_preview_metadata") is True
            self._say("feature_flags", features())


def text_frame(text: str) -> bytes:
    """A text as a server's websocket frame: whole, unmasked, not compressed (RFC 6455, 5.2)."""
    data = text.encode()
    size = len(data)
    if size < 126:
        return struct.pack("!BB", _TEXT, size) + data
    if size < 1 << 16:
        return struct.pack("!BBH", _TEXT, 126, size) + data
    return struct.pack("!BBQ", _TEXT, 127, size) + data


def _message(kind: str, data: Any) -> str:
    return to_text({"type": kind, "data": data})


ROUTES = (Route("GET", "/ws", socket, "ComfyUI's websocket.", status=101),)
