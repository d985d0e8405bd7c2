"""Durable, then told: results go to disk in batches, and only then "finished" is said.

The executor hands over results and goes on. A thread writes what has gathered after 20 ms, or 256
results, in one transaction, and then emits their events: so a `NodeFinished` that somebody saw is
on disk, and ten thousand trivial nodes cost a few dozen transactions.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from wirebrush.engine.cache.disk import DiskStore
from wirebrush.engine.cache.size import size_of
from wirebrush.engine.cache.store import Result
from wirebrush.engine.leases import Leases
from wirebrush.events import Event

DELAY = 0.02
BATCH = 256
PENDING_BYTES = 512 * 1024 * 1024

Emit = Callable[[Sequence[Event]], None]

log = logging.getLogger(__name__)


class Record(NamedTuple):
    """A result to write (none if it stays in memory), and what to say afterwards."""

    emit: Emit
    event: Event
    key: bytes = b""
    result: Result | None = None
    size: int = 0


class Recorder:
    """Owns the thread that writes to the disk tier.

    Args:
        disk: Where results go; None keeps only the order of events.
        leases: Given up once a result is on disk.
    """

    def __init__(self, disk: DiskStore | None, leases: Leases | None) -> None:
        self._disk = disk
        self._leases = leases
        self._pending: deque[Record | threading.Event] = deque()
        self._bytes = 0
        self._some = threading.Event()
        self._now = threading.Event()
        self._closed = False
        self._busy = False
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    def submit(self, record: Record) -> None:
        """Queue a result and its event. Waits if more is pending than memory should hold."""
        if record.size:
            self._bytes += record.size
        self._pending.append(record)
        self._wake()
        if self._bytes > PENDING_BYTES:
            self.drain()

    def drain(self) -> None:
        """Wait until everything that was submitted before is written and told."""
        if threading.current_thread() is self._thread or not self._thread.is_alive():
            return
        # In this order: what is not pending any more is in the hands of the thread, or told. A job
        # of which all is cached drains twice, and each time two threads would have to take turns.
        if not self._pending and not self._busy:
            return
        done = threading.Event()
        self._pending.append(done)
        self._now.set()
        self._some.set()
        while not done.wait(1.0):
            if not self._thread.is_alive():
                return

    def close(self) -> None:
        """Write what is left and stop."""
        self.drain()
        self._closed = True
        self._now.set()
        self._some.set()
        self._thread.join(10.0)

    def _wake(self) -> None:
        if not self._some.is_set():
            self._some.set()
        if len(self._pending) >= BATCH and not self._now.is_set():
            self._now.set()

    def _work(self) -> None:
        while not self._closed:
            self._some.wait(5.0)
            if self._leases is not None:
                self._leases.renew()
            if not self._some.is_set():
                continue
            self._now.wait(DELAY)
            self._some.clear()
            self._now.clear()
            self._busy = True
            batch = [self._pending.popleft() for _ in range(len(self._pending))]
            self._write(batch)
            self._tell(batch)
            self._busy = False
            if not self._pending:
                self._bytes = 0

    def _write(self, batch: Sequence[Record | threading.Event]) -> None:
        records = [item for item in batch if isinstance(item, Record)]
        entries = [(item.key, item.result) for item in records if item.result is not None]
        if self._disk is None or not entries:
            return
        try:
            self._disk.put_many(entries)
        except (OSError, sqlite3.Error) as error:
            log.error("The cache folder takes no results (%s): they stay in memory.", error)
        except Exception:
            log.exception("Results could not be written: they stay in memory.")
        if self._leases is not None:
            self._leases.release(key for key, _ in entries)

    def _tell(self, batch: Sequence[Record | threading.Event]) -> None:
        """Emit the events of each job in their order; barriers in between are lifted."""
        told: dict[int, tuple[Emit, list[Event]]] = {}
        emit, events = None, list[Event]()
        for item in batch:
            if not isinstance(item, Record):
                continue
            if item.emit is not emit:
                emit = item.emit
                events = told.setdefault(id(emit), (emit, []))[1]
            events.append(item.event)
        for emit, events in told.values():
            try:
                emit(events)
            except Exception:
                log.exception("Events could not be delivered.")
        for item in batch:
            if isinstance(item, threading.Event):
                item.set()


def record_size(result: Result) -> int:
    """What a pending result holds in memory; 0 for small ones, which are bounded by number."""
    size = sum(map(size_of, result.values))
    return size if size > 4096 else 0
