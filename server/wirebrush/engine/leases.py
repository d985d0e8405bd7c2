"""Single flight between worker processes: a row in the shared index says who computes a key.

Only for node types that are not known to be cheap: a lease costs more than a cheap node. A lease
ends by itself when its holder stops renewing it. On the same machine a killed worker blocks nobody
at all: an owner is a process that can be looked for.
"""

from __future__ import annotations

import platform
import sqlite3
import threading
import time
from collections.abc import Iterable
from uuid import uuid4

import psutil

SECONDS = 15.0
RENEW_SECONDS = 5.0


class Leases:
    """The leases of one process.

    Args:
        database: A connection to the shared index.
        lock: Guards the connection.
    """

    def __init__(self, database: sqlite3.Connection, lock: threading.Lock) -> None:
        self._database = database
        self._lock = lock
        self._owner = _owner_name()
        self._held: set[bytes] = set()
        self._set_lock = threading.Lock()
        self._renewed = time.time()

    def take(self, key: bytes) -> bool:
        """Whether the key is ours now. A database that cannot be written blocks nobody: True."""
        try:
            taken = self._try(key) or (self._drop_if_dead(key) and self._try(key))
        except sqlite3.Error:
            return True
        if taken:
            with self._set_lock:
                self._held.add(key)
        return taken

    def release(self, keys: Iterable[bytes]) -> None:
        """Give up those of the keys that are ours."""
        with self._set_lock:
            mine = [key for key in keys if key in self._held]
            self._held.difference_update(mine)
        self._write("DELETE FROM leases WHERE owner = ? AND key = ?", mine)

    def renew(self) -> None:
        """Prolong what is held, if it is time; called every now and then."""
        now = time.time()
        if self._held and now - self._renewed > RENEW_SECONDS:
            self._renewed = now
            with self._set_lock:
                held = list(self._held)
            self._write(
                f"UPDATE leases SET until = {now + SECONDS} WHERE owner = ? AND key = ?", held
            )

    def _try(self, key: bytes) -> bool:
        now = time.time()
        with self._lock:
            taken = self._database.execute(
                "INSERT INTO leases VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE "
                "SET owner = ?2, until = ?3 WHERE until < ?4 OR owner = ?2",
                (key, self._owner, now + SECONDS, now),
            )
            return bool(taken.rowcount)

    def _drop_if_dead(self, key: bytes) -> bool:
        with self._lock:
            row = self._database.execute(
                "SELECT owner FROM leases WHERE key = ?", (key,)
            ).fetchone()
        if row is None:
            return True
        if not _is_dead(row[0]):
            return False
        with self._lock:
            self._database.execute("DELETE FROM leases WHERE owner = ?", row)
        return True

    def _write(self, statement: str, keys: list[bytes]) -> None:
        if not keys:
            return
        try:
            with self._lock:
                self._database.executemany(statement, [(self._owner, key) for key in keys])
        except sqlite3.Error:
            return  # they run out by themselves


def _owner_name() -> str:
    process = psutil.Process()
    return f"{platform.node()}/{process.pid}/{process.create_time()}/{uuid4().hex}"


def _is_dead(owner: str) -> bool:
    """Whether an owner was a process of this machine that is gone."""
    try:
        node, pid, born, _ = owner.rsplit("/", 3)
        if node != platform.node():
            return False
        return abs(psutil.Process(int(pid)).create_time() - float(born)) > 1
    except psutil.NoSuchProcess:
        return True
    except (ValueError, psutil.Error):
        return False
