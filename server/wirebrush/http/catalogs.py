"""The catalog that is served: at first the one of the last run, then what a worker reports."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from wirebrush.catalog import Catalog

log = logging.getLogger("wirebrush.http")


class Catalogs:
    """Holds the current catalog and keeps it on disk for the next start."""

    def __init__(self, path: Path, changed: Callable[[str], None]) -> None:
        self._path = path
        self._changed = changed
        self._known = asyncio.Event()
        self._saving: set[asyncio.Task[None]] = set()
        kept = Catalog.load(path)
        self._current = kept or Catalog()
        if kept is not None:
            self._known.set()

    @property
    def current(self) -> Catalog:
        """The node types known now; none before the first worker of the first start reports."""
        return self._current

    async def known(self, seconds: float) -> Catalog | None:
        """The catalog, waiting for the first one; None if it does not come in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._known.wait()
        except TimeoutError:
            return None
        return self._current

    def replace(self, data: Mapping[str, Any]) -> None:
        """Take a worker's catalog, and tell if it is another one than before."""
        try:
            catalog = Catalog.from_json(data)
        except ValueError as error:
            log.error("a worker sent something that is no catalog: %s", error)
            return
        before = self._current.digest if self._known.is_set() else None
        self._current = catalog
        self._known.set()
        if catalog.digest != before:
            self._changed(catalog.digest)
            saving = asyncio.create_task(asyncio.to_thread(self._save, catalog))
            self._saving.add(saving)
            saving.add_done_callback(self._saving.discard)

    def _save(self, catalog: Catalog) -> None:
        try:
            catalog.save(self._path)
        except OSError as error:
            log.warning("the catalog could not be kept for the next start: %s", error)


def with_choices(catalog: Catalog, names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The catalog as JSON, with the files there are now as choices of file widgets."""
    data = catalog.to_json()
    for spec in data["nodes"]:
        for port in spec["inputs"]:
            widget = port.get("widget")
            if widget is not None and widget["kind"] == "file":
                own = widget.get("choices") or ()
                widget["choices"] = [*own, *names.get(widget.get("folder", ""), ())]
    return data


def file_kinds(catalog: Catalog) -> set[str]:
    """The kinds of files that widgets of this catalog name."""
    return {
        port.widget.folder
        for spec in catalog
        for port in spec.inputs
        if port.widget is not None and port.widget.kind == "file" and port.widget.folder
    }
