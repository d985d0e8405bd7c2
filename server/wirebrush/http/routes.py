"""One entry of the route table: what is registered is also what /v1/openapi.json describes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiohttp import web

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Shape: TypeAlias = Any
"""What a body holds: an annotation, or a mapping of names to annotations for a plain object."""

FILE = bytes


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path, what answers there, and words for it.

    `query` and `headers` map names to what they mean; `body` and `gives` are shapes, with `FILE`
    for anything that is not JSON.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Shape = None
    gives: Shape = None
    status: int = 200


def register(app: web.Application, routes: Iterable[Route]) -> None:
    """Add the routes to an application."""
    for route in routes:
        app.router.add_route(route.method, route.path, route.handler)
        if route.method == "GET" and not route.path.endswith("/ws"):
            app.router.add_route("HEAD", route.path, route.handler)
