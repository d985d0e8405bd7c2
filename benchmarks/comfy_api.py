"""ComfyUI's own way in: `POST /prompt`, then its websocket to the end, beside ComfyUI itself.

    python benchmarks/comfy_api.py --comfyui DIR [--comfyui-python PYTHON] [--size 400]

Both servers load the same pack, written for ComfyUI, and get such prompts from the same client in
turn, so that whatever else the machine does meets both: a chain, and one node that feeds all
others, which are all outputs. Prints JSON: median milliseconds from sending to `executing` without
a node, cold (nothing of it cached) and cached (the same prompt again), and how many times faster
Wirebrush was.
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
from contextlib import ExitStack, contextmanager
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
TURNS = {"wirebrush": 3, "comfyui": 1}
"""So often each is asked in a round: ComfyUI takes seconds for a chain."""
Run = Callable[[Mapping[str, Any]], float]
"""Runs a prompt: how many milliseconds it took."""
Figures = dict[str, dict[str, float]]
"""Milliseconds by shape, and by cold or cached."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comfyui", type=Path, help="a ComfyUI checkout to measure beside it")
    parser.add_argument("--comfyui-python", default=sys.executable, help="the Python it runs in")
    parser.add_argument("--size", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    result: dict[str, Any] = {
        "benchmark": "comfy_api",
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "size": options.size,
        "unit": "ms",
    }
    with ExitStack() as servers:
        runs = {"wirebrush": servers.enter_context(wirebrush_server())}
        if options.comfyui is not None:
            comfyui = comfyui_server(options.comfyui.absolute(), options.comfyui_python)
            runs["comfyui"] = servers.enter_context(comfyui)
        result |= measure(runs, options.size, options.rounds)
    if options.comfyui is not None:
        ours, theirs = result["wirebrush"], result["comfyui"]
        result["times_faster"] = {
            shape: {kind: round(theirs[shape][kind] / found[kind], 1) for kind in found}
            for shape, found in ours.items()
        }
    print(json.dumps(result, indent=2))


def measure(runs: Mapping[str, Run], size: int, rounds: int) -> dict[str, Figures]:
    """The medians of each server, for both shapes."""
    seed = int(time.time()) % 1_000_000
    found: dict[str, Figures] = {name: {} for name in runs}
    for shape in (chain, wide):
        times: dict[str, dict[str, list[float]]] = {}
        for name, run in runs.items():
            run(shape(3, seed))  # connections, imports
            times[name] = {"cold": [], "cached": []}
        turns = [name for name in runs for _ in range(TURNS[name])]
        for name in turns * rounds:
            seed += 10_000
            for taken in times[name].values():  # the second time all of it is cached
                taken.append(runs[name](shape(size, seed)))
        for name, kinds in times.items():
            medians = {kind: round(statistics.median(taken), 1) for kind, taken in kinds.items()}
            found[name][shape.__name__] = medians
    return found


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
    """A client of a server that is starting."""
    wait_for(server, lambda: answers(f"http://127.0.0.1:{port}/object_info/BenchKeep"), 300)
    with asyncio.Runner() as runner:
        yield lambda prompt: runner.run(talk(f"127.0.0.1:{port}", prompt))


async def talk(url: str, prompt: Mapping[str, Any]) -> float:
    """Milliseconds from sending a prompt to its end, over connections that are open already.

    With aiohttp, because what a client takes per message counts for both servers.
    """
    name = uuid.uuid4().hex
    body = {"prompt": prompt, "client_id": name}
    async with (
        aiohttp.ClientSession(f"http://{url}") as session,
        session.ws_connect(f"/ws?clientId={name}", max_msg_size=0) as events,
    ):
        async with session.get("/prompt") as answer:
            await answer.read()
        began = time.perf_counter()
        async with session.post("/prompt", json=body) as answer:
            job = (await answer.json())["prompt_id"]
        async for message in events:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            event = json.loads(message.data)
            if event["data"].get("prompt_id") != job:
                continue
            assert event["type"] != "execution_error", event
            if event["type"] == "executing" and event["data"]["node"] is None:
                return (time.perf_counter() - began) * 1000
    raise SystemExit("the server hung up")


if __name__ == "__main__":
    main()
