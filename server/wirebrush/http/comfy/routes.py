"""All of ComfyUI's routes, under every prefix where its clients look for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from aiohttp import web

from wirebrush.http.comfy import (
    extensions,
    facts,
    gallery,
    history,
    jobs,
    logs,
    models,
    object_info,
    prompt,
    queue,
    settings,
    socket,
    uploads,
    userdata,
    views,
)
from wirebrush.http.comfy.replies import done
from wirebrush.http.comfy.services import ComfyServices
from wirebrush.http.routes import Route

ROUTES: tuple[Route, ...] = (
    *prompt.ROUTES,
    *queue.ROUTES,
    *history.ROUTES,
    *jobs.ROUTES,
    *socket.ROUTES,
    *facts.ROUTES,
    *extensions.ROUTES,
    *gallery.ROUTES,
    *object_info.ROUTES,
    *models.ROUTES,
    *views.ROUTES,
    *uploads.ROUTES,
    *userdata.ROUTES,
    *settings.ROUTES,
    *logs.ROUTES,
)
"""Without a prefix: `/prompt`."""

PREFIXES = ("", "/api")
PAGE_PREFIXES = ("/comfy", "/comfy/api")
"""Where ComfyUI's own page, served at `/comfy/`, looks for them."""


def comfy_routes(comfy: ComfyServices) -> Iterator[Route]:
    """Every route under every prefix; OPTIONS is answered everywhere, and grants nothing.

    `/internal` is not part of the API: it is beside `/api`, as in ComfyUI.
    """
    paths = dict.fromkeys(route.path for route in ROUTES)
    asked = (Route("OPTIONS", path, _nothing, "Nothing.") for path in paths)
    everywhere = (*ROUTES, *asked)
    for prefix in PREFIXES if comfy.page is None else (*PREFIXES, *PAGE_PREFIXES):
        for route in everywhere:
            if route.path.startswith("/internal/") and prefix.endswith("/api"):
                continue
            yield replace(route, path=f"{prefix}{route.path}")


async def _nothing(_request: web.Request) -> web.Response:
    return done()
