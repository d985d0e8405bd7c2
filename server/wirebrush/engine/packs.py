"""Packs: the only code that imports them. A pack that fails becomes a `LoadFailure`, nothing more.

A pack is a module named by an entry point of the group `wirebrush.packs`, or a folder or single
`.py` file dropped into a packs folder. Its node types are the functions that `@node` marked, in
the pack's module and in the submodules it imports.
"""

from __future__ import annotations

import importlib
import json
import logging
import pkgutil
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

from wirebrush.api import MISSING, ImportedPack, NodeFunction, NodeSpec, PackImporter
from wirebrush.engine.finding import FoundPack, find_packs
from wirebrush.engine.sources import source_hash
from wirebrush.packlist import PackChoice, PackReport

SLOW_SECONDS = 10.0
OURS = Path(__file__).parent
NOTHING_CHOSEN = PackChoice()

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
    web: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Packs:
    """All node types by id. Of two packs that claim one id the earlier keeps it; the other's is
    `pack/id`."""

    types: Mapping[str, NodeType] = field(default_factory=dict[str, NodeType])
    failures: tuple[LoadFailure, ...] = ()
    modules: tuple[ModuleType, ...] = ()
    names: tuple[str, ...] = ()
    reports: tuple[PackReport, ...] = ()

    def spec(self, type_id: str) -> NodeSpec:
        """The spec of a type; KeyError if there is none."""
        return self.types[type_id].spec

    def catalog(self) -> dict[str, Any]:
        """Node types as data: the `catalog` frame."""
        specs = {kind.spec.id: kind.spec for kind in self.types.values()}
        data: dict[str, Any] = {
            "nodes": [spec.to_json() for spec in specs.values()],
            "failures": [failure.to_json() for failure in self.failures],
            "packs": [report.to_json() for report in self.reports],
        }
        same = [replace(report, seconds=0.0).to_json() for report in self.reports]
        text = json.dumps({**data, "packs": same}, sort_keys=True, allow_nan=False)
        return {**data, "digest": blake2b(text.encode(), digest_size=16).hexdigest()}


def load_packs(
    folders: Iterable[Path] = (),
    comfy_folders: Iterable[Path] = (),
    *,
    choice: PackChoice = NOTHING_CHOSEN,
    use_entry_points: bool = True,
    importers: Mapping[str, PackImporter] | None = None,
    importing: Callable[[FoundPack], None] = lambda _: None,
) -> Packs:
    """Import the packs that are there and on; takes as long as their imports take.

    Args:
        folders: Where packs are, besides those that are installed.
        comfy_folders: Where packs written for ComfyUI are.
        choice: Which packs are on.
        use_entry_points: Whether installed packs count.
        importers: Who knows packs of other tools; the installed ones, if it is not given.
        importing: Hears of each pack before it is imported.
    """
    packs: list[Pack] = []
    failures: list[LoadFailure] = []
    reports: dict[str, PackReport] = {}
    for found in find_packs(
        folders, comfy_folders, use_entry_points=use_entry_points, importers=importers
    ):
        if found.name in reports:
            failures.append(LoadFailure(found.name, _named_twice(found)))
            continue
        report = _looked_at(found, choice)
        reports[found.name] = report
        if report.on:
            importing(found)
            loaded = _load(found)
            if isinstance(loaded, Pack):
                packs.append(loaded)
            else:
                failures.append(loaded)
        elif why := choice.obstacle(found.name, found.code.digest):
            failures.append(LoadFailure(found.name, why))
    return assemble(packs, failures, tuple(reports.values()))


def _looked_at(found: FoundPack, choice: PackChoice) -> PackReport:
    """What can be said of a pack before it is imported."""
    code = found.code
    on = choice.is_on(found.name, found.kind) and not choice.obstacle(found.name, code.digest)
    return PackReport(found.name, found.kind, found.file, on=on, size=code.size, source=code.digest)


def _named_twice(found: FoundPack) -> str:
    return (
        f"Another pack is named {found.name!r} too and comes first; this one ({found.file}) is"
        " left out. Give its folder another name."
    )


def assemble(
    packs: Sequence[Pack],
    failures: Sequence[LoadFailure] = (),
    reports: Sequence[PackReport] = (),
) -> Packs:
    """Packs in their order of precedence, as one; with what was found before their import."""
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
    loaded = {pack.name: pack for pack in packs}
    told = tuple(_after(report, loaded.get(report.name), types) for report in reports)
    return Packs(types, tuple(problems), modules, tuple(loaded), told)


def _after(report: PackReport, pack: Pack | None, types: Mapping[str, NodeType]) -> PackReport:
    """The report of a pack after the imports."""
    if pack is None:
        return report
    own = {kind.spec.id for kind in types.values() if kind.spec.pack == pack.name}
    nodes, seconds = tuple(sorted(own)), round(pack.seconds, 3)
    return replace(report, loaded=True, nodes=nodes, seconds=seconds, web=pack.web)


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
    refused += [LoadFailure(name, sentence) for sentence in imported.missing]
    modules = (imported.module, *imported.modules)
    return Pack(name, modules, types, tuple(refused), web=imported.web)


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


def _load(found: FoundPack) -> Pack | LoadFailure:
    """Import one pack, whatever it does: `sys.exit` at import is one more way to fail."""
    name = found.name
    started = time.monotonic()
    watch = threading.Timer(SLOW_SECONDS, log.warning, [f"Pack {name} is still being imported."])
    watch.daemon = True
    watch.start()
    try:
        loaded = found.load()
        if isinstance(loaded, ImportedPack):
            pack = pack_from_import(name, loaded)
        elif isinstance(loaded, ModuleType):  # pyright: ignore[reportUnnecessaryIsInstance]
            pack = pack_from(name, loaded, found.version)
        else:
            raise TypeError(f"The entry point of pack {name} names no module, but {loaded!r}.")
        return replace(pack, seconds=time.monotonic() - started)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return LoadFailure(name, _in_words(error), _own_traceback(error, found.path))
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


def _own_traceback(error: BaseException, path: Path | None) -> str:
    """The traceback from the pack's first line on, without our frames and the import system's."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).parent != OURS and "importlib" not in frame.filename
    ]
    if path is not None:
        inside = [Path(frame.filename).is_relative_to(path) for frame in frames]
        frames = frames[inside.index(True) :] if any(inside) else frames
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
