"""Alive is not the same as getting somewhere."""

from __future__ import annotations

from wirebrush.jobs.liveness import Liveness


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def watched() -> tuple[Liveness, Clock]:
    clock = Clock()
    return Liveness(beat_deadline=10, node_deadline=100, clock=clock), clock


def test_beats_keep_a_worker_alive_until_the_node_deadline() -> None:
    liveness, clock = watched()
    for _ in range(100):
        clock.now += 1
        liveness.beat(7)
    assert liveness.verdict() is None
    clock.now += 2
    liveness.beat(7)
    assert liveness.verdict() == "The node made no progress for 101 s."
    assert liveness.silence() is None


def test_progress_is_patience() -> None:
    liveness, clock = watched()
    for count in range(1000):
        clock.now += 1
        liveness.beat(count)
    assert liveness.verdict() is None


def test_an_event_is_progress_too() -> None:
    liveness, clock = watched()
    for _ in range(5):
        clock.now += 90
        liveness.moved()
        clock.now += 9
        liveness.beat(0)
    assert liveness.verdict() is None


def test_silence_is_the_worse_sign() -> None:
    liveness, clock = watched()
    clock.now = 11
    assert "did not answer for 11 s" in (liveness.verdict() or "")
    clock.now = 200
    assert "did not answer for 200 s" in (liveness.verdict() or "")
    liveness.restart()
    assert liveness.verdict() is None
