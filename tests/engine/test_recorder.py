"""What was said to be finished is on disk: order, batches, barriers."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from wirebrush.engine.cache.codec import Codec
from wirebrush.engine.cache.disk import DiskStore
from wirebrush.engine.cache.store import Result
from wirebrush.engine.recorder import BATCH, Record, Recorder
from wirebrush.events import Event, NodeFinished


def named(number: int) -> bytes:
    return number.to_bytes(16, "big")


def record(number: int, emit: object) -> Record:
    event = NodeFinished(str(number), False)
    return Record(emit, event, named(number), Result((number,)))  # pyright: ignore[reportArgumentType]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[DiskStore]:
    store = DiskStore(tmp_path, Codec({}), 1 << 30)
    yield store
    store.close()


def test_an_event_is_told_only_when_its_result_is_on_disk(disk: DiskStore) -> None:
    recorder = Recorder(disk, None)
    told: list[str] = []
    early: list[str] = []

    def emit(events: Sequence[Event]) -> None:
        for event in events:
            assert isinstance(event, NodeFinished)
            told.append(event.node)
            if not disk.has([named(int(event.node))]):
                early.append(event.node)

    for number in range(3 * BATCH):
        recorder.submit(record(number, emit))
    recorder.drain()
    assert told == [str(number) for number in range(3 * BATCH)]
    assert early == []
    recorder.close()


def test_a_drain_waits_for_what_is_being_told(disk: DiskStore) -> None:
    recorder = Recorder(disk, None)
    telling, told, drained = threading.Event(), threading.Event(), threading.Event()

    def emit(_events: Sequence[Event]) -> None:
        telling.set()
        told.wait(60)

    def drain() -> None:
        recorder.drain()
        drained.set()

    recorder.submit(record(1, emit))
    assert telling.wait(60)
    threading.Thread(target=drain).start()
    assert not drained.wait(0.05), "nothing is pending any more, but it is not told yet"
    told.set()
    assert drained.wait(60)
    recorder.close()


def test_it_does_not_wait_for_company(disk: DiskStore) -> None:
    recorder = Recorder(disk, None)
    heard = threading.Event()
    recorder.submit(record(1, lambda _events: heard.set()))
    assert heard.wait(60), "a single result is written after a moment, without a drain"
    recorder.close()


def test_closing_writes_what_is_left(disk: DiskStore) -> None:
    recorder = Recorder(disk, None)
    recorder.submit(record(1, lambda _events: None))
    recorder.close()
    assert disk.has([named(1)])
    recorder.drain()


def test_a_large_backlog_makes_the_executor_wait(
    disk: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wirebrush.engine.recorder.PENDING_BYTES", 1_000)
    recorder = Recorder(disk, None)
    recorder.submit(record(1, lambda _events: None)._replace(size=2_000))
    assert disk.has([named(1)])
    recorder.close()
