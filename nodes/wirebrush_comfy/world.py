"""What packs may know of this machine: where models are, and where they may write."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

TEMP_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class World:
    """Folders and device, as the worker knows them.

    `models` are the model roots, laid out as ComfyUI's `models/`. `root` is the packs' own
    folder, a temporary one if it is not given. `classes` are the node types that packs know of each
    other, by id; `pack_folders` are where packs lie.
    """

    models: Sequence[Path] = ()
    root: Path | None = None
    device: str = "cpu"
    classes: dict[str, type[Any]] = field(default_factory=dict[str, type[Any]], compare=False)
    pack_folders: list[str] = field(default_factory=list[str], compare=False)

    @cached_property
    def home(self) -> Path:
        """Below it lie the folders that packs call input, output, temp and user."""
        return self.root or Path(mkdtemp(prefix="wirebrush-comfyui-"))

    @property
    def input(self) -> Path:
        """Where packs look for pictures that a person has uploaded; filled on demand."""
        return self._folder("input")

    @property
    def output(self) -> Path:
        """Where packs write results. Those they report are also stored as outputs."""
        return self._folder("output")

    @property
    def temp(self) -> Path:
        """Where packs write what is only looked at."""
        return self._folder("temp")

    @property
    def user(self) -> Path:
        """Where packs keep settings."""
        return self._folder("user")

    def tidy(self) -> None:
        """Delete what was only looked at, and that long ago: several workers share the folder."""
        for path in self.temp.rglob("*"):
            with suppress(OSError):
                if path.is_file() and path.stat().st_mtime < time.time() - TEMP_SECONDS:
                    path.unlink()

    def _folder(self, name: str) -> Path:
        folder = self.home / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
