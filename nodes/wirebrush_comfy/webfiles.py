"""Which folders of a pack hold scripts for ComfyUI's page."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any


def web_folders(path: Path, module: ModuleType) -> dict[str, str]:
    """The folders, relative to the pack's, by the names under which the page asks for them.

    A pack names one as `WEB_DIRECTORY`, in its pyproject.toml (`[tool.comfy] web`), or as
    `EXTENSION_WEB_DIRS[name]`. Only folders inside the pack count.
    """
    if not path.is_dir():
        return {}
    root = path.resolve()
    found: dict[str, str] = {}
    for name, folder in _named(path, module):
        real = (root / folder).resolve()
        fits = name.isprintable() and not {"/", "\\"} & set(name) and not name.startswith(".")
        if name and fits and real.is_dir() and real.is_relative_to(root):
            found.setdefault(name, real.relative_to(root).as_posix())
    return found


def _named(path: Path, module: ModuleType) -> Iterator[tuple[str, str]]:
    for folder in (_project_web(path), getattr(module, "WEB_DIRECTORY", None)):
        if isinstance(folder, str) and folder:
            yield path.name, folder
    others: Any = getattr(sys.modules.get("nodes"), "EXTENSION_WEB_DIRS", None)
    for name, folder in others.items() if isinstance(others, Mapping) else ():
        if isinstance(folder, str | Path):
            yield str(name), str(folder)


def _project_web(path: Path) -> str | None:
    try:
        data = tomllib.loads((path / "pyproject.toml").read_text(encoding="utf-8"))
        folder = data["tool"]["comfy"]["web"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return folder if isinstance(folder, str) else None
