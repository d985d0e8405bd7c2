"""What a node shows: `ui` of its answer. Files go to the asset store, texts onto the node."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from PIL import Image

from wirebrush.api import NodeError, Run
from wirebrush.api.run import AssetKind
from wirebrush_comfy.plain import as_json
from wirebrush_comfy.world import World

_COUNTER = re.compile(r"(?<=[^/])_\d{5}_?(?=\.\w+$)")
"""What `get_save_image_path` has packs put behind a name."""


def show(ui: Mapping[str, Any], run: Run, world: World) -> None:
    """Hand over what a node reports: stored files, texts, and the rest as data."""
    data: dict[str, Any] = {}
    for name, items in ui.items():
        entries = list(items) if isinstance(items, list | tuple) else [items]
        files = [entry for entry in entries if _is_file(entry)]
        for entry in files:
            _save(entry, run, world)
        if name == "text":
            for text in entries:
                run.show_text(text if isinstance(text, str) else str(text))
        if len(files) < len(entries) or not entries:
            data[str(name)] = [as_json(entry) for entry in entries if not _is_file(entry)]
    if data:
        run.show_data(data)


def _is_file(entry: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(entry, Mapping) and isinstance(entry.get("filename"), str)


def _save(entry: Mapping[str, Any], run: Run, world: World) -> None:
    """Store a file that the node wrote into output or temp; one of input is there already."""
    folders = {"output": world.output, "temp": world.temp}
    folder = folders.get(str(entry.get("type", "output")))
    if folder is None:
        return
    subfolder = str(entry.get("subfolder") or "")
    path = folder / subfolder / entry["filename"]
    if not path.resolve().is_relative_to(folder.resolve()):
        raise NodeError(f"The node reports a file outside of {folder.name}: {entry['filename']!r}.")
    if not path.is_file():
        raise NodeError(f"The node reports {entry['filename']!r}, but has not written it.")
    kind: AssetKind = "output" if folder == world.output else "preview"
    name = path.relative_to(folder).as_posix()
    if kind == "output":
        name = _COUNTER.sub("", name)  # the store counts
    mime = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    width, height = _size(path) if mime.startswith("image/") else (None, None)
    run.save(path.read_bytes(), name=name, mime=mime, kind=kind, width=width, height=height)


def _size(path: Path) -> tuple[int | None, int | None]:
    try:
        with Image.open(path) as picture:
            return picture.size
    except OSError:
        return None, None
