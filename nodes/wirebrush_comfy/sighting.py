"""Is this a pack for ComfyUI? Decided by its text alone; nothing of it is imported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

MAX_FILES = 200
_THEIRS = re.compile(rb"\bNODE_CLASS_MAPPINGS\b|\bdef\s+comfy_entrypoint\b|\bcomfy_entrypoint\b")
_OURS = re.compile(
    rb"^\s*(?:from\s+wirebrush(?:\.api)?\s+import|import\s+wirebrush)\b", re.MULTILINE
)


def is_for_comfyui(path: Path) -> bool:
    """Whether a folder or `.py` file declares nodes in ComfyUI's way, and none in ours."""
    theirs = False
    for file in _sources(path):
        try:
            text = file.read_bytes()
        except OSError:
            continue
        if _OURS.search(text):
            return False
        theirs = theirs or _THEIRS.search(text) is not None
        if theirs and file.name == "__init__.py":
            return True
    return theirs


def _sources(path: Path) -> Iterator[Path]:
    """The pack's own module first, then its others, not too many."""
    if path.is_file():
        if path.suffix == ".py":
            yield path
        return
    first = path / "__init__.py"
    if not first.is_file():
        return
    yield first
    for count, file in enumerate(sorted(path.rglob("*.py"))):
        if count == MAX_FILES:
            return
        if file != first:
            yield file
