"""The disk tier: survives restarts, may be shared by several processes, never trusts its bytes.

An index in SQLite holds small results inline; larger ones are a file each. Every read is checked
by length and CRC-32: what is damaged is dropped and counts as never computed.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

from wirebrush.engine.cache.blobs import Blobs
from wirebrush.engine.cache.codec import Codec, Encoded, Unencodable
from wirebrush.engine.cache.database import connect
from wirebrush.engine.cache.size import OVERHEAD
from wirebrush.engine.cache.store import Result, Shown
from wirebrush.events import Output

INLINE = 16 * 1024
SWEEP_TO = 0.9
RECOUNT = 20
"""Others write too: after each twentieth of the limit the bytes are counted anew."""
TOUCHES = 256
_CHUNK = 500
_COLUMNS = 8

log = logging.getLogger(__name__)


class DiskStore:
    """Results in a folder. Safe for threads and for several processes.

    Args:
        folder: Made if it is not there.
        codec: Turns values into bytes.
        limit: Bytes that inline entries and files may take together.
    """

    def __init__(self, folder: Path, codec: Codec, limit: int) -> None:
        self.limit = limit
        self._codec = codec
        folder.mkdir(parents=True, exist_ok=True)
        self._writer = connect(folder / "cache.db")
        self._reader = connect(folder / "cache.db")
        self._blobs = Blobs(folder / "blobs")
        self._lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._touched: list[bytes] = []
        self._age = self._stored_age()
        self._bytes = self._stored_bytes()
        self._uncounted = 0

    @property
    def writer(self) -> tuple[sqlite3.Connection, threading.Lock]:
        """The writing connection and its lock, for the tables beside the entries."""
        return self._writer, self._lock

    def has(self, keys: Iterable[bytes]) -> dict[bytes, Shown]:
        """Those of the keys that are here, a few hundred per question."""
        wanted = list(keys)
        found: dict[bytes, Shown] = {}
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            rows = self._read(f"SELECT key, shown FROM entries WHERE key IN ({marks})", part)
            for key, shown in rows:
                found[key] = _shown(shown)
        return found

    def get(self, key: bytes) -> Result | None:
        """The result, checked; one that is damaged is dropped."""
        rows = self._read(
            "SELECT packed, data, size, crc, seconds, shown FROM entries WHERE key = ?", [key]
        )
        if not rows:
            return None
        packed, inline, size, crc, seconds, shown = rows[0]
        data = self._blobs.read(key, size) if inline is None else bytearray(inline)
        try:
            if data is None or len(data) != size or crc32(data) != crc:
                raise ValueError("length or checksum is wrong")
            return Result(self._codec.decode(data, bool(packed)), _shown(shown), seconds)
        except ValueError as error:
            log.warning("Cache entry %s is damaged (%s): dropped.", key.hex(), error)
            self.drop(key)
            return None

    def put(self, key: bytes, result: Result) -> None:
        """Keep one result."""
        self.put_many([(key, result)])

    def put_many(self, entries: Sequence[tuple[bytes, Result]]) -> None:
        """Keep results in one transaction; on return they survive `kill -9`.

        What cannot be encoded is left out. OSError or sqlite3.Error if the disk does not take it.
        """
        rows: list[Any] = []
        added = 0
        for key, result in entries:
            encoded = self._encoded(result)
            if encoded is None or len(encoded.data) > self.limit:
                continue
            inline = len(encoded.data) < INLINE
            if not inline:
                self._blobs.write(key, encoded.data)
            rows += self._row(key, result, encoded, inline)
            added += OVERHEAD + len(encoded.data)
        with self._lock:
            self._insert(rows)
            self._bytes += added
            self._uncounted += added
            if self._uncounted * RECOUNT > self.limit or self._bytes > self.limit:
                self._bytes, self._uncounted = self._stored_bytes(), 0
            if self._bytes > self.limit:
                self._write_touches()
                self._evict()

    def drop(self, key: bytes) -> None:
        """Forget a result."""
        with self._lock, suppress(sqlite3.Error):
            self._writer.execute("DELETE FROM entries WHERE key = ?", [key])
        self._blobs.remove([key])

    def sweep(self) -> int:
        """Delete files without an entry, left by processes that died; returns how many.

        sqlite3.Error if the index cannot be read: then nothing is known to be an orphan.
        """
        with self._read_lock:
            rows = self._reader.execute("SELECT key FROM entries WHERE data IS NULL").fetchall()
        return self._blobs.sweep({key for (key,) in rows})

    def close(self) -> None:
        """Let go of the files."""
        with self._lock, self._read_lock:
            if self._touched:
                self._write_touches()
            self._writer.close()
            self._reader.close()

    def _encoded(self, result: Result) -> Encoded | None:
        try:
            return self._codec.encode(result.values)
        except Unencodable:
            return None
        except Exception:
            log.exception("A result cannot be written: it stays in memory.")
            return None

    def _row(self, key: bytes, result: Result, encoded: Encoded, inline: bool) -> tuple[Any, ...]:
        data, size = encoded.data, len(encoded.data)
        worth = self._age + result.seconds / (OVERHEAD + size)
        kept = data if inline else None
        shown = json.dumps([_output(item) for item in result.shown]) if result.shown else ""
        return (key, encoded.packed, kept, size, crc32(data), result.seconds, shown, worth)

    def _insert(self, rows: Sequence[Any]) -> None:
        """All rows by a few statements: each statement lets go of the interpreter once, and a
        busy executor may take milliseconds to give it back."""
        if not rows:
            return
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            for start in range(0, len(rows), _CHUNK * _COLUMNS):
                part = rows[start : start + _CHUNK * _COLUMNS]
                values = ",".join(["(?,?,?,?,?,?,?,?)"] * (len(part) // _COLUMNS))
                self._writer.execute(f"INSERT OR REPLACE INTO entries VALUES {values}", part)
            self._writer.execute("COMMIT")
        except BaseException:
            self._rollback()
            raise

    def _rollback(self) -> None:
        with suppress(sqlite3.Error):
            self._writer.execute("ROLLBACK")

    def _read(self, question: str, values: Sequence[Any]) -> list[Any]:
        """Rows, or none if the index cannot be read: a cache may always miss."""
        try:
            with self._read_lock:
                return self._reader.execute(question, values).fetchall()
        except sqlite3.Error as error:
            log.warning("The cache index cannot be read: %s", error)
            return []

    def _evict(self) -> None:
        """Make room down to nine tenths, the least worthy first."""
        goal = int(self.limit * SWEEP_TO)
        gone: list[bytes] = []
        rows = self._writer.execute("SELECT key, size, worth FROM entries ORDER BY worth")
        for key, size, worth in rows:
            if self._bytes <= goal:
                break
            gone.append(key)
            self._bytes -= OVERHEAD + size
            self._age = max(self._age, worth)
        rows.close()
        for start in range(0, len(gone), _CHUNK):
            part = gone[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            self._writer.execute(f"DELETE FROM entries WHERE key IN ({marks})", part)
        self._writer.execute("INSERT OR REPLACE INTO meta VALUES ('age', ?)", [self._age])
        self._blobs.remove(gone)

    def touch(self, key: bytes) -> None:
        """It was asked for, so it is worth more than its age says. Written down later."""
        self._touched.append(key)
        if len(self._touched) >= TOUCHES:
            with self._lock:
                self._write_touches()

    def _write_touches(self) -> None:
        touched, self._touched = self._touched, []
        with suppress(sqlite3.Error):
            self._writer.execute("BEGIN IMMEDIATE")
            self._writer.executemany(
                "UPDATE entries SET worth = max(worth, ? + 2 * seconds / (? + size)) WHERE key = ?",
                [(self._age, OVERHEAD, key) for key in touched],
            )
            self._writer.execute("COMMIT")

    def _stored_age(self) -> float:
        row = self._writer.execute("SELECT number FROM meta WHERE name = 'age'").fetchone()
        return row[0] if row else 0.0

    def _stored_bytes(self) -> int:
        question = "SELECT coalesce(sum(size), 0) + count(*) * ? FROM entries"
        (total,) = self._writer.execute(question, [OVERHEAD]).fetchone()
        return total


def _output(item: Output) -> dict[str, Any]:
    return {name: getattr(item, name) for name in Output.__dataclass_fields__}


def _shown(text: str) -> Shown:
    return tuple(Output(**item) for item in json.loads(text)) if text else ()
