"""The journal: one SQLite file, one thread that owns it, one transaction at a time.

Write-ahead log with `synchronous=FULL`: when `write` returns, the change survives a power cut.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from wirebrush.jobs.backup import back_up, backup_of, use_backup
from wirebrush.jobs.errors import JobsError, JournalDamaged, JournalError
from wirebrush.jobs.schema import migrate

T = TypeVar("T")

QUICK_BYTES = 64 << 20
"""A larger journal is not copied while somebody waits for the end."""

log = logging.getLogger("wirebrush.jobs")


class Journal:
    """An open journal. Work is a function of the connection; it runs in the journal's thread.

    >>> journal = await Journal.open(data / "journal.db")
    >>> await journal.read(lambda db: db.execute("SELECT COUNT(*) FROM jobs").fetchone()[0])
    """

    def __init__(self, path: Path, thread: ThreadPoolExecutor, db: sqlite3.Connection) -> None:
        self.path = path
        self._thread = thread
        self._db = db
        self._saved = db.total_changes

    @classmethod
    async def open(cls, path: Path) -> Journal:
        """Open or create the file, check it and migrate it.

        A damaged one is replaced by its backup, if there is one, and that is logged as an error.
        JournalDamaged (no backup), JournalTooNew or JournalError say what is wrong with it.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        try:
            db = await asyncio.get_running_loop().run_in_executor(thread, _opened, path)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(path, thread, db)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query."""
        return await self._run(lambda: work(_at_rest(self._db)))

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work as one transaction: all of it is on disk when this returns, or none."""
        return await self._run(lambda: _transaction(self._db, work))

    async def note(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Like `write`, without waiting for the disk: until the next `write` a power cut may undo
        it (the end of the process cannot). For what nobody has been told, or can do without."""
        return await self._run(lambda: _unhurried(self._db, work))

    def backup_age(self) -> float | None:
        """Seconds since the backup was made; None if there is none. Blocks, briefly."""
        try:
            return max(0.0, time.time() - backup_of(self.path).stat().st_mtime)
        except FileNotFoundError:
            return None

    async def back_up(self) -> None:
        """Make the backup anew, beside running work; sqlite3.Error or OSError if it fails."""
        changes = await self.read(lambda db: db.total_changes)
        await asyncio.to_thread(back_up, self.path)
        self._saved = changes

    async def back_up_at_end(self) -> None:
        """Make the backup anew if that is worth it and quick; a failure is only logged."""
        try:
            changed = await self.read(lambda db: db.total_changes) != self._saved
            if changed and self.path.stat().st_size <= QUICK_BYTES:
                await self.back_up()
        except (JobsError, OSError, sqlite3.Error) as error:
            log.warning("The journal has no new backup: %s", error)

    async def close(self) -> None:
        """Fold the log into the file and close it."""
        await self._run(self._db.close)
        self._thread.shutdown(wait=True)

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            raise _explained(self.path, error) from error
        except RuntimeError as error:  # the executor is shut down
            raise JournalError(f"The journal {self.path} is closed.") from error


def _transaction(db: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    _at_rest(db).execute("BEGIN IMMEDIATE")
    try:
        result = work(db)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite rolls back by itself after a full disk
            db.execute("ROLLBACK")
        raise
    return result


def _unhurried(db: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """A transaction that is written to the log, which is synchronised with that of the next."""
    _at_rest(db).execute("PRAGMA synchronous = NORMAL")
    try:
        return _transaction(db, work)
    finally:
        _at_rest(db).execute("PRAGMA synchronous = FULL")


def _at_rest(db: sqlite3.Connection) -> sqlite3.Connection:
    """The connection outside a transaction, also when the last rollback failed half-way."""
    if db.in_transaction:
        db.execute("ROLLBACK")
    return db


def _opened(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path)
    except JournalDamaged as damaged:
        made = use_backup(path)
        if made is None:
            raise
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(made))
        log.error(
            "%s Its backup of %s is used instead: jobs that were accepted since then are missing,"
            " and the queue is paused, as those that waited then may have run. The damaged one was"
            " kept in %s.",
            *(damaged.message, when, damaged.kept),
        )
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    db: sqlite3.Connection | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        db.row_factory = sqlite3.Row
        _check(db)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        migrate(db, path)
    except (sqlite3.Error, OSError) as error:
        if db is not None:
            db.close()
        told = _explained(path, error)
        if isinstance(told, JournalDamaged):
            told.kept = _keep_damaged(path)
            told.hint = f"A copy was kept in {told.kept}. {told.hint}"
        raise told from error
    except BaseException:
        if db is not None:
            db.close()
        raise
    return db


def _check(db: sqlite3.Connection) -> None:
    answer = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if answer != "ok":
        raise sqlite3.DatabaseError(f"malformed: {answer}")


def _explained(path: Path, error: Exception) -> JobsError:
    text = " ".join(str(error).split())
    if type(error) is sqlite3.DatabaseError:  # "malformed", "not a database"
        return JournalDamaged(
            f"The journal {path} is damaged ({text}).",
            "Put a backup in its place, or move journal.db* away to start with an empty queue;"
            " pictures in assets/ and output/ are not affected.",
        )
    if "full" in text:
        hint = "Free some space; accepted jobs are kept."
    elif "readonly" in text or "unable to open" in text or isinstance(error, OSError):
        hint = "Check that the folder exists and that you may write to it."
    else:
        hint = "Look for another program that uses this file."
    return JournalError(f"The journal {path} cannot be used: {text}.", hint)


def _keep_damaged(path: Path) -> Path:
    folder = path.with_name(f"{path.stem}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    folder.mkdir(exist_ok=True)
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            shutil.copy2(part, folder / part.name)
    return folder
