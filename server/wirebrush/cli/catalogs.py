"""The catalog for commands: the one of the last run, or a fresh one from a worker."""

from __future__ import annotations

import asyncio

from wirebrush.catalog import Catalog
from wirebrush.cli.offline import OfflineWorker
from wirebrush.config import Config


def kept_catalog(config: Config) -> Catalog | None:
    """What the last run left in the data folder."""
    return Catalog.load(config.data / "catalog.json")


def fresh_catalog(config: Config) -> Catalog:
    """Ask a worker, which imports the packs as they are now, and keep the answer."""

    async def ask() -> Catalog:
        worker = await OfflineWorker.start(config)
        await worker.end()
        return worker.catalog

    catalog = asyncio.run(ask())
    catalog.save(config.data / "catalog.json")
    return catalog
