"""What a new worker process still knows: hit rate and time after a restart and after `kill -9`.

    python benchmarks/cache_restart.py [--nodes 2000] [--tensors 20] [--repeats 5]

Prints JSON. A worker runs a graph of trivial nodes and of nodes that make 4 MB tensors, ends (by
`stop`, or by `kill -9` as soon as it has said "finished"), and a new one gets the same graph:
once for the last node alone, once for every node. `read_ms` is the median time to take one 4 MB
tensor from disk, checked; `memory_us` the same from memory.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from wirebrush.api import values
from wirebrush.channel import BlockingChannel, Frame
from wirebrush.engine.cache.codec import Codec, record_types
from wirebrush.engine.cache.disk import DiskStore
from wirebrush.engine.cache.memory import MemoryStore
from wirebrush.engine.cache.store import Result

PACK = """
import torch
from wirebrush.api import Latent, node

@node(id="Add", category="benchmark")
def add(a: int = 0, b: int = 1) -> int:
    return (a + b) % 1000

@node(id="Latent", category="benchmark")
def latent(seed: int) -> Latent:
    return Latent(torch.full((1, 16, 256, 256), float(seed)))

@node(id="Sum", category="benchmark")
def total(latent: Latent, plus: int) -> int:
    return int(latent.samples.sum()) % 1000 + plus
"""
Prompt = dict[str, Any]


def graph(nodes: int, tensors: int) -> Prompt:
    """A chain with a large tensor added in every so often."""
    prompt: Prompt = {"0": {"class_type": "Add", "inputs": {}}}
    every = max(1, nodes // max(1, tensors))
    for i in range(1, nodes):
        if i % every:
            prompt[str(i)] = {"class_type": "Add", "inputs": {"a": [str(i - 1), 0], "b": i}}
            continue
        prompt[f"t{i}"] = {"class_type": "Latent", "inputs": {"seed": i}}
        inputs = {"latent": [f"t{i}", 0], "plus": [str(i - 1), 0]}
        prompt[str(i)] = {"class_type": "Sum", "inputs": inputs}
    return prompt


class Worker:
    """A worker process, as the server starts it."""

    def __init__(self, folder: Path) -> None:
        config = {
            "cache": str(folder / "cache"),
            "packs": [str(folder / "packs")],
            "entry_points": False,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wirebrush.engine", json.dumps(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        out, into = self.process.stdout, self.process.stdin
        self.channel = BlockingChannel(cast("BinaryIO", out), cast("BinaryIO", into))
        self.until("catalog")

    def until(self, kind: str) -> Frame:
        while (frame := self.channel.receive()).type != kind:
            continue
        return frame

    def run(self, prompt: Prompt, targets: list[str]) -> tuple[float, dict[str, Any]]:
        started = time.perf_counter()
        header = {"type": "run", "job": "j", "epoch": 1, "targets": targets}
        more = {"metadata": {}, "previews": False, "scope": "j"}
        self.channel.send(header | more, json.dumps(prompt).encode())
        event = self.until("finished").header["event"]
        if event["state"] != "succeeded":
            raise SystemExit(str(event["problems"][:1]))
        return time.perf_counter() - started, event["summary"]

    def stop(self) -> None:
        self.channel.send({"type": "stop"})
        self.process.wait(30)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(30)


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        packs = Path(name, "packs")
        packs.mkdir()
        (packs / "benchmark.py").write_text(PACK)
        yield Path(name)


def restart(prompt: Prompt, how: str) -> dict[str, Any]:
    """One life, one death, and what the next life still knows."""
    last = [next(reversed(prompt))]
    with folder() as place:
        first = Worker(place)
        cold, summary = first.run(prompt, last)
        first.kill() if how == "kill -9" else first.stop()
        second = Worker(place)
        warm, again = second.run(prompt, last)
        second.stop()
        third = Worker(place)
        every, all_of_them = third.run(prompt, list(prompt))
        third.stop()
    return {
        "end": how,
        "nodes": len(prompt),
        "cold_ms": round(cold * 1e3, 1),
        "executed_first": summary["executed"],
        "hit_rate_percent": 100 * again["cached"] / len(prompt),
        "restart_ms": round(warm * 1e3, 1),
        "hit_rate_all_targets_percent": 100 * all_of_them["cached"] / len(prompt),
        "restart_all_targets_ms": round(every * 1e3, 1),
    }


def reads(repeats: int) -> dict[str, float]:
    """How long a 4 MB tensor takes from each tier."""
    import torch

    result = Result((torch.rand(1, 16, 256, 256),), seconds=1.0)
    with folder() as place:
        disk = DiskStore(place / "cache", Codec(record_types([values])), 1 << 30)
        memory = MemoryStore(1 << 30)
        keys = [number.to_bytes(16, "big") for number in range(repeats * 4)]
        for key in keys:
            disk.put(key, result)
            memory.put(key, result)
        times = {"read_ms": [timed(disk, key) * 1e3 for key in keys]}
        times["memory_us"] = [timed(memory, key) * 1e6 for key in keys]
        disk.close()
    return {name: round(statistics.median(values), 3) for name, values in times.items()}


def timed(store: DiskStore | MemoryStore, key: bytes) -> float:
    started = time.perf_counter()
    if store.get(key) is None:
        raise SystemExit("a result is gone")
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=2_000)
    parser.add_argument("--tensors", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    prompt = graph(options.nodes, options.tensors)
    rows = [restart(prompt, how) for _ in range(options.repeats) for how in ("stop", "kill -9")]
    machine = {"cores": os.cpu_count(), "load": os.getloadavg()}
    print(json.dumps({"machine": machine, "restarts": rows, **reads(options.repeats)}, indent=1))


if __name__ == "__main__":
    main()
