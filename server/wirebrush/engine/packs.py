"""Packs: the only code that imports them. A pack that fails becomes a `LoadFailure`, nothing more.

A pack is a module named by an entry point of the group `wirebrush.packs`, or a folder or single
`.py` file dropped into a packs folder. Its node types are the functions that `@node` marked, in
the pack's module and in the submodules it imports.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import pkgutil
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from wirebrush.api import MISSING, ImportedPack, NodeFunction, NodeSpec, PackImporter
from wirebrush.engine.sources import source_hash

GROUP = "wirebrush.packs"
IMPORTERS = "wirebrush.importers"
SLOW_SECONDS = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadFailure:
    """Why a pack, or one node of it, is not there."""

    pack: str
    error: str
    traceback: str = ""

    def to_json(self) -> dict[str, str]:
        return {"pack": self.pack, "error": self.error, "traceback": self.traceback}


@dataclass(frozen=True, slots=True)
class NodeType:
    """A node type ready to run.

    `volatile`: its source cannot be read, so its results do not outlive this process. `open` are
    the inputs that get None when nothing is there.
    """

    spec: NodeSpec
    declared: NodeFunction
    volatile: bool = False
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pack:
    """A loaded pack with the node types that its modules declare, and those that it cannot have."""

    name: str
    modules: tuple[ModuleType, ...]
    types: tuple[NodeType, ...]
    failures: tuple[LoadFailure, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Packs:
    """All node types by id. Of two packs that claim one id the earlier keeps it; the other's is
    `pack/id`."""

    types: Mapping[str, NodeType] = field(default_factory=dict[str, NodeType])
    failures: tuple[LoadFailure, ...] = ()
    modules: tuple[ModuleType, ...] = ()
    names: tuple[str, ...] = ()

    def spec(self, type_id: str) -> NodeSpec:
        """The spec of a type; KeyError if there is none."""
        return self.types[type_id].spec

    def catalog(self) -> dict[str, Any]:
        """Node types as data: the `catalog` frame."""
        specs = {kind.spec.id: kind.spec for kind in self.types.values()}
        data: dict[str, Any] = {
            "nodes": [spec.to_json() for spec in specs.values()],
            "failures": [failure.to_json() for failure in self.failures],
        }
        text = json.dumps(data, sort_keys=True, allow_nan=False)
        return {**data, "digest": blake2b(text.encode(), digest_size=16).hexdigest()}


def load_packs(
    folders: Iterable[Path] = (),
    *,
    use_entry_points: bool = True,
    skip: Mapping[str, str] = MappingProxyType({}),
    importing: Callable[[str], None] = lambda _: None,
) -> Packs:
    """Import every pack that can be found; takes as long as the packs' imports take.

    Args:
        folders: Where packs are, besides those that are installed.
        use_entry_points: Whether installed packs count.
        skip: Packs that are not imported, and why: that is reported as their failure.
        importing: Hears the name of each pack before it is imported.
    """
    packs: list[Pack] = []
    failures: list[LoadFailure] = []
    for name, version, load in _found(folders, use_entry_points):
        if name in skip:
            failures.append(LoadFailure(name, skip[name]))
            continue
        importing(name)
        loaded = _load(name, version, load)
        if isinstance(loaded, Pack):
            packs.append(loaded)
        else:
            failures.append(loaded)
    return assemble(packs, failures)


def assemble(packs: Sequence[Pack], failures: Sequence[LoadFailure] = ()) -> Packs:
    """Packs in their order of precedence, as one."""
    types: dict[str, NodeType] = {}
    problems = [*failures, *(failure for pack in packs for failure in pack.failures)]
    for pack in packs:
        for kind in pack.types:
            if reason := _unserialisable(kind.spec):
                problems.append(LoadFailure(pack.name, reason))
                continue
            owner = types.get(kind.spec.id)
            if owner is not None:
                problems.append(LoadFailure(pack.name, _claimed_twice(owner.spec, kind.spec)))
                if owner.spec.pack == pack.name:
                    continue
                kind = replace(kind, spec=replace(kind.spec, id=f"{pack.name}/{kind.spec.id}"))
            types[kind.spec.id] = kind
    for kind in list(types.values()):
        spec = kind.spec
        types.setdefault(f"{spec.pack}/{spec.id}", kind)  # a workflow may say which pack it means
        for former in spec.formerly:
            types.setdefault(former, kind)
    modules = tuple(module for pack in packs for module in pack.modules)
    return Packs(types, tuple(problems), modules, tuple(pack.name for pack in packs))


def pack_from(name: str, module: ModuleType, version: str = "") -> Pack:
    """A pack out of a module that is imported already."""
    modules = _modules_of(module)
    return Pack(name, tuple(modules), _types(name, module, version, _declared_in(modules)))


def pack_from_import(name: str, imported: ImportedPack) -> Pack:
    """A pack out of one that was written for another tool."""
    types = _types(name, imported.module, "", imported.nodes)
    refused = [
        LoadFailure(name, f"Node {node}: {reason}") for node, reason in imported.refused.items()
    ]
    return Pack(name, (imported.module, *imported.modules), types, tuple(refused))


def _types(
    name: str, module: ModuleType, version: str, nodes: Iterable[NodeFunction]
) -> tuple[NodeType, ...]:
    source = source_hash(module, version)
    return tuple(
        NodeType(
            declared.spec.owned_by(name, source.digest),
            declared,
            source.volatile,
            tuple(p.name for p in declared.spec.inputs if p.optional and p.default is MISSING),
        )
        for declared in nodes
    )


def _found(
    folders: Iterable[Path], use_entry_points: bool
) -> Iterator[tuple[str, str, Callable[[], ModuleType | ImportedPack]]]:
    """Names, installed versions and loaders of all packs, in order of precedence."""
    if use_entry_points:
        for entry in sorted(entry_points(group=GROUP), key=_builtin_first):
            yield entry.name, entry.dist.version if entry.dist else "", entry.load
    importers = [entry.load() for entry in entry_points(group=IMPORTERS)]
    for folder in folders:
        for path in _packs_below(folder):
            yield path.stem, "", _loader(path, importers)


def _loader(
    path: Path, importers: Iterable[PackImporter]
) -> Callable[[], ModuleType | ImportedPack]:
    """Who imports what lies there: one that knows such packs, or Python alone."""
    for importer in importers:
        if importer.claims(path):
            return partial(importer.load, path)
    return _FileLoader(path)


def _builtin_first(entry: EntryPoint) -> tuple[bool, str]:
    return entry.name != "builtin", entry.name


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
        name = f"wirebrush_pack_{self.path.stem}"
        is_folder = self.path.is_dir()
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


def _load(name: str, version: str, load: Callable[[], Any]) -> Pack | LoadFailure:
    """Import one pack, whatever it does: `sys.exit` at import is one more way to fail."""
    started = time.monotonic()
    watch = threading.Timer(SLOW_SECONDS, log.warning, [f"Pack {name} is still being imported."])
    watch.daemon = True
    watch.start()
    try:
        loaded = load()
        if isinstance(loaded, ImportedPack):
            pack = pack_from_import(name, loaded)
        elif isinstance(loaded, ModuleType):
            pack = pack_from(name, loaded, version)
        else:
            raise TypeError(f"The entry point of pack {name} names no module, but {loaded!r}.")
        return replace(pack, seconds=time.monotonic() - started)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return LoadFailure(name, _in_words(error), _own_traceback(error))
    finally:
        watch.cancel()
        if (seconds := time.monotonic() - started) > SLOW_SECONDS:
            log.warning("Pack %s took %.1f s to import.", name, seconds)


def _in_words(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"The pack called sys.exit({error.code!r}) while it was imported."
    if isinstance(error, SyntaxError):
        return (
            f"Syntax error in {Path(error.filename or '?').name}, line {error.lineno}: {error.msg}."
        )
    return f"{type(error).__name__}: {error}"


def _own_traceback(error: BaseException) -> str:
    """The traceback without our frames and the import system's."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__ and "importlib" not in frame.filename
    ]
    last = traceback.format_exception_only(error)
    return "".join([*traceback.format_list(frames), *last])


def _modules_of(root: ModuleType) -> list[ModuleType]:
    """The pack's module and its imported submodules; if none declares a node, all submodules."""
    modules = _imported(root)
    if not _declared_in(modules) and hasattr(root, "__path__"):
        for item in pkgutil.iter_modules(root.__path__):
            if not item.name.startswith(("_", "test")):
                importlib.import_module(f"{root.__name__}.{item.name}")
        modules = _imported(root)
    return modules


def _imported(root: ModuleType) -> list[ModuleType]:
    prefix = f"{root.__name__}."
    below = [module for name, module in sys.modules.items() if name.startswith(prefix)]
    return [root, *below]


def _declared_in(modules: Sequence[ModuleType]) -> list[NodeFunction]:
    """The nodes that these modules define, not those that they import from other packs."""
    own = {module.__name__ for module in modules}
    found: dict[int, NodeFunction] = {}
    for module in modules:
        for item in list(vars(module).values()):
            declared = getattr(item, "__node__", None)
            if isinstance(declared, NodeFunction) and declared.function.__module__ in own:
                found.setdefault(id(declared), declared)
    return list(found.values())


def _unserialisable(spec: NodeSpec) -> str:
    """Why a spec cannot travel as JSON; empty if it can."""
    try:
        json.dumps(spec.to_json(), allow_nan=False)
    except (TypeError, ValueError) as error:
        return f"Node {spec.id}: its defaults and ranges must be JSON values ({error})."
    return ""


def _claimed_twice(owner: NodeSpec, other: NodeSpec) -> str:
    if owner.pack == other.pack:
        return f"Node type {owner.id!r} is declared twice in this pack; give one another id."
    return (
        f"Node type {owner.id!r} is declared by pack {owner.pack!r} too, which comes first; "
        f"this pack's is '{other.pack}/{other.id}'."
    )
