"""A chain of trivial nodes over the real server: submit by websocket, wait for the end.

    python benchmarks/http_chain.py [--sizes 50 400] [--repeats 5] [--comfyui DIR]

Prints JSON: median milliseconds from sending to the end, cold (nothing cached) and cached (the
same graph again). With `--comfyui` a ComfyUI checkout (0.3.64) runs the same chain beside it, in
the same Python, with the same nodes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from wirebrush.client import Studio

OUR_PACK = '''
from wirebrush import node

@node(id="ChainStart", category="benchmark")
def start(value: int) -> int:
    """Where the chain starts."""
    return value

@node(id="ChainLink", category="benchmark")
def link(value: int) -> int:
    """One more."""
    return value + 1

@node(id="ChainEnd", category="benchmark", output=True)
def end(value: int) -> int:
    """Where it ends."""
    return value
'''

THEIR_PACK = """
class Start:
    CATEGORY, FUNCTION, RETURN_TYPES = "benchmark", "run", ("INT",)
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 0, "max": 2**31})}}
    def run(self, value):
        return (value,)

class Link(Start):
    def run(self, value):
        return (value + 1,)

class End(Start):
    OUTPUT_NODE = True

NODE_CLASS_MAPPINGS = {"ChainStart": Start, "ChainLink": Link, "ChainEnd": End}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 400])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--comfyui", type=Path, help="a ComfyUI checkout to measure beside it")
    parser.add_argument("--comfyui-python", default=sys.executable, help="the Python it runs in")
    options = parser.parse_args()
    result: dict[str, Any] = {
        "benchmark": "http_chain",
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "unit": "ms",
    }
    with wirebrush_server() as run:
        result["wirebrush"] = measure(run, options.sizes, options.repeats)
    if options.comfyui is not None:
        with comfyui_server(options.comfyui.absolute(), options.comfyui_python) as run:
            result["comfyui"] = measure(run, options.sizes, min(3, options.repeats))
        result["times_faster"] = {
            size: {kind: round(theirs[kind] / ours[kind], 1) for kind in ours}
            for size, ours in result["wirebrush"].items()
            for theirs in [result["comfyui"][size]]
        }
    print(json.dumps(result, indent=2))


def measure(
    run: Callable[[dict[str, Any]], None], sizes: list[int], repeats: int
) -> dict[str, dict[str, float]]:
    """Median milliseconds per size, cold and cached."""
    seed = int(time.time()) % 1_000_000
    run(chain(3, seed))  # connections, imports
    found: dict[str, dict[str, float]] = {}
    for size in sizes:
        cold: list[float] = []
        cached: list[float] = []
        for _ in range(repeats):
            seed += 10_000
            cold.append(timed(run, chain(size, seed)))
            cached.append(timed(run, chain(size, seed)))
        found[str(size)] = {
            "cold": round(statistics.median(cold), 1),
            "cached": round(statistics.median(cached), 1),
        }
    return found


def timed(run: Callable[[dict[str, Any]], None], prompt: dict[str, Any]) -> float:
    began = time.perf_counter()
    run(prompt)
    return (time.perf_counter() - began) * 1000


def chain(size: int, seed: int) -> dict[str, Any]:
    """A prompt of `size` nodes in a row; the last one is an output."""
    prompt: dict[str, Any] = {"1": {"class_type": "ChainStart", "inputs": {"value": seed}}}
    for number in range(2, size):
        link = {"class_type": "ChainLink", "inputs": {"value": [str(number - 1), 0]}}
        prompt[str(number)] = link
    prompt[str(size)] = {"class_type": "ChainEnd", "inputs": {"value": [str(size - 1), 0]}}
    return prompt


@contextmanager
def wirebrush_server() -> Iterator[Callable[[dict[str, Any]], None]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data, packs = Path(folder) / "data", Path(folder) / "packs"
        packs.mkdir()
        (packs / "chain.py").write_text(OUR_PACK)
        arguments = ["-m", "wirebrush", "serve", "--no-browser", "--port", "0"]
        with process([*arguments, "--data", str(data), "--packs", str(packs)]) as server:
            wait_for(server, lambda: (data / "server.json").is_file())
            with Studio.open(data=data) as studio:
                wait_for(server, lambda: studio.request("GET", "/v1/health")["ready"])

                def run(prompt: dict[str, Any]) -> None:
                    end = studio.submit(prompt).wait()
                    assert end.state == "succeeded", end

                yield run


@contextmanager
def comfyui_server(checkout: Path, python: str) -> Iterator[Callable[[dict[str, Any]], None]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name in ("custom_nodes", "user", "input", "output", "models"):
            (Path(folder) / name).mkdir()
        (Path(folder) / "custom_nodes" / "chain.py").write_text(THEIR_PACK)
        port = free_port()
        arguments = [str(checkout / "main.py"), "--cpu", "--base-directory", folder]
        client = uuid.uuid4().hex
        arguments += ["--port", str(port), "--disable-auto-launch"]
        with process(arguments, python) as server:
            wait_for(server, lambda: answers(f"http://127.0.0.1:{port}/queue"), 300)
            with connect(f"ws://127.0.0.1:{port}/ws?clientId={client}", proxy=None) as events:

                def run(prompt: dict[str, Any]) -> None:
                    body = json.dumps({"prompt": prompt, "client_id": client}).encode()
                    request = urllib.request.Request(f"http://127.0.0.1:{port}/prompt", body)
                    with urllib.request.urlopen(request) as answer:
                        job = json.load(answer)["prompt_id"]
                    wait_for_end(events, job)

                yield run


def wait_for_end(events: Any, job: str) -> None:
    """ComfyUI says `executing` with no node when a prompt is done."""
    while True:
        message = events.recv()
        if isinstance(message, str):
            event = json.loads(message)
            data = event.get("data", {})
            if data.get("prompt_id") != job:
                continue
            assert event["type"] != "execution_error", data
            if event["type"] == "executing" and data["node"] is None:
                return


@contextmanager
def process(
    arguments: list[str], python: str = sys.executable
) -> Iterator[subprocess.Popen[bytes]]:
    server = subprocess.Popen(
        [python, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def wait_for(
    server: subprocess.Popen[bytes], ready: Callable[[], bool], seconds: float = 120
) -> None:
    began = time.monotonic()
    while not ready():
        if server.poll() is not None or time.monotonic() - began > seconds:
            raise SystemExit(f"the server did not start: {server.args}")
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
