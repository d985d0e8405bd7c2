"""`/history`: what is over, with what it showed and how it ended."""

from __future__ import annotations

from aiohttp import web

from wirebrush.http.answers import answer
from wirebrush.http.comfy.entries import history_entry
from wirebrush.http.comfy.keys import prompts_of
from wirebrush.http.comfy.prompts import HISTORY_LIMIT
from wirebrush.http.comfy.queue import ids_of
from wirebrush.http.comfy.refusing import NotRun, in_their_words
from wirebrush.http.comfy.replies import done
from wirebrush.http.requests import json_body
from wirebrush.http.routes import Route


async def show(request: web.Request) -> web.Response:
    """The last `max_items` prompts that are over, or those from `offset` on."""
    prompts = prompts_of(request)
    limit, offset = _number(request, "max_items"), _number(request, "offset")
    offset = None if offset is None or offset < 0 else offset
    if limit is not None and limit < 0:
        limit = 0 if offset is None else 1  # which is what ComfyUI makes of it
    found = {
        entry.prompt_id: history_entry(entry, prompts.messages(entry))
        async for entry in prompts.over(limit, offset)
    }
    return answer(found)


async def one(request: web.Request) -> web.Response:
    """One prompt that is over, or nothing."""
    prompts = prompts_of(request)
    entry = await prompts.find(request.match_info["prompt_id"])
    if entry is None or entry.job.ended is None or entry.job.started is None:
        return answer({})
    return answer({entry.prompt_id: history_entry(entry, prompts.messages(entry))})


async def change(request: web.Request) -> web.Response:
    """Forget what is over."""
    body = await json_body(request)
    prompts = prompts_of(request)
    if body.get("clear"):
        await prompts.forget()
    for prompt_id in ids_of(body):
        await prompts.forget(prompt_id)
    return done()


def _number(request: web.Request, name: str) -> int | None:
    """A whole number of the query; None if it is not there."""
    text = request.query.get(name)
    if text is None:
        return None
    digits = text.removeprefix("-")
    if not digits.isdecimal() or not digits.isascii() or len(digits) > 18:
        raise NotRun("invalid_request", f"{name} must be a whole number.", f"Such as {name}=64.")
    return -1 if text.startswith("-") else min(int(digits), 10 * HISTORY_LIMIT)


ROUTES = (
    Route("GET", "/history", in_their_words(show), "What is over."),
    Route("GET", "/history/{prompt_id}", one, "One prompt that is over, or nothing."),
    Route("POST", "/history", in_their_words(change), "Forget what is over."),
)
