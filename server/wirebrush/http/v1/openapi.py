"""The description of all routes, made from the route table itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from wirebrush import __version__
from wirebrush.http.answers import answer
from wirebrush.http.routes import FILE, Route, Shape
from wirebrush.schema import Schemas

_ERROR = {"error": {"code": str, "message": str, "hint": str}}
_ERRORS = {
    "400": "The request is wrong; a graph's faults are listed as `problems`.",
    "401": "The token is missing.",
    "403": "Another page sent this.",
    "404": "There is no such thing.",
}


def routes(described: Iterable[Route]) -> tuple[Route, ...]:
    """The route that describes the others and itself."""

    async def openapi(request: web.Request) -> web.Response:
        return answer(document((*described, *mine)))

    mine = (
        Route(
            "GET",
            "/v1/openapi.json",
            openapi,
            "This description, as OpenAPI 3.1.",
            gives=dict[str, Any],
        ),
    )
    return mine


def document(described: Iterable[Route]) -> dict[str, Any]:
    """The OpenAPI document of some routes."""
    schemas = Schemas("#/components/schemas/", merged=["JobOutput.output"])
    paths: dict[str, dict[str, Any]] = {}
    for route in described:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    error = schemas.of(_ERROR)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Wirebrush",
            "version": __version__,
            "description": "A node-graph studio for diffusion models.",
        },
        "paths": paths,
        "components": {
            "schemas": {**schemas.definitions, "Error": error},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.handler.__module__.rsplit('.', 1)[-1]}_{route.handler.__name__}",
        "summary": route.summary,
        "parameters": list(_parameters(route)),
        "responses": _responses(route, schemas),
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(route.body, schemas)}
    if route.path == "/v1/health":
        operation["security"] = []
    return operation


def _parameters(route: Route) -> Iterable[Mapping[str, Any]]:
    text = {"type": "string"}
    for name in re.findall(r"\{(\w+)\}", route.path):
        yield {"name": name, "in": "path", "required": True, "schema": text}
    for name, meaning in route.query.items():
        yield {"name": name, "in": "query", "description": meaning, "schema": text}
    for name, meaning in route.headers.items():
        yield {"name": name, "in": "header", "description": meaning, "schema": text}


def _responses(route: Route, schemas: Schemas) -> dict[str, Any]:
    good: dict[str, Any] = {"description": route.summary}
    if route.gives is not None:
        good["content"] = _content(route.gives, schemas)
    schema = {"$ref": "#/components/schemas/Error"}
    errors = {
        status: {"description": words, "content": {"application/json": {"schema": schema}}}
        for status, words in _ERRORS.items()
    }
    return {str(route.status): good, **errors}


def _content(shape: Shape, schemas: Schemas) -> dict[str, Any]:
    if shape is FILE:
        return {"application/octet-stream": {}}
    return {"application/json": {"schema": schemas.of(shape)}}
