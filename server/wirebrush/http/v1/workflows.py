"""Saved workflows, their versions, and the shipped ones."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from aiohttp import web

from wirebrush.graph.detect import Format, detect
from wirebrush.graph.workflow_format import load_workflow
from wirebrush.graph.workflow_text import dump_workflow
from wirebrush.http.answers import Refused, answer, unknown
from wirebrush.http.documents import Document, Version
from wirebrush.http.keys import SERVICES
from wirebrush.http.requests import BODY_SECONDS, parse_object
from wirebrush.http.routes import Route
from wirebrush.http.templates import Template


async def listing(request: web.Request) -> web.Response:
    """What can be opened."""
    services = request.app[SERVICES]
    saved = await asyncio.to_thread(services.documents.list)
    shipped = await asyncio.to_thread(services.templates.list)
    return answer(
        {
            "workflows": [asdict(item) for item in saved],
            "templates": [asdict(item) for item in shipped],
        }
    )


async def read(request: web.Request) -> web.StreamResponse:
    """A saved workflow, or an earlier version of it."""
    name, version = request.match_info["name"], request.query.get("version")
    documents = request.app[SERVICES].documents
    if version is not None:
        text = await asyncio.to_thread(documents.read_version, name, version)
        if text is None:
            raise unknown("version", version[:40])
        return _text(text)
    found = await asyncio.to_thread(documents.read, name)
    if found is None:
        raise unknown("workflow", name[:80])
    tag = f'"{found[0].etag}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    return _text(found[1], headers)


async def write(request: web.Request) -> web.Response:
    """Save in canonical form; what only a later version can read is kept as it was sent."""
    name = request.match_info["name"]
    async with asyncio.timeout(BODY_SECONDS):
        body = await request.read()
    data = await parse_object(body)
    if detect(data) is not Format.WIREBRUSH:
        raise Refused(
            400,
            "not_a_workflow",
            "This is no Wirebrush workflow.",
            'It starts with "format": "wirebrush/1". Import other formats first.',
        )
    create = request.headers.get("If-None-Match") == "*"
    document = await asyncio.to_thread(
        request.app[SERVICES].documents.write,
        name,
        await asyncio.to_thread(_canonical, body),
        match=_if_match(request),
        create=create,
    )
    return answer(asdict(document), headers={"ETag": f'"{document.etag}"'})


async def delete(request: web.Request) -> web.Response:
    """Delete. The last state stays among the versions."""
    name = request.match_info["name"]
    documents = request.app[SERVICES].documents
    if not await asyncio.to_thread(documents.delete, name, match=_if_match(request)):
        raise unknown("workflow", name[:80])
    return answer({"deleted": name})


async def versions(request: web.Request) -> web.Response:
    """Earlier states of a workflow."""
    documents = request.app[SERVICES].documents
    found = await asyncio.to_thread(documents.versions, request.match_info["name"])
    return answer({"versions": [asdict(item) for item in found]})


async def templates(request: web.Request) -> web.Response:
    """The shipped workflows."""
    found = await asyncio.to_thread(request.app[SERVICES].templates.list)
    return answer({"templates": [asdict(item) for item in found]})


async def template(request: web.Request) -> web.Response:
    """One shipped workflow."""
    name = request.match_info["name"]
    text = await asyncio.to_thread(request.app[SERVICES].templates.read, name)
    if text is None:
        raise unknown("template", name[:80])
    return _text(text)


def _text(text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(text=text, headers=headers, content_type="application/json")


def _canonical(body: bytes) -> str:
    workflow = load_workflow(body)
    return body.decode("utf-8-sig") if isinstance(workflow, list) else dump_workflow(workflow)


def _if_match(request: web.Request) -> str | None:
    tag = request.headers.get("If-Match")
    return None if tag in (None, "*") else tag.removeprefix("W/").strip('"')


_WORKFLOW = dict[str, Any]

ROUTES = (
    Route(
        "GET",
        "/v1/workflows",
        listing,
        "Saved workflows, and the shipped ones.",
        gives={"workflows": list[Document], "templates": list[Template]},
    ),
    Route(
        "GET",
        "/v1/workflows/{name}",
        read,
        "A saved workflow; its ETag is what If-Match wants.",
        query={"version": "The id of an earlier version."},
        gives=_WORKFLOW,
    ),
    Route(
        "PUT",
        "/v1/workflows/{name}",
        write,
        "Save a workflow. The one it replaces is kept among the last twenty versions.",
        headers={
            "If-Match": "The ETag that was read; 412 if somebody saved meanwhile.",
            "If-None-Match": "`*` saves only a new name.",
        },
        body=_WORKFLOW,
        gives=Document,
    ),
    Route(
        "DELETE",
        "/v1/workflows/{name}",
        delete,
        "Delete a workflow; its last state stays among the versions.",
        headers={"If-Match": "The ETag that was read."},
        gives={"deleted": str},
    ),
    Route(
        "GET",
        "/v1/workflows/{name}/versions",
        versions,
        "Earlier states of a workflow, the latest first; also of a deleted one.",
        gives={"versions": list[Version]},
    ),
    Route(
        "GET",
        "/v1/templates",
        templates,
        "The shipped workflows.",
        gives={"templates": list[Template]},
    ),
    Route("GET", "/v1/templates/{name}", template, "A shipped workflow.", gives=_WORKFLOW),
)
