"""How packs that are written for another tool become ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Protocol

from wirebrush.api.node import NodeFunction


@dataclass(frozen=True, slots=True)
class ImportedPack:
    """A pack after its import: its node types, and why others of it cannot be ours (by id).

    `web` are folders with files for the other tool's page, relative to the pack's, by name.
    `missing` are sentences on what else of it is not there with us.
    """

    name: str
    nodes: tuple[NodeFunction, ...]
    module: ModuleType
    modules: tuple[ModuleType, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    web: Mapping[str, str] = field(default_factory=dict[str, str])
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """What an importer may know of the worker's machine.

    `models` are the model roots in order, laid out as ComfyUI's `models/`. `home` is a folder that
    belongs to imported packs: below it they read and write. `device` is what nodes compute on.
    """

    models: tuple[Path, ...] = ()
    home: Path | None = None
    device: str = "cpu"


class PackImporter(Protocol):
    """Named by an entry point of the group `wirebrush.importers`."""

    def claims(self, path: Path) -> bool:
        """Whether this folder or `.py` file is such a pack. Looks at it and imports nothing."""
        ...

    def configured(self, machine: Machine) -> PackImporter:
        """The same importer for this machine; a worker asks for it before it loads anything."""
        ...

    def load(self, path: Path) -> ImportedPack:
        """Import it; whatever is raised is reported as the pack's failure."""
        ...
