"""Importing a pack and finding its classes."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import logging
import re
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from wirebrush.api import NodeError, NodeFunction
from wirebrush_comfy.adapter import as_node
from wirebrush_comfy.facts import Hooks, Refused, facts_of
from wirebrush_comfy.waiting import settled
from wirebrush_comfy.world import World

V3_HOOKS = Hooks("fingerprint_inputs", "validate_inputs", "check_lazy_status")
OF_EVERY_OBJECT = frozenset({"__proto__", "constructor", "prototype", "toString", "hasOwnProperty"})
"""Pages keep node types by name in objects, which have these already."""

log = logging.getLogger(__name__)


@dataclass
class Gathered:
    """Node types of a pack, and those that it cannot have here with the reason."""

    nodes: dict[str, NodeFunction] = field(default_factory=dict[str, NodeFunction])
    refused: dict[str, str] = field(default_factory=dict[str, str])
    classes: dict[str, type[Any]] = field(default_factory=dict[str, type[Any]])


def module_name(path: Path) -> str:
    """What a pack's module is called."""
    own = path.name if path.is_dir() else path.stem
    return f"wirebrush_comfy_pack_{re.sub('[^0-9A-Za-z_]', '_', own)}"


def import_pack(path: Path) -> ModuleType:
    """Import a pack's folder or file, under a name that is nobody else's."""
    name = module_name(path)
    is_folder = path.is_dir()
    if is_folder and (path / "prestartup_script.py").is_file():
        log.warning("Pack %s has a prestartup_script.py, which is not run here.", path.name)
    spec = importlib.util.spec_from_file_location(
        name,
        path / "__init__.py" if is_folder else path,
        submodule_search_locations=[str(path)] if is_folder else None,
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a pack's own, which nobody here can mend
        spec.loader.exec_module(module)
    return module


def modules_of(path: Path) -> list[str]:
    """The names of a pack's modules that are imported."""
    name = module_name(path)
    return [other for other in sys.modules if other == name or other.startswith(f"{name}.")]


def gather(module: ModuleType, world: World, runner: asyncio.Runner) -> Gathered:
    """The nodes of an imported pack, V1 and V3; `runner` runs what of it is async."""
    found = Gathered()
    titles = getattr(module, "NODE_DISPLAY_NAME_MAPPINGS", None)
    titles = titles if isinstance(titles, Mapping) else {}
    mappings = getattr(module, "NODE_CLASS_MAPPINGS", None)
    for node_id, kind in (mappings if isinstance(mappings, Mapping) else {}).items():
        title = titles.get(node_id)
        _add(found, str(node_id), kind, title if isinstance(title, str) else "", world)
    entry = getattr(module, "comfy_entrypoint", None)
    if callable(entry):
        extension = settled(entry(), runner)
        settled(extension.on_load(), runner)
        for kind in settled(extension.get_node_list(), runner):
            _add_v3(found, kind, world)
    if not found.nodes and not found.refused:
        raise ImportError(
            "The pack has neither NODE_CLASS_MAPPINGS with nodes nor a comfy_entrypoint."
        )
    return found


def _add_v3(found: Gathered, kind: Any, world: World) -> None:
    try:
        schema = kind.GET_SCHEMA()
    except Exception as error:
        found.refused[getattr(kind, "__name__", repr(kind))] = _reason(error)
        return
    _add(found, schema.node_id, kind, schema.display_name or "", world)


def _add(found: Gathered, node_id: str, kind: Any, title: str, world: World) -> None:
    """One class: a node, or the reason why it is none."""
    try:
        if not node_id.strip() or not node_id.isprintable() or node_id in OF_EVERY_OBJECT:
            raise Refused(f"{node_id!r} is no name that a page or a file can use for a node type.")
        if not inspect.isclass(kind):
            raise Refused(f"it is a {type(kind).__name__}, not a class.")
        v3 = hasattr(kind, "GET_SCHEMA")
        facts = facts_of(node_id, kind, title, V3_HOOKS if v3 else Hooks(), v3=v3)
        found.nodes[node_id] = as_node(facts, world)
        found.classes[node_id] = kind
    except Exception as error:
        found.refused[node_id] = _reason(error)


def _reason(error: Exception) -> str:
    if isinstance(error, Refused | NodeError):
        return str(error)
    return f"its declaration cannot be read: {type(error).__name__}: {error}"
