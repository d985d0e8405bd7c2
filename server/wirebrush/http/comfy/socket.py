"""`/ws`: a socket listens under a client id. What clients send is heard once, and never obeyed."""

from __future__ import annotations

import asyncio
import contextlib
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
        await Conversation(prompts_of(request), connection, client_id).serve()
    finally:
        open_sockets.discard(connection)
    return connection


class Conversation:
    """What is said on one socket."""

    def __init__(self, prompts: Prompts, connection: web.WebSocketResponse, client_id: str) -> None:
        self._teller = prompts.teller
        self._sockets = prompts.sockets
        self._connection = connection
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
                if isinstance(frame, str):
                    await self._connection.send_str(frame)
                else:
                    await self._connection.send_bytes(frame)
        except (ConnectionError, RuntimeError):
            return  # gone; the reader notices too

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


def _message(kind: str, data: Any) -> str:
    return to_text({"type": kind, "data": data})


ROUTES = (Route("GET", "/ws", socket, "ComfyUI's websocket.", status=101),)
