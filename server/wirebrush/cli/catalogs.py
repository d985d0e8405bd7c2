"""The catalog for commands: the one of the last run, or a fresh one from a worker."""

from __future__ import annotations

import asyncio

from wirebrush.catalog import Catalog
from wirebrush.cli.offline import OfflineWorker
from wirebrush.config import Config


def kept_catalog(config: Config) -> Catalog | None:
    """What the last run left in the data folder."""
    return Catalog.load(config.data / "catalog.json")


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
