"""The application: guard, route table, page. One look shows everything that is served."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from aiohttp import WSCloseCode, web

from wirebrush.http.access import Access
from wirebrush.http.addresses import Names
from wirebrush.http.comfy.page import comfy_page_routes
from wirebrush.http.comfy.routes import comfy_routes
from wirebrush.http.door import Door
from wirebrush.http.guard import guards
from wirebrush.http.headers import add_security_headers
from wirebrush.http.keys import SERVICES, SOCKETS
from wirebrush.http.pages import page_routes
from wirebrush.http.requests import MAX_BODY
from wirebrush.http.routes import Route, register
from wirebrush.http.services import Services
from wirebrush.http.v1 import (
    assets,
    drafts,
    graphs,
    health,
    imports,
    jobs,
    models,
    nodes,
    openapi,
    packs,
    socket,
    system,
    workflows,
)

IDLE_CONNECTION = 30.0
"""A connection that sends no complete request head for so long is closed."""

ROUTES: tuple[Route, ...] = (
    *health.ROUTES,
    *nodes.ROUTES,
    *jobs.ROUTES,
    *graphs.ROUTES,
    *imports.ROUTES,
    *assets.ROUTES,
    *workflows.ROUTES,
    *models.ROUTES,
    *packs.ROUTES,
    *drafts.ROUTES,
    *system.ROUTES,
    *socket.ROUTES,
)


def build_app(
    services: Services,
    names: Names,
    access: Access,
    page: Path,
    more_routes: Iterable[Route] = (),
) -> web.Application:
    """The whole server as an aiohttp application. `page` is the folder of the built page."""
    routes = (*ROUTES, *openapi.routes(ROUTES), *more_routes)
    foreign = () if services.comfy is None else tuple(comfy_routes(services.comfy))
    door = Door(frozenset(route.path for route in foreign))
    app = web.Application(middlewares=guards(names, access, door), client_max_size=MAX_BODY)
    app[SERVICES] = services
    app[SOCKETS] = set()
    app.on_response_prepare.append(add_security_headers)
    app.on_shutdown.append(_close_sockets)
    register(app, (*routes, *foreign))
    comfy_page = [] if services.comfy is None else comfy_page_routes(services.comfy)
    for path, handler in (*comfy_page, *page_routes(page)):
        app.router.add_get(path, handler)
    return app


def make_runner(app: web.Application, idle: float = IDLE_CONNECTION) -> web.AppRunner:
    """What serves the application: nothing is decompressed, nobody holds a line for long."""
    return web.AppRunner(
        app,
        access_log=None,  # it would write tokens of query strings into logs
        handle_signals=False,
        keepalive_timeout=idle,
        lingering_time=2.0,
        auto_decompress=False,
        shutdown_timeout=2.0,
    )


async def _close_sockets(app: web.Application) -> None:
    for connection in set(app[SOCKETS]):
        await connection.close(code=WSCloseCode.GOING_AWAY, message=b"The server stops.")
