"""The Python client, against the real server and the real engine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wirebrush.client
from wirebrush.client import Studio, StudioError
from wirebrush.events import Finished, NodeFinished, Queued

PACK = '''
from wirebrush import node
from wirebrush.api import Run

@node(id="Echo", category="test")
def echo(text: str = "hello", *, run: Run) -> None:
    """Show a text."""
    run.show_text(text)
'''


def echo(text: str) -> dict[str, Any]:
    return {"1": {"class_type": "Echo", "inputs": {"text": text}}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """One server for all tests: its data folder and its link."""
    root = tmp_path_factory.mktemp("studio")
    (root / "packs").mkdir()
    (root / "packs" / "echo.py").write_text(PACK)
    command = [sys.executable, "-m", "wirebrush", "serve", "--no-browser", "--port", "0"]
    folders = ["--data", str(root / "data"), "--packs", str(root / "packs"), "--device", "cpu"]
    process = subprocess.Popen([*command, *folders], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found is not None
    yield root / "data", found[0]
    process.terminate()
    process.communicate(timeout=30)


def test_submit_follow_fetch(server: tuple[Path, str]) -> None:
    with Studio.open(data=server[0]) as studio:
        job = studio.submit(echo("good morning"))
        events = list(job)
        assert isinstance(events[0], Queued)
        assert isinstance(events[-1], Finished)
        assert any(isinstance(event, NodeFinished) for event in events)
        assert job.end is not None
        assert job.end.state == "succeeded"
        assert [shown.fetch() for shown in job.outputs] == [b"good morning"]


def test_the_example_of_the_module_is_five_lines_and_works(
    server: tuple[Path, str], tmp_path: Path
) -> None:
    doc = wirebrush.client.__doc__ or ""
    lines = re.findall(r"^    (?:>>>|\.\.\.) (.*)$", doc, flags=re.MULTILINE)
    assert len(lines) == 5
    (tmp_path / "cat.json").write_text('{"1": {"class_type": "Echo", "inputs": {"text": "x"}}}')
    environ = {**os.environ, "WIREBRUSH_DATA": str(server[0])}
    ran = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Finished(state='succeeded'" in ran.stdout


def test_by_the_printed_link_and_two_jobs_at_once(server: tuple[Path, str]) -> None:
    with Studio.open(server[1]) as studio:
        first, second = studio.submit(echo("one")), studio.submit(echo("two"))
        assert second.wait().state == "succeeded"
        assert first.wait().state == "succeeded"
        assert [first.outputs[0].fetch(), second.outputs[0].fetch()] == [b"one", b"two"]


def test_a_graph_that_cannot_run_raises_with_problems(server: tuple[Path, str]) -> None:
    with Studio.open(server[1]) as studio:
        with pytest.raises(StudioError, match="Ecko") as refused:
            studio.submit({"1": {"class_type": "Ecko", "inputs": {}}})
        assert refused.value.problems[0].node == "1"
        assert studio.submit(echo("still there")).wait().state == "succeeded"


def test_it_comes_back_after_an_interruption(server: tuple[Path, str]) -> None:
    with Studio.open(server[1]) as studio:
        job = studio.submit(echo("interrupted"))
        studio._socket.close()
        assert job.wait().state == "succeeded"
        assert [shown.output.text for shown in job.outputs] == ["interrupted"]


def test_other_routes_and_refusals(server: tuple[Path, str]) -> None:
    with Studio.open(server[1]) as studio:
        assert studio.request("GET", "/v1/health")["status"] == "ok"
        with pytest.raises(StudioError, match="no job"):
            studio.request("GET", "/v1/jobs/nothing")
    with pytest.raises(StudioError, match="token"):
        Studio.open(server[1].partition("?")[0], token="wrong")


def test_no_server_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="wirebrush serve"):
        Studio.open(data=tmp_path)
    with pytest.raises(StudioError, match="cannot be reached"):
        Studio.open("http://127.0.0.1:9", token="x")
