"""Where packs are: entry points, folders, and who knows how to import what lies there.

Finding looks at files and imports nothing of a pack.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from wirebrush.api import ImportedPack, Machine, PackImporter
from wirebrush.engine.sources import Code, code_of
from wirebrush.packlist import BUILTIN, PackKind

GROUP = "wirebrush.packs"
IMPORTERS = "wirebrush.importers"

Load: TypeAlias = Callable[[], ModuleType | ImportedPack]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FoundPack:
    """A pack that is there. `version` is that of an installed one, `path` that of any other."""

    name: str
    kind: PackKind
    load: Load
    version: str = ""
    path: Path | None = None

    @property
    def file(self) -> str:
        """The name of its folder or file; empty if it is installed."""
        return "" if self.path is None else _readable(self.path.name)

    @cached_property
    def code(self) -> Code:
        """Its code; of an installed pack only the version counts."""
        return Code(self.version) if self.path is None else code_of(self.path)


def find_packs(
    folders: Iterable[Path] = (),
    comfy_folders: Iterable[Path] = (),
    *,
    use_entry_points: bool = True,
    importers: Mapping[str, PackImporter] | None = None,
) -> Iterator[FoundPack]:
    """All packs in order of precedence.

    Whatever lies in `comfy_folders` counts as written for ComfyUI, whether or not it looks so.

    Args:
        folders: Where packs are, besides those that are installed.
        comfy_folders: Where packs written for ComfyUI are.
        use_entry_points: Whether installed packs count.
        importers: Who knows packs of other tools; the installed ones, if it is not given.
    """
    if use_entry_points:
        for entry in sorted(entry_points(group=GROUP), key=_builtin_first):
            kind: PackKind = "builtin" if entry.name == BUILTIN else "native"
            yield FoundPack(entry.name, kind, entry.load, entry.dist.version if entry.dist else "")
    if importers is None:
        importers = installed_importers(Machine())
    known: set[Path] = set()
    for folder, foreign in [*((f, False) for f in folders), *((f, True) for f in comfy_folders)]:
        for path in _packs_below(folder):
            if path.resolve() not in known:
                known.add(path.resolve())
                yield _at(path, foreign, importers.values())


def installed_importers(machine: Machine) -> dict[str, PackImporter]:
    """Who knows packs of other tools, told about this machine."""
    found: dict[str, PackImporter] = {}
    for entry in entry_points(group=IMPORTERS):
        importer: PackImporter = entry.load()
        found[entry.name] = importer.configured(machine)
    return found


def _at(path: Path, foreign: bool, importers: Iterable[PackImporter]) -> FoundPack:
    """Who imports what lies there: one that knows such packs, or Python alone."""
    name = _readable(path.name if path.is_dir() else path.stem)
    for importer in importers:
        if _claims(importer, path):
            return FoundPack(name, "comfyui", partial(importer.load, path), path=path)
    kind: PackKind = "comfyui" if foreign else "native"
    return FoundPack(name, kind, _FileLoader(path), path=path)


def _readable(name: str) -> str:
    """A name that can travel: a file system may hold bytes that are no text."""
    return name.encode("utf-8", "replace").decode()


def _claims(importer: PackImporter, path: Path) -> bool:
    try:
        return importer.claims(path)
    except Exception:  # what cannot be looked at is not imported without being asked for
        log.exception("The files of pack %s could not be looked at.", path.name)
        return True


def _builtin_first(entry: EntryPoint) -> tuple[bool, str]:
    return entry.name != BUILTIN, entry.name


def _packs_below(folder: Path) -> list[Path]:
    if (folder / "__init__.py").is_file() or folder.is_file():
        return [folder]
    if not folder.is_dir():
        return []
    found = [_inner(path) for path in folder.iterdir() if _may_be_pack(path)]
    return sorted(p for p in found if p.suffix == ".py" or (p / "__init__.py").is_file())


def _may_be_pack(path: Path) -> bool:
    return path.name[0] not in "._" and path.suffix != ".disabled"


def _inner(path: Path) -> Path:
    """The package of a project folder, as `wirebrush pack new` makes one; else the path itself."""
    package = path / path.name
    is_project = not (path / "__init__.py").exists() and (package / "__init__.py").is_file()
    return package if is_project else path


@dataclass(frozen=True, slots=True)
class _FileLoader:
    """Imports a pack from a folder or file that is not on the import path."""

    path: Path

    def __call__(self) -> ModuleType:
        is_folder = self.path.is_dir()
        own = self.path.name if is_folder else self.path.stem
        name = f"wirebrush_pack_{own.replace('.', '_')}"
        spec = importlib.util.spec_from_file_location(
            name,
            self.path / "__init__.py" if is_folder else self.path,
            submodule_search_locations=[str(self.path)] if is_folder else None,
        )
        if spec is None or spec.loader is None:
            raise ImportError(f"{self.path} is no Python module.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            sys.modules.pop(name, None)
            raise
        return module
