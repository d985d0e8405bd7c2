"""`/internal/logs`: the server's own log, for clients that show it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from aiohttp import web

from wirebrush.events import Event, Finished, Started
from wirebrush.http.answers import answer
from wirebrush.http.comfy.keys import comfy_of
from wirebrush.http.comfy.logbook import Entry, LogBook, message
from wirebrush.http.comfy.replies import any_json, done, refusal
from wirebrush.http.comfy.sockets import Sockets
from wirebrush.http.routes import Route

log = logging.getLogger("wirebrush.jobs")

_SIZE = {"cols": 120, "rows": 30}
"""Of the terminal that clients draw: there is none here, and they want one."""


@contextmanager
def kept_log(book: LogBook, sockets: Sockets) -> Generator[None]:
    """While the block lasts the server's log goes into the book, and to clients that want it."""
    loop, logger = asyncio.get_running_loop(), logging.getLogger("wirebrush")

    def say(entry: Entry) -> None:
        for client in tuple(book.subscribers):
            if sockets.hear(client):
                sockets.say("logs", message(entry), client)
            else:
                book.subscribe(client, False)

    book.tell = lambda entry: loop.call_soon_threadsafe(say, entry)
    logger.addHandler(book)
    try:
        yield
    finally:
        logger.removeHandler(book)


def log_job(job: str, event: Event) -> None:
    """Write down when a job starts, and how it ends: what people look for in a log."""
    if isinstance(event, Started):
        log.info("job %s: %d nodes, on %s", job, event.nodes, event.worker)
    elif isinstance(event, Finished):
        reasons = "".join(f"; {problem.message}" for problem in event.problems[:1])
        log.info("job %s: %s after %.2f s%s", job, event.state, event.summary.seconds, reasons)


async def text(request: web.Request) -> web.Response:
    """The last lines as one text."""
    lines = comfy_of(request).logs.entries()
    return answer("".join(f"{line['t']} - {line['m']}" for line in lines))


async def raw(request: web.Request) -> web.Response:
    """The last lines, each with its time."""
    return answer({"entries": comfy_of(request).logs.entries(), "size": _SIZE})


async def subscribe(request: web.Request) -> web.Response:
    """A client wants new lines as messages on its websocket, or no more."""
    data = await any_json(request)
    asked = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    client = asked.get("clientId")
    if not isinstance(client, str) or not client:
        return refusal(400, 'The body must say who: {"clientId": "...", "enabled": true}.')
    comfy_of(request).logs.subscribe(client, bool(asked.get("enabled")))
    return done()


ROUTES = (
    Route("GET", "/internal/logs", text, "The last lines of the server's log."),
    Route("GET", "/internal/logs/raw", raw, "The same, each with its time."),
    Route("PATCH", "/internal/logs/subscribe", subscribe, "Hear of new lines, or no more."),
)
