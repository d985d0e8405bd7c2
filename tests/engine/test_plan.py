"""A plan says what a run does then, and does nothing itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wirebrush.engine.assets import LocalAssets
from wirebrush.graph.prompt import Prompt

PACK = """
@node(id="Number", category="t", version=1)
def number(value: int = 1) -> int:
    LOG.append(value)
    return value

@node(id="Add", category="t")
def add(a: int, b: int = 0) -> int:
    LOG.append((a, b))
    return a + b

@node(id="Now", category="t", cache="never")
def now() -> int:
    LOG.append("now")
    return 1

@node(id="Choose", category="t")
def choose(which: int, a: Lazy[int], b: Lazy[int]) -> int:
    return a() if which else b()

@node(id="Wait", category="t")
def wait(a: int) -> int:
    LOG.append("waits")
    GATE.wait(100)
    return a

@node(id="Save", category="t")
def save(value: int, *, run: Run) -> None:
    LOG.append("save")
    run.save(b"picture %d" % value, name="p.png", mime="image/png")

@node(id="Load", category="t")
def load(name: Annotated[str, File("things")], *, run: Run) -> int:
    LOG.append("load")
    return len(run.path(run.file("things", name)).read_bytes())

GATE = threading.Event()
"""
Graph = dict[str, tuple[str, dict[str, Any]]]


def planned(bench: Any, nodes: Mapping[str, Any], *targets: str) -> dict[str, str]:
    prompt = Prompt.from_json(
        {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}
    )
    return bench.engine.plan(prompt, targets or list(nodes))


def test_a_plan_calls_nothing_and_keeps_nothing(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    graph = {"1": ("Number", {}), "2": ("Add", {"a": ["1", 0]}), "3": ("Number", {"value": 9})}
    assert planned(bench, graph, "2") == {"1": "run", "2": "run"}
    assert planned(bench, graph, "2") == {"1": "run", "2": "run"}
    assert bench.log == []


def test_below_a_change_everything_runs(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    graph: Graph = {
        "1": ("Number", {}),
        "2": ("Add", {"a": ["1", 0]}),
        "3": ("Add", {"a": ["2", 0], "b": 5}),
        "4": ("Add", {"a": ["3", 0], "b": 7}),
    }
    bench.run(graph, "4")
    assert planned(bench, graph, "4") == dict.fromkeys("1234", "cached")
    graph["3"] = ("Add", {"a": ["2", 0], "b": 6})
    assert planned(bench, graph, "4") == {"1": "cached", "2": "cached", "3": "run", "4": "run"}
    again = bench_of(PACK)  # after a restart
    assert planned(again, graph, "4") == {"1": "cached", "2": "cached", "3": "run", "4": "run"}


def test_what_is_never_cached_always_runs(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    graph = {"1": ("Now", {}), "2": ("Add", {"a": ["1", 0]})}
    bench.run(graph)
    assert planned(bench, graph) == {"1": "run", "2": "run"}


def test_the_second_of_two_equal_nodes_is_taken_from_the_first(
    bench_of: Callable[..., Any],
) -> None:
    bench = bench_of(PACK)
    graph = {"1": ("Number", {"value": 4}), "2": ("Number", {"value": 4})}
    assert sorted(planned(bench, graph).values()) == ["cached", "run"]


def test_a_picture_that_was_deleted_is_made_again(
    bench_of: Callable[..., Any], tmp_path: Path
) -> None:
    bench = bench_of(PACK)
    graph = {"1": ("Save", {"value": 3})}
    bench.run(graph)
    assert planned(bench, graph) == {"1": "cached"}
    assets = bench.engine.parts.assets
    assert isinstance(assets, LocalAssets)
    for path in assets.folder.glob("*/*"):
        path.unlink()
    assert planned(bench, graph) == {"1": "run"}


def test_a_file_that_changed_makes_its_reader_run(
    bench_of: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "models" / "things" / "a.safetensors"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"one")
    bench = bench_of(PACK, models=(tmp_path / "models",))
    graph = {"1": ("Load", {"name": "a.safetensors"})}
    bench.run(graph)
    assert planned(bench, graph) == {"1": "cached"}
    file.write_bytes(b"another")
    assert planned(bench, graph) == {"1": "run"}
    assert bench.log == ["load"]


def test_what_cannot_be_keyed_runs_and_says_why_then(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    graph = {"1": ("Nothing", {}), "2": ("Number", {})}
    assert planned(bench, graph, "1", "2", "9") == {"1": "run", "2": "run", "9": "run"}


def test_while_a_job_runs_there_is_an_answer(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    graph = {"1": ("Number", {}), "2": ("Wait", {"a": ["1", 0]})}
    job = threading.Thread(target=bench.run, args=[graph, "2"])
    job.start()
    gate = bench.engine.packs.modules[0].GATE
    while "waits" not in bench.log:
        threading.Event().wait(0.005)
    try:
        assert planned(bench, graph, "2") == {"1": "cached", "2": "run"}
    finally:
        gate.set()
        job.join(60)
    assert planned(bench, graph, "2") == {"1": "cached", "2": "cached"}


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graphs of up to 15 nodes; lazy inputs and nodes that are never cached among them."""
    nodes: Graph = {"0": ("Number", {"value": draw(st.integers(0, 2))})}
    for i in range(1, draw(st.integers(1, 15))):
        kind = draw(st.sampled_from(["Number", "Add", "Add", "Add", "Now", "Choose"]))
        source = st.integers(0, i - 1).map(lambda n: [str(n), 0])
        item = st.one_of(st.integers(0, 2), source)
        if kind == "Number":
            nodes[str(i)] = (kind, {"value": draw(st.integers(0, 2))})
        elif kind == "Now":
            nodes[str(i)] = (kind, {})
        else:
            names = ("a", "b") if kind == "Add" else ("which", "a", "b")
            nodes[str(i)] = (kind, {name: draw(item) for name in names})
    return nodes


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=graphs(), then=graphs(), data=st.data())
def test_a_run_does_what_was_planned(
    bench_of: Callable[..., Any], first: Graph, then: Graph, data: st.DataObject
) -> None:
    bench = bench_of(PACK, disk=False)
    try:
        bench.run(first, data.draw(st.sampled_from(sorted(first))))
        target = data.draw(st.sampled_from(sorted(then)))
        plan = planned(bench, then, target)
        job = bench.run(then, target)
        running = {node for node, state in plan.items() if state == "run"}
        assert set(job.ran) <= running, "never more than planned"
        if not any(then[node][0] == "Choose" for node in running):
            assert set(job.ran) == running
    finally:
        bench.engine.close()
