"""`/prompt`: what is to run, and how much waits."""

from __future__ import annotations

from aiohttp import web

from wirebrush.http.answers import answer
from wirebrush.http.audit import note
from wirebrush.http.comfy.keys import prompts_of
from wirebrush.http.comfy.refusing import in_their_words
from wirebrush.http.comfy.submitting import submit
from wirebrush.http.keys import SERVICES
from wirebrush.http.requests import body_of
from wirebrush.http.routes import Route


async def remaining(request: web.Request) -> web.Response:
    """How many prompts wait or run."""
    return answer(prompts_of(request).teller.status())


async def post(request: web.Request) -> web.Response:
    """Judge a prompt and queue it."""
    body = await body_of(request)
    told = await submit(request.app[SERVICES], prompts_of(request), body)
    note(request, "submit", str(told["prompt_id"]))
    return answer(told)


ROUTES = (
    Route("GET", "/prompt", remaining, "How many prompts wait or run."),
    Route("POST", "/prompt", in_their_words(post), "Queue a prompt."),
)
