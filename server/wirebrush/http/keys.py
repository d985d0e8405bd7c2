"""Typed keys for what the composition root hands to the handlers."""

from __future__ import annotations

from aiohttp import web

from wirebrush.http.services import Services

SERVICES = web.AppKey("services", Services)
SOCKETS = web.AppKey("sockets", set[web.WebSocketResponse])
