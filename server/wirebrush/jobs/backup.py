"""The journal's backup: one copy, made beside running work, and used when the journal is damaged.

All functions block.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from wirebrush.jobs.blobs import sync_folder
from wirebrush.jobs.schema import MIGRATIONS


def backup_of(path: Path) -> Path:
    """Where the backup of a journal lies: `journal.backup.db`."""
    return path.with_name(f"{path.stem}.backup{path.suffix}")


def back_up(path: Path) -> None:
    """Replace the backup by a copy of the journal as it is now. Nobody who writes has to wait.

    sqlite3.Error or OSError if it cannot be made; the old backup stays then.
    """
    target = backup_of(path)
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(path, timeout=10)) as db:
            db.execute("VACUUM INTO ?", (str(part),))
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
        sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


def use_backup(path: Path) -> float | None:
    """Put the backup in the place of a journal that was copied away; when it was made, or None
    if there is none that can be used.

    The queue is paused in it: what waited then may have run since.
    """
    source = backup_of(path)
    part = path.with_suffix(".part")
    try:
        made = source.stat().st_mtime
        shutil.copyfile(source, part)
        with closing(sqlite3.connect(part, isolation_level=None)) as db:
            if not _is_sound(db):
                return None
            db.execute("INSERT OR REPLACE INTO settings VALUES ('paused', '1')")
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        for suffix in ("-wal", "-shm"):  # they belong to the damaged one
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        os.replace(part, path)
        sync_folder(path.parent)
    except (OSError, sqlite3.Error):
        return None
    finally:
        part.unlink(missing_ok=True)
    return made


def _is_sound(db: sqlite3.Connection) -> bool:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    check: str = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    return 0 < version <= len(MIGRATIONS) and check == "ok"
