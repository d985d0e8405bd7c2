"""Which modules there are, and what fills them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from wirebrush_comfy.shims import (
    api,
    api_nodes,
    api_ui,
    devices,
    folder_paths,
    graphs,
    helpers,
    nodes,
    progress,
    server,
    utils,
    words,
)
from wirebrush_comfy.world import World

Make: TypeAlias = Callable[[World], Mapping[str, Any]]


def _versions(makers: Mapping[str, Make]) -> dict[str, Make]:
    """The same modules in all versions of the newer node classes."""
    return {
        f"comfy_api.{version}{name}": make
        for version in ("latest", "v0_0_1", "v0_0_2")
        for name, make in makers.items()
    }


MODULES: Mapping[str, Make] = MappingProxyType(
    {
        **_versions(
            {
                "": api.api,
                ".io": api_nodes.io,
                "._io": api_nodes.io_with_dynamic,
                ".ui": api_ui.ui,
                "._ui": api_ui.ui,
            }
        ),
        "folder_paths": folder_paths.folder_paths,
        "comfy.utils": utils.utils,
        "comfy.model_management": devices.model_management,
        "comfy.samplers": words.samplers,
        "comfy.comfy_types": words.comfy_types,
        "comfy.comfy_types.node_typing": words.comfy_types,
        "comfy.cli_args": words.cli_args,
        "comfy.options": words.options,
        "comfyui_version": words.version,
        "comfy_execution.graph_utils": graphs.graph_utils,
        "comfy_execution.graph": graphs.graph,
        "comfy_execution.utils": graphs.execution_utils,
        "comfy_execution.progress": progress.progress,
        "execution": graphs.execution,
        "latent_preview": progress.latent_preview,
        "node_helpers": helpers.node_helpers,
        "nodes": nodes.nodes,
        "server": server.server,
    }
)
"""Maker of a module's contents by the module's name. Modules that are not here are all missing."""
