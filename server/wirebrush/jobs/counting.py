"""Names with a counter, which ComfyUI's clients read: `cats/blue_00042_.png`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

_MOST_KNOWN = 1000
_COUNTED = re.compile(r"_(\d+)_\.[^./]+")
_MOST_DIGITS = 15


class Counters:
    """Gives every file the number after the highest that its prefix has had.

    Args:
        output: The folder of readable copies, whose files count too.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._highest: dict[str, int] = {}

    def knows(self, stem: PurePosixPath) -> bool:
        """Whether a number was given to this prefix already: nobody needs to look."""
        return str(stem) in self._highest

    def look(self, stem: PurePosixPath, labels: Iterable[str]) -> None:
        """Find the highest number among these labels and the files of the folder."""
        folder = self._output / stem.parent
        files = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        names = [*files, *(PurePosixPath(label).name for label in labels)]
        if len(self._highest) >= _MOST_KNOWN:
            self._highest.clear()
        self._highest[str(stem)] = max((_number(name, stem.name) for name in names), default=0)

    def next(self, stem: PurePosixPath, extension: str) -> PurePosixPath:
        """The next name of a prefix that was looked at; no file of the folder has it."""
        while True:
            number = self._highest[str(stem)] = self._highest[str(stem)] + 1
            name = stem.with_name(f"{stem.name}_{number:05}_.{extension}")
            if not (self._output / name).exists():  # somebody put it there meanwhile
                return name


def _number(name: str, stem: str) -> int:
    """The number in a name of this prefix; 0 if it has none."""
    found = _COUNTED.fullmatch(name, len(stem)) if name.startswith(stem) else None
    return int(found[1]) if found is not None and len(found[1]) <= _MOST_DIGITS else 0
