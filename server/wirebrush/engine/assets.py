"""Stored files as the engine sees them: by id, wherever they lie."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp
from typing import Protocol

from wirebrush.api import Asset

ASSET_KINDS = frozenset({"image", "mask", "audio", "video", "output"})
_ID = re.compile(r"[0-9a-f]{64}")


def is_asset_id(name: str) -> bool:
    """Whether a text is an id, not the name of an upload."""
    return _ID.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that a node saved: which node, and how many it saved before."""

    asset: Asset
    node: str
    index: int


class Assets(Protocol):
    """Where saved files go and uploads come from."""

    def put(self, saved: Saved, data: bytes) -> None:
        """Store a file; it is durable before the node counts as finished."""
        ...

    def missing(self, ids: Collection[str]) -> set[str]:
        """Those of the assets that are gone."""
        ...

    def find(self, name: str) -> tuple[str, Path] | None:
        """The id of an asset, by id or by the name of an upload, and a copy of it here."""
        ...


@dataclass
class LocalAssets:
    """Assets in a folder: for an engine without a server, and a worker's copies of uploads."""

    folder: Path
    names: dict[str, str] = field(default_factory=dict[str, str])

    def put(self, saved: Saved, data: bytes) -> None:
        """Store a file under its id, and its name for the next `find`."""
        self.write(saved.asset.id, data)
        self.names[saved.asset.name] = saved.asset.id

    def missing(self, ids: Collection[str]) -> set[str]:
        """Those of the assets that are gone."""
        return {asset_id for asset_id in ids if not self.path(asset_id).exists()}

    def find(self, name: str) -> tuple[str, Path] | None:
        """By id, or by name."""
        asset_id = name if is_asset_id(name) else self.names.get(name, "")
        path = self.path(asset_id)
        return (asset_id, path) if asset_id and path.exists() else None

    def add(self, data: bytes) -> tuple[str, Path]:
        """Store bytes by their content."""
        asset_id = sha256(data).hexdigest()
        return asset_id, self.write(asset_id, data)

    def trim(self, limit: int) -> None:
        """Delete the copies that were written first until the rest fits into so many bytes."""
        files = [(path.stat(), path) for path in self.folder.glob("*/*")]
        files.sort(key=lambda item: item[0].st_mtime, reverse=True)
        total = 0
        for stat, path in files:
            total += stat.st_size
            if total > limit:
                path.unlink(missing_ok=True)

    def path(self, asset_id: str) -> Path:
        """Where an asset lies if it is here."""
        return self.folder / asset_id[:2] / asset_id

    def write(self, asset_id: str, data: bytes) -> Path:
        """Written whole or not at all."""
        path = self.path(asset_id)
        if path.exists():
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        return path
