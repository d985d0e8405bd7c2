"""Questions about a graph that is not run: what is wrong with it, what a run would compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from aiohttp import web

from wirebrush.events import Problem
from wirebrush.http.answers import Invalid, Refused, answer
from wirebrush.http.keys import SERVICES
from wirebrush.http.requests import json_body
from wirebrush.http.routes import Route
from wirebrush.http.submit import locate_in_request
from wirebrush.http.wire import Submit, WireError, decode

_FIELDS = ("workflow", "prompt", "targets")


async def validate(request: web.Request) -> web.Response:
    """The problems of a graph, those of its JSON included."""
    try:
        body = await json_body(request, locate_in_request)
    except Invalid as invalid:
        return answer({"problems": [asdict(problem) for problem in invalid.problems]})
    problems = await request.app[SERVICES].submitter.problems(_question(body))
    return answer({"problems": [asdict(problem) for problem in problems]})


def _question(body: Mapping[str, Any]) -> Submit:
    """The graph of a body, as if it were submitted."""
    asked = {name: body[name] for name in _FIELDS if name in body}
    try:
        return cast("Submit", decode({**asked, "type": "submit", "ref": ""}))
    except WireError as error:
        raise Refused(400, "bad_request", str(error)) from error


_GRAPH = {
    "workflow": dict[str, Any] | None,
    "prompt": dict[str, Any] | None,
    "targets": list[str] | None,
}

ROUTES = (
    Route(
        "POST",
        "/v1/validate",
        validate,
        "What is wrong or odd with a workflow or a prompt; nothing is run.",
        body=_GRAPH,
        gives={"problems": list[Problem]},
    ),
)
