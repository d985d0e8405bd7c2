"""The side door for ComfyUI's clients: scripts on this machine that know no token."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from aiohttp import web

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


@dataclass(frozen=True, slots=True)
class Door:
    """Who may use ComfyUI's routes, and how. `paths` are their patterns; without any it is shut."""

    paths: frozenset[str] = frozenset()

    def leads_to(self, request: web.Request) -> bool:
        """Whether this request is for one of ComfyUI's routes."""
        resource = request.match_info.route.resource
        return resource is not None and resource.canonical in self.paths

    def open_for(self, request: web.Request) -> bool:
        """Whether it needs no token: it comes from a program on this machine, not from a page.

        Also for unknown paths, where such programs expect a plain 404; never for routes of ours.
        """
        if not self.paths or request.path.startswith("/v1/"):
            return False
        headers = request.headers
        if "Sec-Fetch-Site" in headers:
            return False  # a browser: it shows the cookie
        if headers.get("Origin", f"http://{request.host}") != f"http://{request.host}":
            return False  # websocket-client, which scripts use, names the host that it calls
        if any(name in headers for name in _FORWARDED):
            return False  # a proxy on this machine: whom it speaks for is somewhere else
        return _is_loopback(request.remote) and _names_loopback(request.host)


def _names_loopback(host: str) -> bool:
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    return name.lower() == "localhost" or _is_loopback(name.strip("[]"))


def _is_loopback(address: str | None) -> bool:
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback
