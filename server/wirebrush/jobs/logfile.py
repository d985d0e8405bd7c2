"""A worker's last words: what it writes to stderr goes to a file of bounded size."""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from contextlib import suppress
from io import FileIO
from pathlib import Path

MAX_BYTES = 4 << 20
_TAIL_LINES = 60
_CHUNK = 1 << 16  # what a pipe holds
_POLLS = hasattr(select, "poll")  # not on Windows, where a pipe can only be read


class LogFile:
    """Copies a pipe into a file, from a thread; the file before it is kept as `.1`."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._rest = b""
        self._lock = threading.Lock()
        self._ends: tuple[FileIO, FileIO] | None = None
        self._thread: threading.Thread | None = None

    def open(self) -> int:
        """Start copying: the end of the pipe that the worker writes to, to be closed here."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = FileIO(self._path, "ab")
        read, write = os.pipe()
        self._ends = FileIO(read), file
        self._thread = threading.Thread(
            target=self._copy, args=self._ends, name=f"log {self._path.name}", daemon=True
        )
        self._thread.start()
        return write

    def forget(self) -> None:
        """What was written so far is no part of the tail any more; the file keeps it."""
        if not _POLLS:
            self._tail.clear()
            return
        with self._lock:
            if self._ends is not None and _has_come(self._ends[0], 0):
                self._take(*self._ends)  # the thread may be late
            self._tail.clear()
            self._rest = b""

    def tail(self, lines: int = 20) -> str:
        """The last lines so far."""
        return "\n".join(list(self._tail)[-lines:])

    def join(self, seconds: float) -> None:
        """Wait, once, until everything that a dead worker wrote has arrived."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(seconds)

    def _copy(self, pipe: FileIO, file: FileIO) -> None:
        with pipe, file:
            more = True
            while more:
                if _POLLS:
                    _has_come(pipe, None)
                with self._lock:
                    if not _POLLS or _has_come(pipe, 0):  # else it is taken already
                        more = self._take(pipe, file)
            with self._lock:
                self._ends = None  # nobody reads what is closed now
        if self._rest:
            self._tail.append(self._rest.decode(errors="replace"))

    def _take(self, pipe: FileIO, file: FileIO) -> bool:
        """Copy what has come; whether more may come. No job fails because its log is full."""
        chunk = pipe.read(_CHUNK)
        if not chunk:
            return False
        *lines, rest = (self._rest + chunk).split(b"\n")
        self._tail.extend(line.decode(errors="replace") for line in lines)
        self._rest = rest[-4096:]
        with suppress(OSError):
            if file.tell() + len(chunk) > self._max_bytes:
                self._keep_old()
                file.truncate(0)
            file.write(chunk)
        return True

    def _keep_old(self) -> None:
        old = self._path.with_name(self._path.name + ".1")
        old.write_bytes(self._path.read_bytes())


def _has_come(pipe: FileIO, milliseconds: int | None) -> bool:
    """Whether there is something to read, or the end, within this time; None: wait for it."""
    asked = select.poll()
    asked.register(pipe.fileno(), select.POLLIN)
    return bool(asked.poll(milliseconds))
