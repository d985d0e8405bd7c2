"""The workflows that ship with the studio, as templates of ComfyUI's page."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.exporting import export_workflow
from wirebrush.graph.opening import open_workflow
from wirebrush.http.answers import answer
from wirebrush.http.comfy.keys import comfy_of
from wirebrush.http.comfy.replies import refusal
from wirebrush.http.headers import USER_CONTENT_CSP
from wirebrush.http.keys import SERVICES
from wirebrush.http.routes import Route
from wirebrush.http.templates import Templates

PACK = "Wirebrush"
"""The page's gallery shows templates by pack: this is the name of ours."""


async def packs(request: web.Request) -> web.Response:
    """The names of templates by pack; ours are told where ComfyUI's page is served."""
    if comfy_of(request).page is None:
        return answer({})
    found = await asyncio.to_thread(request.app[SERVICES].templates.list)
    return answer({PACK: [template.name for template in found]})


async def template(request: web.Request) -> web.Response:
    """A template as ComfyUI's editor opens it."""
    services = request.app[SERVICES]
    text = await asyncio.to_thread(
        _exported, services.templates, request.match_info["name"], services.catalogs.current
    )
    if text is None:
        return refusal(404)
    return web.Response(text=text, content_type="application/json")


async def picture(request: web.Request) -> web.Response:
    """What a template painted."""
    templates = request.app[SERVICES].templates
    found = await asyncio.to_thread(templates.picture, request.match_info["name"])
    if found is None:
        return refusal(404)
    headers = {"Content-Security-Policy": USER_CONTENT_CSP, "Cache-Control": "max-age=86400"}
    return web.Response(body=found[0], content_type=found[1], headers=headers)


def _exported(templates: Templates, name: str, catalog: Catalog) -> str | None:
    text = templates.read(name)
    workflow = None if text is None else open_workflow(json.loads(text), catalog)[0]
    return None if workflow is None else json.dumps(export_workflow(workflow, catalog))


ROUTES = (
    Route("GET", "/workflow_templates", packs, "Templates, by pack."),
    Route("GET", f"/workflow_templates/{PACK}/{{name}}.json", template, "A template."),
    Route("GET", f"/workflow_templates/{PACK}/{{name}}.jpg", picture, "What it painted."),
)
