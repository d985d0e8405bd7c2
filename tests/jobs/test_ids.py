"""Ids are unique and sort by time, whatever the clock does."""

from __future__ import annotations

import time

import pytest

from wirebrush.jobs.ids import Ids, tail


def test_ids_are_short_unique_and_in_order() -> None:
    ids = Ids()
    made = [ids.new() for _ in range(5000)]
    assert made == sorted(set(made))
    assert {len(item) for item in made} == {16}
    assert len({tail(item) for item in made}) == 5000


def test_a_clock_that_goes_back_does_not_disturb(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = Ids()
    before = ids.new()
    yesterday = time.time_ns() - 86_400_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: yesterday)
    assert ids.new() > before


def test_ids_of_different_times_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    for second in (1, 2, 1_700_000_000, 4_000_000_000):
        monkeypatch.setattr(time, "time_ns", lambda second=second: second * 1_000_000_000)
        made.append(Ids().new())
    assert made == sorted(made)
