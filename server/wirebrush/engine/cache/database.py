"""The cache's SQLite file: schema, pragmas, and starting over when it is damaged or too new."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from pathlib import Path

SCHEMA_VERSION = 1
LOCKED_SECONDS = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    key BLOB PRIMARY KEY,          -- recipe key
    packed INTEGER NOT NULL,       -- 1: safetensors, 0: JSON
    data BLOB,                     -- the bytes, or NULL: they are in a file
    size INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    seconds REAL NOT NULL,         -- what it cost to compute
    shown TEXT NOT NULL,           -- what the node shows, JSON
    worth REAL NOT NULL            -- GreedyDual-Size-Frequency: the least worthy leave first
);
CREATE TABLE IF NOT EXISTS leases (key BLOB PRIMARY KEY, owner TEXT NOT NULL, until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, inode INTEGER, digest TEXT
);
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, number REAL NOT NULL);
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the file for several processes and threads; a damaged one is thrown away.

    `synchronous=NORMAL`: what is committed survives `kill -9`; a power cut may lose the last
    moments, never the rest.
    """
    try:
        return _connect_patiently(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
            raise  # locked, read-only, no such folder: nothing that deleting would mend
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).unlink()
        return _connect_patiently(path)


def _connect_patiently(path: Path) -> sqlite3.Connection:
    """Two processes that start at once disturb each other: SQLite does not wait for its turn when
    it changes the journal mode, whatever its timeout says."""
    end = time.monotonic() + LOCKED_SECONDS
    while True:
        try:
            return _connect(path)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.02)


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version not in (0, SCHEMA_VERSION):
            raise sqlite3.DatabaseError(f"the cache has schema {version}, not {SCHEMA_VERSION}")
        database.executescript(_SCHEMA)
        database.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    except sqlite3.Error:
        database.close()
        raise
    return database
