"""Packs that were written for ComfyUI, as packs of ours."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from wirebrush.api import ImportedPack, Machine
from wirebrush_comfy.guards import ImportGuard
from wirebrush_comfy.marks import marked
from wirebrush_comfy.shims.server import Routes
from wirebrush_comfy.sighting import is_for_comfyui
from wirebrush_comfy.webfiles import web_folders
from wirebrush_comfy.world import World

REQUIREMENTS = "Install what the pack's requirements.txt names into Wirebrush's environment."


@dataclass(frozen=True)
class ComfyImporter:
    """The importer that the entry point group `wirebrush.importers` names.

    `world` is what packs may know of this machine; the engine gives it with `configured`.
    """

    world: World | None = None
    guard: ImportGuard = field(default_factory=ImportGuard, repr=False)

    def configured(self, machine: Machine) -> Self:
        """The same importer for this machine."""
        return replace(self, world=World(machine.models, machine.home, machine.device))

    def claims(self, path: Path) -> bool:
        """Whether a folder or `.py` file is such a pack, by its text."""
        return is_for_comfyui(path)

    def load(self, path: Path) -> ImportedPack:
        """Import a pack. Whatever it raises is its failure; nodes that cannot be are refused."""
        # Only now: torch comes with them, and who looks for packs need not wait for it.
        from wirebrush_comfy.loading import gather, import_pack, modules_of
        from wirebrush_comfy.shims.finder import install

        world = self.world or World()
        install(world)
        if not world.pack_folders:
            world.tidy()
        if str(path.parent) not in world.pack_folders:
            world.pack_folders.append(str(path.parent))
        before = len(_addresses())
        try:
            with asyncio.Runner() as runner:
                runner.get_loop()  # which is made of sockets on Windows, so before the guard
                with marked(world.input), self.guard.on():
                    module = import_pack(path)
                    found = gather(module, world, runner)
        except ModuleNotFoundError as error:
            _forget(modules_of(path))
            raise ModuleNotFoundError(f"{error}. {REQUIREMENTS}", name=error.name) from error
        except BaseException:
            _forget(modules_of(path))
            raise
        for name, kind in found.classes.items():
            world.classes.setdefault(name, kind)
        others = (sys.modules[name] for name in modules_of(path))
        below = tuple(other for other in others if other is not module)
        nodes = tuple(found.nodes.values())
        web = web_folders(path, module)
        missing = _unserved(_addresses()[before:])
        return ImportedPack(path.stem, nodes, module, below, found.refused, web, missing)


def _addresses() -> list[str]:
    """The addresses that packs want to answer at, so far."""
    kind: Any = getattr(sys.modules.get("server"), "PromptServer", None)
    routes = getattr(getattr(kind, "instance", None), "routes", None)
    return routes.asked if isinstance(routes, Routes) else []


def _unserved(addresses: Sequence[str]) -> tuple[str, ...]:
    """One sentence on addresses that nobody answers at here."""
    if not addresses:
        return ()
    shown = ", ".join(dict.fromkeys(addresses[:3])) + (", ..." if len(addresses) > 3 else "")
    return (
        f"Its web addresses ({shown}) are not served: packs run in a worker, apart from the server."
        " Its nodes work; what its scripts fetch from there is missing.",
    )


def _forget(modules: Sequence[str]) -> None:
    """A pack that has failed is not there, not even half."""
    for name in modules:
        del sys.modules[name]


IMPORTER = ComfyImporter()
