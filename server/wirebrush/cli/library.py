"""The files that a graph on the command line may name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from wirebrush.config import Config
from wirebrush.folders import ModelFolders, packaged_roots
from wirebrush.jobs import assettable
from wirebrush.jobs.blobs import Blobs
from wirebrush.jobs.records import AssetRecord

ASSET_KINDS = frozenset({"image", "mask", "audio", "video", "output"})


class Library:
    """The files that graphs may name: models, uploads of the data folder, and given files."""

    def __init__(self, config: Config) -> None:
        self.models = ModelFolders((*config.models, *packaged_roots()), config.model_folders)
        self._journal = config.data / "journal.db"
        self._blobs = Blobs(config.data / "assets")
        self._given: dict[str, Path] = {}  # by the ids of the assets they stand for

    def give(self, path: Path) -> str:
        """Let a graph use this very file; returns the asset id that means it."""
        asset = sha256(path.read_bytes()).hexdigest()
        self._given[asset] = path
        return asset

    def has(self, kind: str, name: str) -> bool:
        """Whether there is such a file, for the validator."""
        if kind not in ASSET_KINDS:
            return self.models.find(kind, name) is not None
        return name in self._given or self._upload(name) is not None

    def read(self, name: str) -> tuple[str, str, bytes] | None:
        """Id, mime and bytes of an upload or given file."""
        given = self._given.get(name)
        if given is not None:
            return name, "", given.read_bytes()
        record = self._upload(name)
        if record is None:
            return None
        try:
            return record.id, record.mime, self._blobs.path(record.id).read_bytes()
        except OSError:
            return None

    def there(self, ids: Iterable[str]) -> list[str]:
        """Those of these assets whose bytes can be read here."""
        return [one for one in ids if self.read(one) is not None]

    def _upload(self, name: str) -> AssetRecord | None:
        """Read-only: a server may be working in this folder."""
        if not self._journal.is_file():
            return None
        try:
            uri = f"{self._journal.as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=5)) as db:
                db.row_factory = sqlite3.Row
                return assettable.find(db, name)
        except sqlite3.Error:
            return None
