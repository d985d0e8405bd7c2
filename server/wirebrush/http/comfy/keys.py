"""Where handlers of ComfyUI's routes find what they need."""

from __future__ import annotations

from aiohttp import web

from wirebrush.http.comfy.prompts import Prompts
from wirebrush.http.comfy.services import ComfyServices
from wirebrush.http.keys import SERVICES


def comfy_of(request: web.Request) -> ComfyServices:
    """The services that exist because these routes do."""
    comfy = request.app[SERVICES].comfy
    assert comfy is not None, "ComfyUI's routes are registered with its services only"
    return comfy


def prompts_of(request: web.Request) -> Prompts:
    """The prompts of ComfyUI's clients."""
    prompts = request.app[SERVICES].prompts
    assert prompts is not None, "ComfyUI's routes are registered with its services only"
    return prompts
