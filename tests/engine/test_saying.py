"""The latest word is told, and not too many."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

import pytest

from wirebrush.engine import saying as saying_module
from wirebrush.engine.saying import SECONDS, Saying
from wirebrush.events import NodeFinished, NodeSaid, NodeStarted

PACK = """
@node(id="Talk", category="t", output=True)
def talk(*, run: Run) -> None:
    run.say("Reading.")
    run.say("Writing.")
"""


def test_the_first_is_told_at_once_and_of_others_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(saying_module, "SECONDS", 3600.0)  # whatever else the machine does
    told: list[str] = []
    saying = Saying(told.append)
    for text in ("Reading.", "Sorting.", "Writing."):
        saying.say(text)
    assert told == ["Reading."]
    saying.end()
    assert told == ["Reading.", "Writing."]


def test_the_last_is_told_without_another() -> None:
    told: list[tuple[float, str]] = []
    saying = Saying(lambda text: told.append((time.monotonic(), text)))
    began = time.monotonic()
    for text in ("Reading.", "Writing."):
        saying.say(text)
    deadline = time.monotonic() + 60
    while len(told) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert [text for _, text in told] == ["Reading.", "Writing."]
    assert told[1][0] - began >= SECONDS * 0.9


def test_nothing_comes_after_the_end() -> None:
    told: list[str] = []
    saying = Saying(told.append)
    saying.say("Reading.")
    saying.say("Writing.")
    saying.end()
    saying.end()
    assert told == ["Reading.", "Writing."]
    time.sleep(SECONDS * 1.5)
    assert told == ["Reading.", "Writing."]


@pytest.mark.parametrize("rules", ["", "comfy"])
def test_a_node_speaks_between_its_start_and_its_end(
    bench_of: Callable[..., Any], rules: Literal["", "comfy"]
) -> None:
    job = bench_of(PACK).run({"1": ("Talk", {})}, "1", rules=rules)
    told = [e for e in job.events if isinstance(e, NodeStarted | NodeSaid | NodeFinished)]
    assert isinstance(told[0], NodeStarted)
    assert told[1:-1] == [NodeSaid("1", "Reading."), NodeSaid("1", "Writing.")]
    assert isinstance(told[-1], NodeFinished)
