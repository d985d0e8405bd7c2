"""What the handlers of ComfyUI's routes need besides our own services."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from wirebrush.http.comfy.logbook import LogBook
from wirebrush.http.comfy.userfiles import UserFiles

USER = "default"
"""The one user's profile, named as ComfyUI names it."""


@dataclass(frozen=True, slots=True)
class ComfyServices:
    """Made once, by the composition root, if the server speaks ComfyUI's API.

    `folder` is for what only ComfyUI's clients keep: settings and user data. `page` is the folder
    of ComfyUI's own page, if that is served too; `templates` that of its template gallery.
    `pack_folders` are where packs lie, in the order in which they are looked for.
    """

    folder: Path
    page: Path | None = None
    templates: Path | None = None
    pack_folders: tuple[Path, ...] = ()
    logs: LogBook = field(default_factory=LogBook)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a file of settings is changed."""

    @property
    def files(self) -> UserFiles:
        """The user's files."""
        return UserFiles(self.folder / USER)

    @property
    def settings_file(self) -> Path:
        """Where the user's settings are."""
        return self.folder / USER / "comfy.settings.json"

    @property
    def users_file(self) -> Path:
        """Where the names of profiles are."""
        return self.folder / "users.json"
