"""One server per data folder; a dead one is no obstacle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wirebrush.jobs.errors import FolderInUse
from wirebrush.jobs.lock import FolderLock

HOLD = """
import sys, time
from pathlib import Path
from wirebrush.jobs.lock import FolderLock
lock = FolderLock.take(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_server_is_told_who_works_here(tmp_path: Path) -> None:
    lock = FolderLock.take(tmp_path / "data" / "lock")
    with pytest.raises(FolderInUse, match=rf"process {os.getpid()}.*--data"):
        FolderLock.take(tmp_path / "data" / "lock")
    lock.release()
    FolderLock.take(tmp_path / "data" / "lock").release()


def test_another_process_is_seen_and_its_death_too(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as process:
        with pytest.raises(FolderInUse, match=f"process {process.pid}"):
            FolderLock.take(path)
        process.send_signal(signal.SIGKILL)
        process.wait()
    lock = FolderLock.take(path)
    assert json.loads(path.read_text())["pid"] == os.getpid()
    lock.release()


@pytest.mark.parametrize("left", ["", "garbage", '{"pid": 1, "born": 0, "boot": 0}', "[]"])
def test_a_stale_file_is_taken_over(tmp_path: Path, left: str) -> None:
    path = tmp_path / "lock"
    path.write_text(left)
    FolderLock.take(path).release()


def test_where_the_disk_knows_no_locks_the_text_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def unsupported(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    path = tmp_path / "lock"
    lock = FolderLock.take(path)
    with pytest.raises(FolderInUse):
        FolderLock.take(path)
    lock.release()
    FolderLock.take(path).release()
