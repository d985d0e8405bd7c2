"""What a person sees on a terminal, and what a log does not get."""

from __future__ import annotations

import io

import pytest

from wirebrush.cli.run import Progress
from wirebrush.cli.say import Bar, tell_problems
from wirebrush.events import NodeFinished, NodeProgress, NodesPlanned, NodeStarted, Problem


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_bar_is_one_line_and_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    bar = Bar(stream)
    bar.show(0.5, "2/4 nodes")
    bar.show(0.5, "2/4 nodes")
    assert stream.getvalue().count("2/4") == 1
    assert "█" * 12 + "·" * 12 in stream.getvalue()
    bar.clear()
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().endswith("\r")


def test_a_log_gets_no_bar() -> None:
    stream = io.StringIO()
    Bar(stream).show(0.5, "x")
    assert stream.getvalue() == ""


def test_progress_counts_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", stream)
    progress = Progress(10)
    progress(NodesPlanned(run=("1", "2"), cached=("3",)))
    progress(NodeStarted("1"))
    progress(NodeProgress("1", 5, 10))
    assert "0/2 nodes  1: 5/10" in stream.getvalue()
    progress(NodeFinished("1", cached=False))
    progress(NodeFinished("3", cached=True))
    assert "1/2 nodes" in stream.getvalue()


def test_problems_have_a_place_and_a_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    tell_problems([Problem("x", "It is wrong.", "Mend it.", "3", "seed")], "w.json")
    assert capsys.readouterr().err == (
        "error: It is wrong.\n    in w.json, node 3, input seed\n    Mend it.\n"
    )
