"""What nodes show, as ComfyUI's clients read it: `{"images": [{filename, subfolder, type}]}`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from wirebrush.events import Output

_LISTS = (("image/", "images"), ("audio/", "audio"), ("video/", "images"))


def shown(outputs: Iterable[Output]) -> dict[str, Any]:
    """The `output` of `executed`; empty if a node shows nothing.

    Data that has a `text` is what the node itself said: its texts are then the same for our page.
    """
    found: dict[str, Any] = {}
    texts: list[str] = []
    for output in outputs:
        if output.kind == "data":
            _merge(found, json.loads(output.text or "{}"))
        elif output.asset is None:
            texts.append(output.text or "")
        else:
            found.setdefault(_list_of(output.mime), []).append(file_of(output))
            if output.mime.startswith("video/"):
                found["animated"] = [True]
    if texts:
        found.setdefault("text", texts)
    return found


def file_of(output: Output) -> dict[str, str]:
    """A stored file as `/view` finds it."""
    path = PurePosixPath(output.name)
    folder = "" if path.parent == PurePosixPath(".") else path.parent.as_posix()
    kind = "temp" if output.kind == "preview" else "output"
    return {"filename": path.name, "subfolder": folder, "type": kind}


def _list_of(mime: str) -> str:
    return next((name for start, name in _LISTS if mime.startswith(start)), "files")


def _merge(found: dict[str, Any], data: Mapping[str, Any]) -> None:
    for name, item in data.items():
        if isinstance(item, list) and isinstance(found.get(name), list):
            found[name] += item
        else:
            found[name] = item
