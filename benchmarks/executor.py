"""What the executor costs per trivial node: cold, cached, after one edit, in loops.

    python benchmarks/executor.py [--sizes 100 1000 10000 50000] [--repeats 5]

Prints JSON. The engine is the worker's: both cache tiers on, the collector calmed as the worker
does it, every event encoded and written to a channel that leads nowhere. `wall` and `cpu` are
medians in microseconds per node unless the name says ms; on a shared machine `cpu` is the
steadier one. `exponent` is the slope of log(cpu) over log(nodes).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wirebrush.api import Link
from wirebrush.channel import BlockingChannel, EventEncoder
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import load_packs
from wirebrush.engine.worker import calm_collector
from wirebrush.events import Event, Finished, event_to_item
from wirebrush.graph.prompt import Prompt, PromptNode

PACK = """
from typing import Any
from wirebrush.api import Expand, Subgraph, node

@node(id="Number", category="benchmark")
def number(value: int = 0) -> int:
    return value

@node(id="Add", category="benchmark")
def add(a: int, b: int = 1, label: str = "sum") -> int:
    return (a + b) % 1000

@node(id="Loop", category="benchmark")
def loop(value: int, left: int) -> int | Expand:
    if left <= 0:
        return value
    graph = Subgraph()
    following = graph.node("Add", a=value)
    return graph.result(graph.node("Loop", value=following, left=left - 1))
"""
WIDTH = 10
Graph = tuple[dict[str, PromptNode], list[str]]
Row = dict[str, Any]


def chain(count: int) -> Graph:
    """Each node feeds the next."""
    nodes = {"0": PromptNode("0", "Number", {"value": count})}
    for i in range(1, count):
        nodes[str(i)] = PromptNode(str(i), "Add", {"a": Link(str(i - 1)), "b": i})
    return nodes, [str(count - 1)]


def wide(count: int) -> Graph:
    """One node feeds all others, and all of them are wanted."""
    nodes = {"0": PromptNode("0", "Number", {"value": count})}
    for i in range(1, count):
        nodes[str(i)] = PromptNode(str(i), "Add", {"a": Link("0"), "b": i})
    return nodes, list(nodes)[1:]


def diamond(count: int) -> Graph:
    """Layers of ten, each node wired to two of the layer before."""
    nodes: dict[str, PromptNode] = {}
    for i in range(count):
        if i < WIDTH:
            nodes[str(i)] = PromptNode(str(i), "Number", {"value": i})
            continue
        row = (i // WIDTH - 1) * WIDTH
        a, b = str(row + i % WIDTH), str(row + (i + 3) % WIDTH)
        nodes[str(i)] = PromptNode(str(i), "Add", {"a": Link(a), "b": Link(b), "label": str(i)})
    return nodes, list(nodes)[-WIDTH:]


SHAPES: dict[str, Callable[[int], Graph]] = {"chain": chain, "wide": wide, "diamond": diamond}


class Bench:
    """An engine in a fresh folder, wired as in a worker."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._encoder = EventEncoder("a" * 32, 1)
        self._channel = BlockingChannel(open(os.devnull, "rb"), open(os.devnull, "wb"))

    def emit(self, events: Sequence[Event]) -> None:
        self._channel.send_many(self._encoder.together(map(event_to_item, events)))

    def time(self, graph: Graph) -> tuple[float, float, Finished]:
        """Wall seconds, CPU seconds of all threads, and how it went."""
        nodes, targets = graph
        prompt = Prompt(nodes)
        wall, cpu = time.perf_counter(), time.process_time()
        finished = self.engine.run(prompt, targets, self.emit)
        if finished.state != "succeeded":
            raise SystemExit(f"the run {finished.state}: {finished.problems[:1]}")
        return time.perf_counter() - wall, time.process_time() - cpu, finished


@contextmanager
def bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as folder:
        packs = Path(folder, "packs")
        packs.mkdir()
        (packs / "trivial.py").write_text(PACK)
        loaded = load_packs([packs], use_entry_points=False)
        with Engine(loaded, Settings(cache=Path(folder, "cache"))) as engine:
            made = Bench(engine)
            made.time(chain(50))  # types are known to be cheap, files are open
            yield made


def edited(graph: Graph, node_id: str, number: int) -> Graph:
    """The graph with one value changed, read anew as in a worker: no node is the same object."""
    given, targets = graph
    nodes = {name: PromptNode(n.id, n.class_type, n.inputs) for name, n in given.items()}
    node = nodes[node_id]
    name = "value" if node.class_type == "Number" else "label"
    value = -number if name == "value" else f"edit {number}"
    changed = PromptNode(node.id, node.class_type, {**node.inputs, name: value})
    return {**nodes, node_id: changed}, targets


def measure(shape: str, count: int, repeats: int) -> list[Row]:
    """Cold, cached and edited runs of one graph; a fresh folder for each repeat."""
    graph = SHAPES[shape](count)
    runs: dict[str, list[tuple[float, float, Finished]]] = {}
    for number in range(repeats):
        with bench() as made:
            runs.setdefault("cold", []).append(made.time(graph))
            runs.setdefault("cached", []).append(made.time(graph))
            for place, index in (("front", 0), ("middle", count // 2), ("end", count - 1)):
                change = edited(graph, str(index), number + 1)
                runs.setdefault(f"edit {place}", []).append(made.time(change))
    return [row(shape, count, name, times) for name, times in runs.items()]


def row(shape: str, count: int, run: str, times: list[tuple[float, float, Finished]]) -> Row:
    wall = statistics.median(wall for wall, _, _ in times)
    cpu = statistics.median(cpu for _, cpu, _ in times)
    executed = times[0][2].summary.executed
    data: Row = {"shape": shape, "nodes": count, "run": run, "executed": executed}
    data |= {"wall_ms": round(wall * 1e3, 2), "cpu_ms": round(cpu * 1e3, 2)}
    if executed == count:
        data |= {"wall": round(wall / count * 1e6, 2), "cpu": round(cpu / count * 1e6, 2)}
    return data


def memory(count: int) -> float:
    """Bytes per node at the peak of a cold run, results in the memory tier included."""
    graph = chain(count)
    with bench() as made:
        tracemalloc.start()
        made.time(graph)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return round(peak / count, 1)


def loops(sizes: Sequence[int]) -> list[Row]:
    """Loops by tail expansion: two nodes per iteration that did not exist before."""
    rows: list[Row] = []
    for count in sizes:
        with bench() as made:
            nodes = {"1": PromptNode("1", "Loop", {"value": count, "left": count})}
            rows.append(row("loop", count, "cold", [made.time((nodes, ["1"]))]))
            rows[-1]["cpu"] = round(rows[-1]["cpu_ms"] / count * 1e3, 2)
    return rows


def exponent(rows: Sequence[Row], shape: str, run: str) -> float:
    """The slope of a least-squares line through (log nodes, log cpu)."""
    chosen = [r for r in rows if r["shape"] == shape and r["run"] == run]
    if len(chosen) < 2:
        return math.nan
    xs = [math.log(r["nodes"]) for r in chosen]
    ys = [math.log(r["cpu_ms"]) for r in chosen]
    return round(statistics.linear_regression(xs, ys).slope, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1_000, 10_000, 50_000])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    calm_collector()
    rows: list[Row] = []
    for shape in SHAPES:
        for count in options.sizes:
            rows += measure(shape, count, options.repeats)
    loop_rows = loops([500, 5_000, 20_000])
    result = {
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "python": sys.version.split()[0],
            "load": os.getloadavg(),
        },
        "rows": rows,
        "loops": loop_rows,
        "exponents": {
            f"{shape} {run}": exponent(rows, shape, run)
            for shape in SHAPES
            for run in ("cold", "cached")
        },
        "bytes_per_node": {count: memory(count) for count in (2_000, 20_000)},
    }
    print(json.dumps(result, indent=1, allow_nan=True))


if __name__ == "__main__":
    main()
