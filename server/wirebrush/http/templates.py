"""The workflows that ship with the studio: read-only, by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Template:
    """A shipped workflow: its file's name, the title and what it says about itself."""

    name: str
    title: str
    description: str = ""


class Templates:
    """The shipped workflows of a folder. All methods block, briefly."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def list(self) -> list[Template]:
        """All templates by name; files that are no JSON objects are passed over."""
        paths = sorted(self._folder.glob("*.json")) if self._folder.is_dir() else []
        return [item for path in paths if (item := _template(path)) is not None]

    def read(self, name: str) -> str | None:
        """The text of a template. Only names that `list` gives are looked up."""
        if name not in {item.name for item in self.list()}:
            return None
        return (self._folder / f"{name}.json").read_text(encoding="utf-8")


def _template(path: Path) -> Template | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Template(path.stem, str(data.get("name") or path.stem), str(data.get("about", "")))
    except (OSError, ValueError, AttributeError):
        return None
