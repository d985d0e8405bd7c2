"""The websocket: one socket is one subscriber. Reads commands, sends answers, events, previews."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from dataclasses import asdict
from time import monotonic

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from wirebrush import __version__
from wirebrush.http.answers import Invalid, Refused
from wirebrush.http.audit import note
from wirebrush.http.backlog import MAX_BYTES, Backlog
from wirebrush.http.keys import SERVICES, SOCKETS
from wirebrush.http.requests import MAX_BODY, parse_object
from wirebrush.http.routes import Route
from wirebrush.http.services import Services
from wirebrush.http.submit import locate_in_request
from wirebrush.http.wire import (
    Accepted,
    Cancel,
    ClientMessage,
    Failure,
    Hello,
    Pong,
    Rejected,
    ServerMessage,
    Submit,
    Subscribe,
    WireError,
    decode,
    encode,
)
from wirebrush.jobs.errors import JobsError

MAX_SOCKETS = 64
HEARTBEAT = 30.0
CONTROL_FRAMES = 100
CONTROL_SECONDS = 10.0

log = logging.getLogger("wirebrush.http")


async def socket(request: web.Request) -> web.StreamResponse:
    """Serve one client until it goes."""
    services, open_sockets = request.app[SERVICES], request.app[SOCKETS]
    if len(open_sockets) >= MAX_SOCKETS:
        raise Refused(503, "too_many_sockets", f"{MAX_SOCKETS} clients are connected already.")
    connection = web.WebSocketResponse(
        heartbeat=HEARTBEAT, compress=False, max_msg_size=MAX_BODY, autoping=False
    )
    if not connection.can_prepare(request).ok:
        raise Refused(
            426,
            "websocket_only",
            "This address speaks websocket.",
            headers={"Upgrade": "websocket"},
        )
    await connection.prepare(request)
    open_sockets.add(connection)
    client = Client(services, connection, request)
    try:
        await client.serve()
    finally:
        open_sockets.discard(connection)
    return connection


class Client:
    """One connected browser or program."""

    def __init__(
        self, services: Services, connection: web.WebSocketResponse, request: web.Request
    ) -> None:
        self._services = services
        self._request = request
        self._connection = connection
        self._backlog: Backlog = services.hub.backlog()
        self._controls = ControlFrames()

    async def serve(self) -> None:
        """Write from one task, read in this one; the end of either ends both."""
        hub = self._services.hub
        self._answer(Hello(hub.boot, hub.seq, __version__))
        writer = asyncio.create_task(self._write())
        try:
            await self._read()
        finally:
            hub.unsubscribe(self._backlog)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer

    async def _write(self) -> None:
        try:
            while True:
                frame = await self._backlog.get()
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
                if not await self._control(message):
                    return
            elif message.type is WSMsgType.TEXT:
                await self._take(message.data)
                if self._backlog.size > 2 * MAX_BYTES:  # it asks, and never reads the answers
                    await self._close("Read the answers before you ask on.")
                    return
            elif message.type is WSMsgType.BINARY:
                self._answer(Failure("not_text", "Messages are JSON in text frames."))
            else:
                return

    async def _control(self, message: WSMessage) -> bool:
        if self._controls.too_many():
            await self._close("Too many pings.")
            return False
        if message.type is WSMsgType.PING:
            await self._connection.pong(message.data)
        return True

    async def _close(self, why: str) -> None:
        await self._connection.close(code=WSCloseCode.POLICY_VIOLATION, message=why.encode())

    async def _take(self, text: str) -> None:
        """Understand and obey one message; whatever goes wrong is told in words."""
        ref: str | None = None
        try:
            data = await parse_object(text, locate_in_request)
            given = data.get("ref")
            ref = given if isinstance(given, str) else None
            await self._obey(decode(data))
        except Invalid as invalid:
            problems = tuple(asdict(problem) for problem in invalid.problems)
            self._answer(Rejected(ref or "", problems))
        except WireError as error:
            self._answer(Failure("bad_message", str(error), ref=ref))
        except (Refused, JobsError) as refused:
            self._answer(Failure(refused.code, refused.message, refused.hint, ref))
        except Exception:
            log.exception("a websocket message failed")
            self._answer(Failure("internal", "Something went wrong inside Wirebrush.", ref=ref))

    async def _obey(self, message: ClientMessage) -> None:
        services = self._services
        if isinstance(message, Submit):
            job, warnings = await services.submitter.submit(message)
            note(self._request, "submit", job.id)
            told = tuple(asdict(problem) for problem in warnings)
            self._answer(Accepted(message.ref, job.to_json(), told))
        elif isinstance(message, Cancel):
            note(self._request, "cancel", message.job)
            if await services.queue.cancel(message.job) is None:
                raise Refused(404, "unknown_job", f"There is no job {message.job[:40]!r}.")
        elif isinstance(message, Subscribe):
            services.hub.subscribe(self._backlog, message.since, message.server)
        else:
            self._answer(Pong())

    def _answer(self, message: ServerMessage) -> None:
        self._backlog.answer(encode(message))


class ControlFrames:
    """Counts pings and pongs: a hundred in ten seconds are nobody's heartbeat."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=CONTROL_FRAMES)

    def too_many(self) -> bool:
        """Note one; whether there were too many of late."""
        now = monotonic()
        full = len(self._times) == CONTROL_FRAMES
        flood = full and now - self._times[0] < CONTROL_SECONDS
        self._times.append(now)
        return flood


ROUTES = (
    Route(
        "GET",
        "/v1/ws",
        socket,
        "The websocket: submit, cancel, subscribe; answers, numbered events, binary previews.",
        status=101,
    ),
)
