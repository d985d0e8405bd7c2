"""Saved workflows, their versions, and the shipped ones."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from typing import Any

from aiohttp import web

from wirebrush.graph.detect import Format, detect
from wirebrush.graph.workflow_format import load_workflow
from wirebrush.graph.workflow_text import dump_workflow
from wirebrush.http.answers import Refused, answer, unknown
from wirebrush.http.documents import SavedWorkflow, WorkflowVersion
from wirebrush.http.headers import FOREVER
from wirebrush.http.keys import SERVICES
from wirebrush.http.requests import BODY_SECONDS, field_of, if_match, json_body, parse_object
from wirebrush.http.routes import FILE, Route
from wirebrush.http.templates import Template


async def listing(request: web.Request) -> web.Response:
    """What can be opened."""
    services = request.app[SERVICES]
    saved = await asyncio.to_thread(services.documents.list)
    shipped = await asyncio.to_thread(services.templates.list)
    newest = await services.assets.newest_of({item.id for item in saved if item.id})
    shown = [replace(item, thumbnail=newest.get(item.id)) for item in saved]
    return answer(
        {
            "workflows": [asdict(item) for item in shown],
            "templates": [asdict(item) for item in shipped],
        }
    )


async def read(request: web.Request) -> web.StreamResponse:
    """A saved workflow."""
    name = request.match_info["name"]
    found = await asyncio.to_thread(request.app[SERVICES].documents.read, name)
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
        match=if_match(request),
        create=create,
    )
    return answer(asdict(document), headers={"ETag": f'"{document.etag}"'})


async def delete(request: web.Request) -> web.Response:
    """Delete. The last state stays among the versions."""
    name = request.match_info["name"]
    documents = request.app[SERVICES].documents
    if not await asyncio.to_thread(documents.delete, name, match=if_match(request)):
        raise unknown("workflow", name[:80])
    return answer({"deleted": name})


async def move(request: web.Request) -> web.Response:
    """Give a workflow another name."""
    name, documents = request.match_info["name"], request.app[SERVICES].documents
    to = field_of(await json_body(request), "to", str, "the new name")
    if to is None:
        raise Refused(400, "bad_field", "A move needs the new name as 'to'.")
    moved = await asyncio.to_thread(documents.move, name, to, match=if_match(request))
    if moved is None:
        raise unknown("workflow", name[:80])
    return answer(asdict(moved), headers={"ETag": f'"{moved.etag}"'})


async def restore(request: web.Request) -> web.Response:
    """Bring a deleted workflow back."""
    name = request.match_info["name"]
    found = await asyncio.to_thread(request.app[SERVICES].documents.restore, name)
    if found is None:
        raise unknown("deleted_workflow", name[:80])
    return answer(asdict(found), headers={"ETag": f'"{found.etag}"'})


async def versions(request: web.Request) -> web.Response:
    """Earlier states of a workflow."""
    documents = request.app[SERVICES].documents
    found = await asyncio.to_thread(documents.versions, request.match_info["name"])
    return answer({"versions": [asdict(item) for item in found]})


async def version(request: web.Request) -> web.Response:
    """An earlier state of a workflow."""
    name, wanted = request.match_info["name"], request.match_info["version"]
    text = await asyncio.to_thread(request.app[SERVICES].documents.read_version, name, wanted)
    if text is None:
        raise unknown("version", wanted[:40])
    return _text(text, {"Cache-Control": FOREVER})


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


async def template_thumbnail(request: web.Request) -> web.Response:
    """The picture of a shipped workflow."""
    name = request.match_info["name"]
    found = await asyncio.to_thread(request.app[SERVICES].templates.picture, name)
    if found is None:
        raise unknown("thumbnail", name[:80])
    headers = {"Cache-Control": "private, max-age=3600"}
    return web.Response(body=found[0], content_type=found[1], headers=headers)


def _text(text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(text=text, headers=headers, content_type="application/json")


def _canonical(body: bytes) -> str:
    workflow = load_workflow(body)
    return body.decode("utf-8-sig") if isinstance(workflow, list) else dump_workflow(workflow)


_WORKFLOW = dict[str, Any]
_SEEN = {"If-Match": "The ETag that was read; 412 if somebody saved meanwhile."}

ROUTES = (
    Route(
        "GET",
        "/v1/workflows",
        listing,
        "Saved workflows, and the shipped ones.",
        gives={"workflows": list[SavedWorkflow], "templates": list[Template]},
    ),
    Route(
        "GET",
        "/v1/workflows/{name}",
        read,
        "A saved workflow; its ETag is what If-Match wants. Folders in a name are written as %2F.",
        gives=_WORKFLOW,
    ),
    Route(
        "PUT",
        "/v1/workflows/{name}",
        write,
        "Save a workflow. The one it replaces is kept among the last twenty versions.",
        headers={**_SEEN, "If-None-Match": "`*` saves only a new name."},
        body=_WORKFLOW,
        gives=SavedWorkflow,
    ),
    Route(
        "DELETE",
        "/v1/workflows/{name}",
        delete,
        "Delete a workflow; its last state stays among the versions.",
        headers=_SEEN,
        gives={"deleted": str},
    ),
    Route(
        "POST",
        "/v1/workflows/{name}/move",
        move,
        "Give a workflow another name or folder, with its versions; never that of another.",
        headers=_SEEN,
        body={"to": str},
        gives=SavedWorkflow,
    ),
    Route(
        "POST",
        "/v1/workflows/{name}/restore",
        restore,
        "Bring a deleted workflow back as it was.",
        gives=SavedWorkflow,
    ),
    Route(
        "GET",
        "/v1/workflows/{name}/versions",
        versions,
        "Earlier states of a workflow, the latest first; also of a deleted one.",
        gives={"versions": list[WorkflowVersion]},
    ),
    Route(
        "GET",
        "/v1/workflows/{name}/versions/{version}",
        version,
        "An earlier state of a workflow.",
        gives=_WORKFLOW,
    ),
    Route(
        "GET",
        "/v1/templates",
        templates,
        "The shipped workflows.",
        gives={"templates": list[Template]},
    ),
    Route("GET", "/v1/templates/{name}", template, "A shipped workflow.", gives=_WORKFLOW),
    Route(
        "GET",
        "/v1/templates/{name}/thumbnail",
        template_thumbnail,
        "A picture that a shipped workflow made.",
        gives=FILE,
    ),
)
