"""Free disk space: below the floor nothing new starts, so that what runs can still be saved."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Headroom:
    """Space that the disk of `folder` must keep free: 2 GiB or 2 %, whichever is less."""

    folder: Path
    floor_bytes: int = 2 * GIB
    floor_share: float = 0.02

    def lack(self) -> str | None:
        """A sentence when there is too little space, else None."""
        try:
            disk = shutil.disk_usage(self.folder)
        except OSError as error:
            return f"The data folder {self.folder} cannot be read: {error}."
        floor = min(self.floor_bytes, int(disk.total * self.floor_share))
        if disk.free >= floor:
            return None
        return (
            f"The disk of {self.folder} has {_size(disk.free)} left, and {_size(floor)} must stay"
            " free. Jobs wait until there is space again: delete files, or move the data folder"
            " with --data."
        )


def _size(count: int) -> str:
    return f"{count / GIB:.1f} GiB" if count >= GIB else f"{count >> 20} MiB"
