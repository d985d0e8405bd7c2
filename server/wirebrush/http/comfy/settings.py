"""`/settings` and `/users`: what ComfyUI's page remembers, for its one user."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from wirebrush.http.answers import answer, to_text
from wirebrush.http.comfy.keys import comfy_of
from wirebrush.http.comfy.replies import any_json, done, refusal
from wirebrush.http.comfy.services import ComfyServices
from wirebrush.http.routes import Route
from wirebrush.http.textfiles import read_text, saving, write_text

STARTING: Mapping[str, Any] = {
    "Comfy.Canvas.NavigationMode": "custom",
    "Comfy.Canvas.LeftMouseClickBehavior": "panning",
    "Comfy.Canvas.MouseWheelScroll": "zoom",
}
"""What ComfyUI's page would choose by itself. Given none, it stumbles over its own defaults."""
_NOT_IN_ID = re.compile(r"[^a-zA-Z0-9-_ ]")


async def get_all(request: web.Request) -> web.Response:
    """All settings."""
    return answer(await asyncio.to_thread(_settings, comfy_of(request)))


async def get_one(request: web.Request) -> web.Response:
    """One setting, or null."""
    found = await asyncio.to_thread(_settings, comfy_of(request))
    return answer(found.get(request.match_info["id"]))


async def set_some(request: web.Request) -> web.Response:
    """Change the settings that the body names."""
    changes = await any_json(request)
    if not isinstance(changes, dict):
        return refusal(400, "Settings are a JSON object: {...}.")
    await _change(comfy_of(request), cast("dict[str, Any]", changes))
    return done()


async def set_one(request: web.Request) -> web.Response:
    """Change one setting to the body."""
    await _change(comfy_of(request), {request.match_info["id"]: await any_json(request)})
    return done()


async def users(_request: web.Request) -> web.Response:
    """There is one user, whose data are on the server."""
    return answer({"storage": "server", "migrated": True})


async def add_user(request: web.Request) -> web.Response:
    """A name for a profile that nobody can choose yet, as in a ComfyUI for one user."""
    data = await any_json(request)
    name = cast("dict[str, Any]", data).get("username") if isinstance(data, dict) else None
    if not isinstance(name, str) or not name.strip():
        return answer({"error": "username not provided"}, status=400)
    comfy = comfy_of(request)
    async with comfy.lock:
        known = await asyncio.to_thread(_read, comfy.users_file)
        if name in known.values():
            return answer({"error": "Duplicate username."}, status=400)
        user = f"{_NOT_IN_ID.sub('', name).strip()[:100]}_{uuid.uuid4()}"
        await asyncio.to_thread(_write, comfy.users_file, {**known, user: name})
    return answer(user)


async def _change(comfy: ComfyServices, changes: Mapping[str, Any]) -> None:
    async with comfy.lock:
        known = await asyncio.to_thread(_settings, comfy)
        await asyncio.to_thread(_write, comfy.settings_file, {**known, **changes})


def _settings(comfy: ComfyServices) -> dict[str, Any]:
    """What is kept, or what the page starts with where it is served."""
    if comfy.page is not None and not comfy.settings_file.exists():
        return dict(STARTING)
    return _read(comfy.settings_file)


def _read(path: Path) -> dict[str, Any]:
    """The object in a file; nothing if there is none, or somebody broke it."""
    try:
        data = json.loads(read_text(path)[0])
    except (OSError, ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


def _write(path: Path, data: Mapping[str, Any]) -> None:
    with saving("settings"):
        write_text(path, to_text(data))


ROUTES = (
    Route("GET", "/settings", get_all, "All settings."),
    Route("POST", "/settings", set_some, "Change settings."),
    Route("GET", "/settings/{id}", get_one, "One setting, or null."),
    Route("POST", "/settings/{id}", set_one, "Change one setting."),
    Route("GET", "/users", users, "How users are kept."),
    Route("POST", "/users", add_user, "Name a profile."),
)
