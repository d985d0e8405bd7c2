"""Answers as ComfyUI gives them: a status, and a sentence as plain text where it sends none."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from wirebrush.graph.jsontext import read_json
from wirebrush.http.answers import Invalid
from wirebrush.jobs.errors import AssetTooLarge, AssetUnsaved, JobsError


def done() -> web.Response:
    """200 without a body."""
    return web.Response()


def refusal(status: int, sentence: str = "") -> web.Response:
    """A status, and why."""
    return web.Response(status=status, text=sentence)


def refused_file(error: JobsError) -> web.Response:
    """Why a file was not kept."""
    if isinstance(error, AssetTooLarge):
        return refusal(413, str(error))
    return refusal(507 if isinstance(error, AssetUnsaved) else 400, str(error))


async def any_json(request: web.Request) -> Any:
    """The body as JSON of any kind; Invalid if it is none."""
    data, problems = read_json(await request.read())
    if problems:
        raise Invalid(problems)
    return data


def says(request: web.Request, name: str, default: bool = False) -> bool:
    """A yes or no of the query, as ComfyUI reads it: "true" in any case."""
    text = request.query.get(name)
    return default if text is None else text.lower() == "true"
