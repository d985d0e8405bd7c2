"""`/queue`, `/interrupt` and `/free`: what waits and runs, and an end to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web

from wirebrush.graph.jsontext import read_json
from wirebrush.http.answers import answer
from wirebrush.http.comfy.entries import queue_item
from wirebrush.http.comfy.keys import prompts_of
from wirebrush.http.comfy.refusing import NotRun, in_their_words
from wirebrush.http.comfy.replies import done
from wirebrush.http.keys import SERVICES
from wirebrush.http.requests import json_body
from wirebrush.http.routes import Route


async def show(request: web.Request) -> web.Response:
    """What runs and what waits."""
    prompts = prompts_of(request)
    running = [queue_item(entry) for entry in await prompts.running()]
    waiting = [queue_item(entry) async for entry in prompts.waiting()]
    return answer({"queue_running": running, "queue_pending": waiting})


async def change(request: web.Request) -> web.Response:
    """Take prompts out of the queue; what runs goes on."""
    body = await json_body(request)
    prompts = prompts_of(request)
    if body.get("clear"):
        await prompts.withdraw()
    for prompt_id in ids_of(body):
        await prompts.withdraw(prompt_id)
    return done()


async def interrupt(request: web.Request) -> web.Response:
    """Stop what runs, or one prompt if it does; always 200, whatever the body is."""
    data, _ = read_json(await request.read())
    wanted = cast("dict[str, Any]", data).get("prompt_id") if isinstance(data, dict) else None
    await prompts_of(request).interrupt(None if wanted is None else str(wanted))
    return done()


async def free(request: web.Request) -> web.Response:
    """Have workers let go of models, and of results in memory, once they have nothing to do."""
    body = await json_body(request)
    results = bool(body.get("free_memory"))
    if results or body.get("unload_models"):
        await request.app[SERVICES].desk.free(results=results)
    return done()


def ids_of(body: Mapping[str, Any], name: str = "delete") -> list[str]:
    """The prompt ids of a body."""
    given = body.get(name)
    if given is None:
        return []
    if not isinstance(given, list):
        raise NotRun("invalid_request", f"{name!r} must be a list of prompt ids.", "Send a list.")
    return [str(item) for item in cast("list[Any]", given)]


ROUTES = (
    Route("GET", "/queue", show, "What runs and what waits."),
    Route("POST", "/queue", in_their_words(change), "Take prompts out of the queue."),
    Route("POST", "/interrupt", in_their_words(interrupt), "Stop what runs."),
    Route("POST", "/free", in_their_words(free), "Let go of models and results in memory."),
)
