"""Makes ComfyUI's module names importable, once a pack that was written for it is loaded.

Only these names, and only in a process that has such a pack.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from wirebrush_comfy.shims.helpers import extra_node
from wirebrush_comfy.shims.missing import missing_below
from wirebrush_comfy.shims.modules import MODULES
from wirebrush_comfy.world import World

OURS = frozenset(
    {
        "comfy", "comfy_api", "comfy_api_nodes", "comfy_config", "comfy_execution", "comfy_extras",
        "comfyui_version", "execution", "folder_paths", "latent_preview", "node_helpers", "nodes",
        "server",
    }
)  # fmt: skip


class ShimFinder(MetaPathFinder):
    """Finds our stand-ins for ComfyUI's modules.

    Args:
        world: What they tell of this machine.
    """

    def __init__(self, world: World) -> None:
        self.world = world

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The module of that name; every name below `comfy` can be imported."""
        if fullname.partition(".")[0] not in OURS:
            return None
        return ModuleSpec(fullname, _ShimLoader(self.world), is_package=True)


class _ShimLoader(Loader):
    """Fills a module with what there is of it; the rest is missing in plain words."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        make: Callable[[World], Mapping[str, Any]] | None = MODULES.get(module.__name__)
        if make is not None:
            vars(module).update(make(self._world))
        vars(module).setdefault("__getattr__", _module_or_missing(module.__name__))
        # Packs work out from it where ComfyUI is, and write there: that is their own folder here.
        module.__file__ = str(self._world.home / f"{module.__name__.replace('.', '/')}.py")


def _module_or_missing(name: str) -> Callable[[str], Any]:
    """The `__getattr__` of a module. In ComfyUI all its modules are imported already."""
    if name.startswith("comfy_extras."):
        return _extra_nodes(name)
    missing_here = missing_below(name)

    def getattr_of_module(attribute: str) -> Any:
        full = f"{name}.{attribute}"
        if any(known == full or known.startswith(f"{full}.") for known in MODULES):
            return import_module(full)
        return missing_here(attribute)

    return getattr_of_module


def _extra_nodes(module: str) -> Callable[[str], Any]:
    def getattr_of_module(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return extra_node(module, name)

    return getattr_of_module


def install(world: World) -> None:
    """Make the names importable from now on. Packs that come later see this world."""
    if any(isinstance(f, ShimFinder) and f.world is world for f in sys.meta_path):
        return
    uninstall()
    # In front: a folder called `nodes` or `server` in the working directory is a module, too.
    sys.meta_path.insert(0, ShimFinder(world))


def uninstall() -> None:
    """Take the names away again, and the modules that were imported by them."""
    sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, ShimFinder)]
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        if isinstance(getattr(sys.modules[name].__spec__, "loader", None), _ShimLoader):
            del sys.modules[name]
