"""The node types in ComfyUI's words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from aiohttp import web

from wirebrush.api import NodeSpec
from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.object_info import object_info
from wirebrush.http.answers import to_text
from wirebrush.http.catalogs import file_kinds
from wirebrush.http.keys import SERVICES
from wirebrush.http.routes import Route
from wirebrush.http.submit import CATALOG_SECONDS
from wirebrush.http.v1.nodes import file_names


async def all_nodes(request: web.Request) -> web.Response:
    """Every node type, with the files there are as choices."""
    catalog = await request.app[SERVICES].catalogs.known(CATALOG_SECONDS)
    return await _described(request, catalog or Catalog())


async def one_node(request: web.Request) -> web.Response:
    """One node type, or nothing."""
    catalog = await request.app[SERVICES].catalogs.known(CATALOG_SECONDS)
    spec = None if catalog is None else catalog.spec(request.match_info["node"])
    return await _described(request, Catalog(() if spec is None else (spec,)))


async def _described(request: web.Request, catalog: Catalog) -> web.Response:
    names = await file_names(request.app[SERVICES], file_kinds(catalog))
    text = await asyncio.to_thread(_text, catalog, names)
    return web.Response(text=text, content_type="application/json")


def _text(specs: Iterable[NodeSpec], names: Mapping[str, Sequence[str]]) -> str:
    return to_text({spec.id: object_info(spec, lambda kind: names.get(kind, ())) for spec in specs})


ROUTES = (
    Route("GET", "/object_info", all_nodes, "Every node type."),
    Route("GET", "/object_info/{node}", one_node, "One node type, or nothing."),
)
