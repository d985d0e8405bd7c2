"""Is the server up, and can it run jobs?"""

from __future__ import annotations

from aiohttp import web

from wirebrush import __version__
from wirebrush.http.answers import answer
from wirebrush.http.keys import SERVICES
from wirebrush.http.routes import Route


async def health(request: web.Request) -> web.Response:
    """Answers as long as the server lives; public, and tells nothing private."""
    ready = request.app[SERVICES].workers.ready
    return answer({"status": "ok", "version": __version__, "ready": ready})


ROUTES = (
    Route(
        "GET",
        "/v1/health",
        health,
        "Whether the server is up, and whether a worker is ready to run jobs. Needs no token.",
        gives={"status": str, "version": str, "ready": bool},
    ),
)
