"""The catalog for commands: the one of the last run, or a fresh one from a worker."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from wirebrush.catalog import Catalog
from wirebrush.cli.offline import OfflineWorker
from wirebrush.config import Config


def kept_catalog(config: Config) -> Catalog | None:
    """What the last run left in the data folder; None if code of a pack is younger."""
    path = config.data / "catalog.json"
    try:
        kept = path.stat().st_mtime_ns
    except OSError:
        return None
    outdated = any(changed > kept for pack in _packs(config) for changed in _changes(pack))
    return None if outdated else Catalog.load(path)


def known_catalog(config: Config, *, fresh: bool = False) -> Catalog:
    """What the last run left; a fresh one if asked for, or if options name other packs."""
    others = config.packs_on or config.all_packs_on or config.comfy_packs
    kept = None if fresh or others else kept_catalog(config)
    return kept or fresh_catalog(config)


def fresh_catalog(config: Config) -> Catalog:
    """Ask a worker, which imports the packs as they are now, and keep the answer."""

    async def ask() -> Catalog:
        worker = await OfflineWorker.start(config)
        await worker.end()
        return worker.catalog

    catalog = asyncio.run(ask())
    if not config.packs_on and not config.all_packs_on:  # a choice for this process alone
        catalog.save(config.data / "catalog.json")
    return catalog


def _packs(config: Config) -> Iterator[Path]:
    """Where the code of packs lies; nothing of it is imported."""
    if config.packs is not None:
        yield config.packs
    for entry in entry_points(group="wirebrush.packs"):
        spec = find_spec(entry.module.partition(".")[0])
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin).parent


def _changes(pack: Path) -> Iterator[int]:
    """When folders and Python files were changed, in ns; a folder when something came or went."""
    for where, folders, files in os.walk(pack):
        folders[:] = [name for name in folders if name[0] != "." and name != "__pycache__"]
        for name in ("", *(name for name in files if name.endswith(".py"))):
            with contextlib.suppress(OSError):  # gone meanwhile
                yield Path(where, name).stat().st_mtime_ns
