"""Uploads where packs look for them: in a folder, by name. Ours lie elsewhere, by content."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wirebrush.api import NodeSpec, Run
from wirebrush_comfy.world import World

UPLOADED = frozenset({"image", "mask", "audio", "video"})


def stage_uploads(world: World, spec: NodeSpec, run: Run, arguments: Mapping[str, Any]) -> None:
    """Put the files that a node's inputs name into the input folder."""
    for port in spec.inputs:
        kind = port.widget.folder if port.widget is not None else None
        name = arguments.get(port.name)
        if port.widget is not None and name in (port.widget.choices or ()):
            continue  # it means no file
        if kind in UPLOADED and isinstance(name, str) and name:
            plain, said = where(name)
            if said != "temp":
                place(world, run, "output" if said == "output" else kind, plain)


def where(name: str) -> tuple[str, str]:
    """A name without `[output]`, `[temp]` or `[input]` at its end, and which of them it was."""
    for said in ("output", "temp", "input"):
        if name.endswith(f"[{said}]"):
            return name.removesuffix(f"[{said}]").rstrip(), said
    return name, ""


def place(world: World, run: Run, kind: str, name: str) -> None:
    """Link a stored file into the folder in which packs look for its kind, under its name."""
    folder = world.output if kind == "output" else world.input
    path = Path(os.path.normpath(folder / name))
    if not path.is_relative_to(folder) or (path.exists() and not path.is_symlink()):
        return
    source = run.path(run.file(kind, name))
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{time.monotonic_ns()}")
    try:
        fresh.symlink_to(source)
    except OSError:  # Windows lets not everybody make links
        shutil.copyfile(source, fresh)
    fresh.replace(path)
