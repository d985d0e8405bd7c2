"""A worker's last words: what it writes to stderr goes to a file of bounded size."""

from __future__ import annotations

import os
import threading
from collections import deque
from pathlib import Path

MAX_BYTES = 4 << 20
_TAIL_LINES = 60


class LogFile:
    """Copies a pipe into a file, from a thread; the file before it is kept as `.1`."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._thread: threading.Thread | None = None

    def open(self) -> int:
        """Start copying: the end of the pipe that the worker writes to, to be closed here."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        read, write = os.pipe()
        self._thread = threading.Thread(
            target=self._copy, args=(read,), name=f"log {self._path.name}", daemon=True
        )
        self._thread.start()
        return write

    def forget(self) -> None:
        """What was said so far is no part of the tail any more; the file keeps it."""
        self._tail.clear()

    def tail(self, lines: int = 20) -> str:
        """The last lines so far."""
        return "\n".join(list(self._tail)[-lines:])

    def join(self, seconds: float) -> None:
        """Wait, once, until everything that a dead worker wrote has arrived."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(seconds)

    def _copy(self, read: int) -> None:
        rest = b""
        with open(read, "rb", buffering=0) as pipe, self._path.open("ab") as file:
            while chunk := pipe.read(1 << 16):
                *lines, rest = (rest + chunk).split(b"\n")
                self._tail.extend(line.decode(errors="replace") for line in lines)
                rest = rest[-4096:]
                if file.tell() + len(chunk) > self._max_bytes:
                    self._keep_old()
                    file.truncate(0)
                file.write(chunk)
                file.flush()
        if rest:
            self._tail.append(rest.decode(errors="replace"))

    def _keep_old(self) -> None:
        old = self._path.with_name(self._path.name + ".1")
        old.write_bytes(self._path.read_bytes())
