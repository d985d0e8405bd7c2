"""The node types."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import blake2b

from aiohttp import web

from wirebrush.api import NodeSpec
from wirebrush.catalog import PackFailure
from wirebrush.http.answers import to_text
from wirebrush.http.catalogs import file_kinds, with_choices
from wirebrush.http.keys import SERVICES
from wirebrush.http.routes import Route
from wirebrush.http.services import Services
from wirebrush.http.submit import ASSET_KINDS
from wirebrush.packlist import PackReport


async def nodes(request: web.Request) -> web.StreamResponse:
    """The catalog, with the files there are as choices; 304 if the client has it."""
    services = request.app[SERVICES]
    catalog = services.catalogs.current
    names = await file_names(services, file_kinds(catalog))
    text = await asyncio.to_thread(lambda: to_text(with_choices(catalog, names)))
    tag = f'"{blake2b(text.encode(), digest_size=16).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    return web.Response(text=text, content_type="application/json", headers=headers)


async def file_names(services: Services, kinds: set[str]) -> dict[str, Sequence[str]]:
    """The names that file widgets offer: uploads for pictures, model folders for the rest."""
    models = sorted(kinds - ASSET_KINDS)
    found = await asyncio.to_thread(lambda: {kind: services.models.names(kind) for kind in models})
    names: dict[str, Sequence[str]] = dict(found)
    for kind in kinds & ASSET_KINDS:
        names[kind] = await services.assets.names(kind)
    return names


ROUTES = (
    Route(
        "GET",
        "/v1/nodes",
        nodes,
        "All node types, the packs that were found, and what failed to load.",
        gives={
            "digest": str,
            "nodes": list[NodeSpec],
            "failures": list[PackFailure],
            "packs": list[PackReport],
        },
    ),
)
