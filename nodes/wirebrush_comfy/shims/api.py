"""`comfy_api`: what packs of the newer kind build on, in all its versions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from wirebrush_comfy.current import current_run
from wirebrush_comfy.shims.progress import tell
from wirebrush_comfy.world import World


class ComfyExtension(ABC):
    """A pack of the newer kind: it is asked for its nodes."""

    async def on_load(self) -> None:  # noqa: B027 (may stay empty)
        """Called once, before its nodes are asked for."""

    @abstractmethod
    async def get_node_list(self) -> list[type[Any]]:
        """The classes of its nodes."""


class _Execution:
    async def set_progress(
        self,
        value: float,
        max_value: float,
        node_id: str | None = None,
        preview_image: Any = None,
        ignore_size_limit: bool = False,
    ) -> None:
        """The node that is being called has done so much."""
        tell(current_run(), value, max_value, preview_image)


class _ExecutionSync:
    def set_progress(
        self,
        value: float,
        max_value: float,
        node_id: str | None = None,
        preview_image: Any = None,
        ignore_size_limit: bool = False,
    ) -> None:
        """The node that is being called has done so much."""
        tell(current_run(), value, max_value, preview_image)


class ComfyAPI:
    """What async nodes may ask for while they run."""

    VERSION = "latest"

    def __init__(self) -> None:
        self.execution = _Execution()


class ComfyAPISync:
    """The same for nodes that are not async."""

    VERSION = "latest"

    def __init__(self) -> None:
        self.execution = _ExecutionSync()


def api(_world: World) -> Mapping[str, Any]:
    """The modules `comfy_api.latest`, `comfy_api.v0_0_2` and `comfy_api.v0_0_1`."""
    return {
        "ComfyAPI": ComfyAPI,
        "ComfyAPISync": ComfyAPISync,
        "ComfyExtension": ComfyExtension,
    }
