"""What a client of ComfyUI asks about the server itself."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from wirebrush.http.answers import answer
from wirebrush.http.routes import Route
from wirebrush.jobs.assets import MAX_UPLOAD


def features() -> dict[str, Any]:
    """What a client may rely on; also said on the websocket."""
    return {"supports_preview_metadata": True, "max_upload_size": MAX_UPLOAD}


async def get_features(_request: web.Request) -> web.Response:
    """The features as JSON."""
    return answer(features())


ROUTES = (Route("GET", "/features", get_features, "What a client may rely on."),)
