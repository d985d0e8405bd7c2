"""Reading requests: bodies within limits and deadlines, and parameters that say what is wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web

from wirebrush.graph.jsontext import DEFAULT_LIMITS, Locate, nowhere, read_json
from wirebrush.http.answers import Invalid, Refused

MAX_BODY = DEFAULT_LIMITS.size
BODY_SECONDS = 30.0
THREAD_FROM = 64 * 1024
"""Reading a larger text takes milliseconds, which belong into a thread."""


async def body_of(request: web.Request) -> bytes:
    """The body as it is."""
    async with asyncio.timeout(BODY_SECONDS):
        return await request.read()


async def json_body(request: web.Request, locate: Locate = nowhere) -> Mapping[str, Any]:
    """The body as a JSON object, read strictly; Invalid lists what is wrong with it."""
    body = await body_of(request)
    if not body:
        return {}
    return await parse_object(body, locate)


async def parse_object(text: str | bytes, locate: Locate = nowhere) -> Mapping[str, Any]:
    """A JSON object from a text; a large one is read in a thread, so that nobody waits for it."""
    if len(text) < THREAD_FROM:
        data, problems = read_json(text, locate=locate)
    else:
        data, problems = await asyncio.to_thread(read_json, text, locate=locate)
    if problems:
        raise Invalid(problems)
    if not isinstance(data, dict):
        raise Refused(400, "not_an_object", "The body must be a JSON object: {...}.")
    return cast("dict[str, Any]", data)


def number(request: web.Request, name: str, default: int, low: int, high: int) -> int:
    """A whole number from the query, within bounds."""
    text = request.query.get(name)
    if text is None:
        return default
    if not text.isdecimal() or not low <= int(text[:18]) <= high:
        raise Refused(
            400,
            "bad_parameter",
            f"{name}={text[:40]!r} is not a whole number from {low} to {high}.",
        )
    return int(text)


def if_match(request: web.Request) -> str | None:
    """The etag that the client saw, or None if it does not say."""
    tag = request.headers.get("If-Match")
    return None if tag in (None, "*") else tag.removeprefix("W/").strip('"')


def seconds(request: web.Request, name: str) -> float | None:
    """A time from the query, in seconds since 1970; None if it is not there."""
    text = request.query.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,9})?", text):
        message = f"{name}={text[:40]!r} is no time in seconds since 1970."
        raise Refused(400, "bad_parameter", message, "Such as 1700000000.")
    return float(text)


def flag(request: web.Request, name: str) -> bool:
    """Whether the query has a parameter that is 1 or true."""
    return request.query.get(name) in ("1", "true")


def field_of(data: Mapping[str, Any], name: str, kind: type[Any], words: str) -> Any:
    """A field of a body, or None; Refused if it has another type."""
    value = data.get(name)
    if value is None or (isinstance(value, kind) and not (kind is int and value in (True, False))):
        return value
    raise Refused(400, "bad_field", f"{name!r} must be {words}.")
