"""The Python client, against the real server and the real engine."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import pytest
from websockets.utils import accept_key

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
    process.communicate(timeout=300)


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
        timeout=300,
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


def test_it_comes_back_through_a_door_that_slams(server: tuple[Path, str]) -> None:
    """As when a server is killed while we connect: before, within and after the handshake."""
    with Door(server[1]) as door, Studio.open(door.url) as studio:
        job = studio.submit(echo("slammed"))
        door.slams = [0, 1, 2]
        studio._socket.close()
        assert job.wait().state == "succeeded"
        assert door.slams == []


class Door:
    """Lets connections through to a server; `slams` says after how many reads the next are cut."""

    def __init__(self, url: str) -> None:
        self._port = int(url.split(":")[2].split("/")[0])
        self._socket = socket.create_server(("127.0.0.1", 0))
        port = self._socket.getsockname()[1]
        self._mine, self._theirs = (b":%d" % number for number in (port, self._port))
        self.url = url.replace(self._theirs.decode(), self._mine.decode())
        self.slams: list[int] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # closed: the test is over
            while True:
                client = self._socket.accept()[0]
                inside = socket.create_connection(("127.0.0.1", self._port))
                reads = self.slams.pop(0) if self.slams else 1_000_000
                for pair in ((client, inside), (inside, client)):
                    threading.Thread(target=self._carry, args=(*pair, reads), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, reads: int) -> None:
        with contextlib.suppress(OSError), source, target:
            while reads > 0 and (data := source.recv(65536)):
                target.sendall(data.replace(self._mine, self._theirs))
                reads -= 1
            for end in (source, target):
                end.shutdown(socket.SHUT_RDWR)


def test_other_routes_and_refusals(server: tuple[Path, str]) -> None:
    with Studio.open(server[1]) as studio:
        assert studio.request("GET", "/v1/health")["status"] == "ok"
        with pytest.raises(StudioError, match="no job"):
            studio.request("GET", "/v1/jobs/nothing")
    with pytest.raises(StudioError, match="token"):
        Studio.open(server[1].partition("?")[0], token="wrong")


def test_a_server_that_ends_while_it_answers_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        answered = pool.submit(_half_an_answer, server)
        with pytest.raises(StudioError, match="cannot be reached: IncompleteRead"):
            with Studio.open(f"http://127.0.0.1:{server.getsockname()[1]}/", token="any") as studio:
                studio.request("GET", "/v1/health")
        answered.result(60)


def _half_an_answer(server: socket.socket) -> None:
    """What a server sends that is killed: a websocket that ends, and half of what was asked for."""
    listening, _ = server.accept()
    key = listening.recv(65536).partition(b"Sec-WebSocket-Key: ")[2].split(b"\r\n")[0].decode()
    head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    listening.sendall(f"{head}Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n".encode())
    hello = b'{"server": "s", "seq": 0}'
    listening.sendall(bytes([0x81, len(hello)]) + hello)
    asking, _ = server.accept()
    with listening, asking:
        asking.recv(65536)
        asking.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")


def test_no_server_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="wirebrush serve"):
        Studio.open(data=tmp_path)
    with pytest.raises(StudioError, match="cannot be reached"):
        Studio.open("http://127.0.0.1:9", token="x")
