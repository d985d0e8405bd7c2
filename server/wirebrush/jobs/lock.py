"""One server per data folder: a lock that the operating system drops when its holder dies."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import BinaryIO

import psutil

from wirebrush.jobs.errors import FolderInUse


class FolderLock:
    """The held lock of a data folder. The file tells people who holds it."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self._file = file

    @classmethod
    def take(cls, path: Path) -> FolderLock:
        """Lock `path`, taking over what a dead server left; FolderInUse if its holder lives."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # Opened for appending: it must not be emptied before the lock is ours.
        file = open(path, "a+b")
        try:
            if not _lock(file):
                raise FolderInUse(
                    f"Another Wirebrush ({_holder(path)}) already works in {path.parent}.",
                    "Use its window, stop it, or choose another data folder with --data.",
                )
            file.truncate(0)
            file.write(json.dumps(_myself()).encode())
            file.flush()
        except BaseException:
            file.close()
            raise
        return cls(path, file)

    def release(self) -> None:
        """Let the next server in. The file stays: removing it would race with a newcomer."""
        self._file.truncate(0)
        self._file.close()


def _myself() -> dict[str, object]:
    process = psutil.Process()
    return {"pid": process.pid, "born": process.create_time(), "boot": psutil.boot_time()}


def _holder(path: Path) -> str:
    try:
        return f"process {json.loads(path.read_bytes())['pid']}"
    except (OSError, ValueError, KeyError):  # Windows: a locked file cannot be read
        return "another process"


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> bool:
        file.seek(1 << 20)  # beyond the text, which others may want to read
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a network disk without locks: believe what the file says
            return not _written_by_the_living(Path(os.fsdecode(file.name)))
        return True


def _written_by_the_living(path: Path) -> bool:
    try:
        known = json.loads(path.read_bytes())
        process = psutil.Process(known["pid"])
        same_boot = abs(known["boot"] - psutil.boot_time()) < 5
        return same_boot and abs(process.create_time() - known["born"]) < 1
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return False
