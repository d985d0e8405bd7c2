"""Workers that outlived their server: noted when started, ended before the next one starts."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil


class Leftovers:
    """One note per worker, in a folder of the data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, name: str, pid: int) -> None:
        """Remember a worker that was just started."""
        with suppress(psutil.Error):
            born = psutil.Process(pid).create_time()
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{name}.json").write_text(json.dumps({"pid": pid, "born": born}))

    def forget(self, name: str) -> None:
        """The worker has ended."""
        (self._folder / f"{name}.json").unlink(missing_ok=True)

    def end_all(self) -> list[int]:
        """Kill what a dead server left behind, with its group: the process ids."""
        ended: list[int] = []
        for path in self._folder.glob("*.json"):
            with suppress(OSError, ValueError, KeyError, TypeError, psutil.Error):
                known = json.loads(path.read_text())
                process = psutil.Process(known["pid"])
                if abs(process.create_time() - known["born"]) < 1:  # not a newcomer of that id
                    _kill(process)
                    ended.append(process.pid)
            path.unlink(missing_ok=True)
        return ended


def _kill(process: psutil.Process) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(psutil.TimeoutExpired):
        process.wait(5)
