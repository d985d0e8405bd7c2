"""The workflows that ship with the studio: read-only, by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

PICTURES = {".webp": "image/webp", ".png": "image/png"}


@dataclass(frozen=True, slots=True)
class Template:
    """A shipped workflow: its file's name, the title and what it says about itself.

    `thumbnail` is the address of a picture that it made.
    """

    name: str
    title: str
    description: str = ""
    tags: tuple[str, ...] = ()
    thumbnail: str | None = None


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

    def picture(self, name: str) -> tuple[bytes, str] | None:
        """A template's thumbnail and its mime type; None if it has none."""
        if name not in {item.name for item in self.list()}:
            return None
        path = _picture_beside(self._folder / f"{name}.json")
        return None if path is None else (path.read_bytes(), PICTURES[path.suffix])


def _template(path: Path) -> Template | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(data, dict):
        return None
    workflow = cast("Mapping[str, Any]", data)
    tags = workflow.get("tags")
    picture = _picture_beside(path)
    return Template(
        path.stem,
        str(workflow.get("name") or path.stem),
        str(workflow.get("about", "")),
        tuple(map(str, cast("list[Any]", tags) if isinstance(tags, list) else ())),
        None if picture is None else f"/v1/templates/{quote(path.stem, safe='')}/thumbnail",
    )


def _picture_beside(path: Path) -> Path | None:
    beside = (path.with_suffix(suffix) for suffix in PICTURES)
    return next((picture for picture in beside if picture.is_file()), None)
