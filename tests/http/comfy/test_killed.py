"""`kill -9` of worker and server while a ComfyUI client's prompt runs: real processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.sync.client import connect

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="kills with POSIX signals"),
    pytest.mark.timeout(600),  # three workers start, each of which imports torch
]

PACK = """
import time
from pathlib import Path
from comfy.utils import ProgressBar

GO = Path(__file__).parent / "go"

def note(line):
    with (Path(__file__).parent / "ledger.txt").open("a") as file:
        file.write(line + chr(10))

class Quick:
    CATEGORY, FUNCTION, RETURN_TYPES = "t", "run", ("INT",)
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 0})}}
    def run(self, value):
        note(f"Quick {value}")
        return (value,)

class Slow(Quick):
    def run(self, value):
        note(f"Slow {value}")
        bar = ProgressBar(10_000)
        while not GO.exists():
            time.sleep(0.05)
            bar.update(1)
        return (value,)

class Tell(Quick):
    RETURN_TYPES, OUTPUT_NODE = (), True
    def run(self, value):
        return {"ui": {"text": [str(value)]}}

NODE_CLASS_MAPPINGS = {"Quick": Quick, "Slow": Slow, "Tell": Tell}
"""


def prompt(value: int) -> dict[str, Any]:
    kinds = {"1": ("Quick", value), "2": ("Slow", ["1", 0])}
    kinds |= {"3": ("Tell", ["2", 0]), "4": ("Tell", ["1", 0])}
    return {n: {"class_type": kind, "inputs": {"value": v}} for n, (kind, v) in kinds.items()}


class Server:
    """`wirebrush serve --comfy` on a folder; it keeps its port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packs = folder / "custom_nodes"
        self.packs.mkdir()
        (self.packs / "slow.py").write_text(PACK)
        self.gate = self.packs / "go"
        self.port = "0"

    def start(self) -> None:
        command = [sys.executable, "-m", "wirebrush", "serve", "--no-browser", "--comfy"]
        command += ["--comfy-packs", str(self.packs), "--all-packs-on", "--device", "cpu"]
        command += ["--data", str(self.folder / "data"), "--port", self.port]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = re.search(r":(\d+)", self.process.stdout.readline())
        assert found is not None
        self.port = found[1]
        until(lambda: self.get("object_info/Tell"))

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=300) as answer:
            return json.load(answer)

    def submit(self, value: int) -> str:
        body = json.dumps({"prompt": prompt(value), "client_id": "me"}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/prompt", body)
        with urllib.request.urlopen(request, timeout=300) as answer:
            return json.load(answer)["prompt_id"]

    def listen(self) -> Any:
        return connect(f"ws://127.0.0.1:{self.port}/ws?clientId=me", proxy=None, open_timeout=60)

    def begun(self, line: str) -> None:
        """Wait until a node has written that it began; it goes on when the gate is there."""
        until(lambda: self.ledger()[-1:] == [line])

    def kill_worker(self) -> None:
        for child in psutil.Process(self.process.pid).children(recursive=True):
            if "wirebrush.engine" in child.cmdline():
                child.kill()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.communicate(timeout=300)

    def ledger(self) -> list[str]:
        return (self.packs / "ledger.txt").read_text().splitlines()


def until(done: Callable[[], Any], seconds: float = 300) -> Any:
    deadline = time.monotonic() + seconds
    while not (answer := done()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return answer


def heard(events: Any, node: str | None, prompt_id: str) -> list[str]:
    """The kinds of what is said until a node runs; None: until the prompt is over."""
    kinds: list[str] = []
    while True:
        message = events.recv(timeout=300)
        event = json.loads(message)
        kinds.append(event["type"])
        data = event["data"]
        if event["type"] == "executing" and data["prompt_id"] == prompt_id:
            if data["node"] == node:
                return kinds


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


def ended_well(entry: dict[str, Any], value: int) -> None:
    """A history entry is whole: both outputs, the messages of one run in their order."""
    assert entry["status"]["status_str"] == "success", entry
    assert entry["status"]["completed"] is True
    assert entry["outputs"] == {node: {"text": [str(value)]} for node in ("3", "4")}
    kinds = [kind for kind, _ in entry["status"]["messages"]]
    assert kinds == ["execution_start", "execution_cached", "execution_success"]


def test_a_killed_worker_and_a_killed_server_lose_no_prompt(server: Server) -> None:
    with server.listen() as events:
        first = server.submit(5)
        heard(events, "2", first)
        server.begun("Slow 5")
        server.kill_worker()
        server.gate.touch()
        kinds = heard(events, None, first)
        assert kinds.count("execution_success") == 1
        assert "execution_error" not in kinds
        ended_well(server.get(f"history/{first}")[first], 5)
        assert server.ledger() == ["Quick 5", "Slow 5", "Slow 5"], "what had finished ran once"

        server.gate.unlink()
        second = server.submit(6)
        heard(events, "2", second)
        server.begun("Slow 6")
        server.kill()
    server.start()
    with server.listen():
        queue = server.get("queue")
        (waiting,) = queue["queue_running"] + queue["queue_pending"]
        assert waiting[1] == second
        server.gate.touch()
        until(lambda: second in server.get("history"))
    history = server.get("history")
    assert list(history) == [first, second]
    ended_well(history[first], 5)
    ended_well(history[second], 6)
    assert server.ledger()[3:] == ["Quick 6", "Slow 6", "Slow 6"]
