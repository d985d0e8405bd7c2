"""Model files, as ComfyUI lists them."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from wirebrush.folders import ModelFolders
from wirebrush.http.answers import answer, to_text
from wirebrush.http.catalogs import file_kinds
from wirebrush.http.comfy.pictures import small_webp
from wirebrush.http.comfy.replies import refusal
from wirebrush.http.headers import USER_CONTENT_CSP
from wirebrush.http.keys import SERVICES
from wirebrush.http.routes import Route
from wirebrush.http.services import Services
from wirebrush.http.submit import ASSET_KINDS

USUAL = (
    *("checkpoints", "configs", "loras", "vae", "text_encoders", "diffusion_models"),
    *("clip_vision", "style_models", "embeddings", "diffusers", "vae_approx", "controlnet"),
    *("gligen", "upscale_models", "custom_nodes", "hypernetworks", "photomaker", "classifiers"),
    *("model_patches", "audio_encoders"),
)
"""The kinds that ComfyUI knows, in its order."""
_NO_MODELS = frozenset({"configs", "custom_nodes"})
_LONGEST_HEADER = 1 << 20


def kinds_of(services: Services) -> list[str]:
    """ComfyUI's kinds, those of our nodes, and those that somebody gave a folder."""
    ours = sorted(file_kinds(services.catalogs.current) - ASSET_KINDS)
    given = [folder.kind for folder in services.models.single]
    return list(dict.fromkeys((*USUAL, *ours, *given)))


async def kinds(request: web.Request) -> web.Response:
    """The kinds of models."""
    return answer(kinds_of(request.app[SERVICES]))


async def names(request: web.Request) -> web.Response:
    """The models of a kind, by relative name."""
    services, kind = request.app[SERVICES], request.match_info["kind"]
    if kind not in kinds_of(services):
        return refusal(404)
    return answer([] if kind == "custom_nodes" else await _in_thread(services.models.names, kind))


async def folders(request: web.Request) -> web.Response:
    """The kinds, with the folders where such models may lie."""
    services = request.app[SERVICES]
    listed = [kind for kind in kinds_of(services) if kind not in _NO_MODELS]
    return answer(
        [
            {"name": kind, "folders": [str(path) for path in services.models.bases(kind)]}
            for kind in listed
        ]
    )


async def folder_paths(request: web.Request) -> web.Response:
    """The folders of every kind."""
    services = request.app[SERVICES]
    return answer({kind: [*map(str, services.models.bases(kind))] for kind in kinds_of(services)})


async def files(request: web.Request) -> web.Response:
    """The models of a kind, with the place of their folder in `folders`, their size and times."""
    services, kind = request.app[SERVICES], request.match_info["kind"]
    if kind not in kinds_of(services):
        return refusal(404)
    if kind in _NO_MODELS:
        return answer([])
    return answer(await _in_thread(_files, services.models, kind))


async def preview(request: web.Request) -> web.Response:
    """The picture beside a model, or the one in it, as WebP."""
    models, found = request.app[SERVICES].models, request.match_info
    data = await _in_thread(_preview, models, found["kind"], found["index"], found["name"])
    if data is None:
        return refusal(404)
    headers = {"Content-Security-Policy": USER_CONTENT_CSP}
    return web.Response(body=data, content_type="image/webp", headers=headers)


async def metadata(request: web.Request) -> web.Response:
    """What a safetensors file says about itself."""
    name = request.query.get("filename", "")
    models, kind = request.app[SERVICES].models, request.match_info["kind"]
    found = await _in_thread(_metadata_of, models, kind, name)
    if found is None:
        return refusal(404)
    return web.Response(text=to_text(found), content_type="application/json")


async def _in_thread(work: Any, *args: Any) -> Any:
    return await asyncio.to_thread(work, *args)


def _files(models: ModelFolders, kind: str) -> list[dict[str, Any]]:
    bases = models.bases(kind)
    listed: list[dict[str, Any]] = []
    for name in models.names(kind):
        path = models.find(kind, name)
        index = next((i for i, base in enumerate(bases) if path and path.is_relative_to(base)), 0)
        try:
            stat = None if path is None else path.stat()
        except OSError:
            continue  # it went while we looked
        if stat is not None:
            times = {"modified": stat.st_mtime, "created": stat.st_ctime, "size": stat.st_size}
            listed.append({"name": name, "pathIndex": index, **times})
    return listed


def _preview(models: ModelFolders, kind: str, index: str, name: str) -> bytes | None:
    bases = models.bases(kind)
    if not index.isdecimal() or int(index[:4]) >= len(bases):
        return None
    beside = models.picture(kind, name)
    if beside is not None:
        return small_webp(beside)
    cover = _cover(_metadata_of(models, kind, name) or {})
    return None if cover is None else small_webp(cover)


def _cover(texts: Mapping[str, Any]) -> bytes | None:
    """The first of the pictures that some trainers put into a model, as base64 in JSON."""
    try:
        pictures = json.loads(texts.get("ssmd_cover_images", ""))
        return base64.b64decode(pictures[0], validate=True)
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def _metadata_of(models: ModelFolders, kind: str, name: str) -> Mapping[str, Any] | None:
    path = models.find(kind, name) if name.endswith(".safetensors") else None
    return None if path is None or not os.path.isfile(path) else metadata_in(path)


def metadata_in(path: Path) -> Mapping[str, Any] | None:
    """`__metadata__` of a safetensors file; None if there is none, or more than a MiB of header."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            head = json.loads(file.read(length)) if 2 <= length <= _LONGEST_HEADER else None
    except (OSError, ValueError, RecursionError):
        return None
    found = cast("dict[str, Any]", head).get("__metadata__") if isinstance(head, dict) else None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


ROUTES = (
    Route("GET", "/models", kinds, "The kinds of models."),
    Route("GET", "/models/{kind}", names, "The models of a kind."),
    Route("GET", "/internal/folder_paths", folder_paths, "The folders of every kind."),
    Route("GET", "/experiment/models", folders, "The kinds of models, with their folders."),
    Route("GET", "/experiment/models/{kind}", files, "The models of a kind, with their sizes."),
    Route(
        "GET",
        "/experiment/models/preview/{kind}/{index}/{name}",
        preview,
        "The picture of a model.",
    ),
    Route("GET", "/view_metadata/{kind}", metadata, "What a model says about itself."),
)
