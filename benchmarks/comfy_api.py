"""ComfyUI's own way in: `POST /prompt`, then its websocket to the end, beside ComfyUI itself.

    python benchmarks/comfy_api.py --comfyui DIR [--comfyui-python PYTHON] [--size 400]

Both servers load the same pack, written for ComfyUI, and get the same prompts from the same
client: a chain, and one node that feeds all others, which are all outputs. Prints JSON: median
milliseconds from sending to `executing` without a node, cold (nothing of it cached) and cached
(the same prompt again), and how many times faster Wirebrush was.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from http_chain import answers, free_port, process, wait_for

PACK = """
class Number:
    CATEGORY, FUNCTION, RETURN_TYPES = "benchmark", "run", ("INT",)
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 0, "max": 2**31})}}
    def run(self, value):
        return (value,)

class Add(Number):
    @classmethod
    def INPUT_TYPES(cls):
        number = ("INT", {"default": 0, "max": 2**31})
        return {"required": {"a": number, "b": number}}
    def run(self, a, b):
        return (a + b,)

class Keep(Add):
    OUTPUT_NODE = True

NODE_CLASS_MAPPINGS = {"BenchNumber": Number, "BenchAdd": Add, "BenchKeep": Keep}
"""
Run = Callable[[Mapping[str, Any]], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comfyui", type=Path, help="a ComfyUI checkout to measure beside it")
    parser.add_argument("--comfyui-python", default=sys.executable, help="the Python it runs in")
    parser.add_argument("--size", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    result: dict[str, Any] = {
        "benchmark": "comfy_api",
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "size": options.size,
        "unit": "ms",
    }
    with wirebrush_server() as run:
        result["wirebrush"] = ours = measure(run, options.size, options.repeats)
    if options.comfyui is not None:
        with comfyui_server(options.comfyui.absolute(), options.comfyui_python) as run:
            result["comfyui"] = theirs = measure(run, options.size, min(3, options.repeats))
        result["times_faster"] = {
            shape: {kind: round(theirs[shape][kind] / found[kind], 1) for kind in found}
            for shape, found in ours.items()
        }
    print(json.dumps(result, indent=2))


def measure(run: Run, size: int, repeats: int) -> dict[str, dict[str, float]]:
    """Median milliseconds per shape, cold and cached."""
    seed = int(time.time()) % 1_000_000
    found: dict[str, dict[str, float]] = {}
    for shape in (chain, wide):
        run(shape(3, seed))  # connections, imports
        cold: list[float] = []
        cached: list[float] = []
        for _ in range(repeats):
            seed += 10_000
            cold.append(timed(run, shape(size, seed)))
            cached.append(timed(run, shape(size, seed)))
        found[shape.__name__] = {
            "cold": round(statistics.median(cold), 1),
            "cached": round(statistics.median(cached), 1),
        }
    return found


def timed(run: Run, prompt: Mapping[str, Any]) -> float:
    began = time.perf_counter()
    run(prompt)
    return (time.perf_counter() - began) * 1000


def chain(size: int, seed: int) -> dict[str, Any]:
    """Each node feeds the next; the last one is an output."""
    prompt = {"1": node("BenchNumber", value=seed)}
    for number in range(2, size + 1):
        kind = "BenchAdd" if number < size else "BenchKeep"
        prompt[str(number)] = node(kind, a=[str(number - 1), 0], b=number)
    return prompt


def wide(size: int, seed: int) -> dict[str, Any]:
    """One node feeds all others, which are outputs."""
    others = {str(n): node("BenchKeep", a=["1", 0], b=n) for n in range(2, size + 1)}
    return {"1": node("BenchNumber", value=seed), **others}


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


@contextmanager
def wirebrush_server() -> Iterator[Run]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        packs = pack_folder(Path(folder))
        port = free_port()
        arguments = ["-m", "wirebrush", "serve", "--no-browser", "--port", str(port), "--comfy"]
        arguments += ["--data", f"{folder}/data", "--comfy-packs", str(packs), "--all-packs-on"]
        with (
            process([*arguments, "--device", "cpu"]) as server,
            client(server, port) as run,
        ):
            yield run


@contextmanager
def comfyui_server(checkout: Path, python: str) -> Iterator[Run]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name in ("user", "input", "output", "models"):
            (Path(folder) / name).mkdir()
        pack_folder(Path(folder))
        port = free_port()
        arguments = [str(checkout / "main.py"), "--cpu", "--base-directory", folder]
        arguments += ["--port", str(port), "--disable-auto-launch", "--disable-api-nodes"]
        with process(arguments, python) as server, client(server, port) as run:
            yield run


def pack_folder(folder: Path) -> Path:
    """A folder of packs with the one that both servers load."""
    packs = folder / "custom_nodes"
    packs.mkdir()
    (packs / "bench.py").write_text(PACK)
    return packs


@contextmanager
def client(server: Any, port: int) -> Iterator[Run]:
    """A client of a server that is starting; it has one websocket for all its prompts.

    aiohttp's, because what a client takes per message counts for both servers.
    """
    wait_for(server, lambda: answers(f"http://127.0.0.1:{port}/object_info/BenchKeep"), 300)
    with asyncio.Runner() as runner:
        talk = runner.run(Talk.begin(f"127.0.0.1:{port}"))

        def run(prompt: Mapping[str, Any]) -> None:
            runner.run(talk.run(prompt))

        try:
            yield run
        finally:
            runner.run(talk.end())


@dataclass
class Talk:
    """A session with a server, and its websocket."""

    url: str
    name: str
    session: aiohttp.ClientSession
    events: aiohttp.ClientWebSocketResponse

    @classmethod
    async def begin(cls, url: str) -> Talk:
        name, session = uuid.uuid4().hex, aiohttp.ClientSession()
        address = f"ws://{url}/ws?clientId={name}"
        return cls(url, name, session, await session.ws_connect(address, max_msg_size=0))

    async def run(self, prompt: Mapping[str, Any]) -> None:
        body = {"prompt": prompt, "client_id": self.name}
        async with self.session.post(f"http://{self.url}/prompt", json=body) as answer:
            job = (await answer.json())["prompt_id"]
        async for message in self.events:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            event = json.loads(message.data)
            if event["data"].get("prompt_id") != job:
                continue
            assert event["type"] != "execution_error", event
            if event["type"] == "executing" and event["data"]["node"] is None:
                return
        raise SystemExit("the server hung up")

    async def end(self) -> None:
        await self.events.close()
        await self.session.close()


if __name__ == "__main__":
    main()
