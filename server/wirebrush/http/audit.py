"""The audit log: who asked for a change, and who was turned away. One JSON line each.

No prompt texts, no tokens, no query strings. Where the lines go is decided by whoever sets up
logging; the server keeps them in `logs/audit.jsonl`.
"""

from __future__ import annotations

import json
import logging
import time

from aiohttp import web

_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_QUIET = ("/v1/validate", "/v1/plan", "/v1/drafts/")
"""Asked and saved every other second while somebody edits: nobody would find the rest."""
_DENIED = frozenset({401, 403, 421, 429})

log = logging.getLogger("wirebrush.audit")


def note_request(request: web.Request, status: int) -> None:
    """Note a request if it changes something, or was denied."""
    changes = request.method in _CHANGES and not request.path.startswith(_QUIET)
    if changes or status in _DENIED:
        note(request, f"{request.method} {request.path}", str(status))


def note(request: web.Request, action: str, result: str) -> None:
    """Note what somebody did."""
    line = {
        "time": round(time.time(), 3),
        "address": request.remote,
        "action": action[:300],
        "result": result[:80],
    }
    log.info("%s", json.dumps(line))
