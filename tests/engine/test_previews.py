"""Previews never keep the work waiting, and never come after its end."""

from __future__ import annotations

import threading
import time

from wirebrush.engine.previews import Previews


def wait_for(event: threading.Event) -> None:
    assert event.wait(60), "it did not happen"


def test_a_slow_decoder_does_not_slow_the_loop() -> None:
    begun, release, shown = threading.Event(), threading.Event(), list[bytes]()
    previews = Previews(shown.append)

    def slow() -> bytes:
        begun.set()
        wait_for(release)
        return b"old"

    previews.offer(slow)
    wait_for(begun)
    for step in range(1_000):
        previews.offer(lambda step=step: b"%d" % step)
    assert shown == [], "offers wait for nothing: the decoder is still at work"
    release.set()
    _until(lambda: len(shown) == 2)
    assert shown == [b"old", b"999"], "the newest wins"


def test_nothing_is_shown_after_the_end() -> None:
    begun, release, done = threading.Event(), threading.Event(), threading.Event()
    shown: list[bytes] = []
    previews = Previews(shown.append)

    def slow() -> bytes:
        begun.set()
        wait_for(release)
        done.set()
        return b"late"

    previews.offer(slow)
    wait_for(begun)
    previews.offer(lambda: b"later")
    previews.drop()
    release.set()
    wait_for(done)
    previews.offer(lambda: b"of the next run")
    _until(lambda: bool(shown))
    assert shown == [b"of the next run"]


def test_one_that_fails_is_one_picture_less() -> None:
    shown: list[bytes] = []
    previews = Previews(shown.append)
    failed = threading.Event()

    def broken() -> bytes:
        failed.set()
        raise ValueError("no VAE")

    previews.offer(broken)
    wait_for(failed)
    previews.offer(lambda: None)
    previews.offer(lambda: b"next")
    _until(lambda: bool(shown))
    assert shown == [b"next"]


def _until(true: object) -> None:
    deadline = time.monotonic() + 60
    while callable(true) and not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)
