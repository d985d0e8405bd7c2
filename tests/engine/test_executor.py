from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from plain_nodes import BASICS

from wirebrush.events import NodeFinished, NodeStarted
from wirebrush.graph.prompt import Prompt


def test_runs_what_the_targets_need_and_nothing_else(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(BASICS)
    job = bench.run(
        {
            "1": ("Number", {"value": 2}),
            "2": ("Add", {"a": ["1", 0]}),
            "3": ("Show", {"value": ["2", 0]}),
            "4": ("Number", {"value": 99}),
        },
        "3",
    )
    assert job.state == "succeeded"
    assert job.counts == (3, 0, 0)
    assert job.ran == ["1", "2", "3"]
    assert job.texts == {"3": ["3"]}
    assert job.plan.run == ("3", "2", "1")


def test_events_come_in_order_and_name_the_reason(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(BASICS)
    job = bench.run({"1": ("Number", {}), "2": ("Add", {"a": ["1", 0]})}, "2")
    told = [
        (type(e).__name__, e.node) for e in job.events if isinstance(e, NodeStarted | NodeFinished)
    ]
    for node in ("1", "2"):
        assert told.index(("NodeStarted", node)) < told.index(("NodeFinished", node))
    assert job.reason("1") == "first run"
    again = bench.run({"1": ("Number", {"value": 5}), "2": ("Add", {"a": ["1", 0]})}, "2")
    assert again.reason("1") == "value changed"
    assert again.reason("2") == "value changed upstream in 1 (Number)"


def test_a_cached_target_hides_everything_above_it(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(BASICS)
    nodes = {
        "1": ("Number", {}),
        "2": ("Add", {"a": ["1", 0]}),
        "3": ("Show", {"value": ["2", 0]}),
    }
    bench.run(nodes, "3")
    again = bench.run(nodes, "3")
    assert again.counts == (0, 3, 0)
    assert again.texts == {"3": ["2"]}
    assert [e.node for e in again.events if isinstance(e, NodeFinished)] == ["3"]
    assert set(again.plan.cached) == {"1", "2", "3"}
    assert again.plan.run == ()


def test_leaving_out_a_default_changes_nothing(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(BASICS)
    bench.run({"1": ("Add", {"a": 1})})
    assert bench.run({"7": ("Add", {"a": 1.0, "b": 1})}).counts == (0, 1, 0)


def test_equal_nodes_of_one_job_run_once(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(BASICS)
    job = bench.run(
        {
            "1": ("Number", {"value": 4}),
            "2": ("Number", {"value": 4}),
            "3": ("Add", {"a": ["1", 0], "b": ["2", 0]}),
            "4": ("Show", {"value": ["3", 0]}),
        },
        "4",
    )
    assert job.texts == {"4": ["8"]}
    assert bench.log == [("Number", 4), ("Add", 4, 4)]
    assert job.counts == (3, 1, 0)


def test_the_untaken_branch_never_runs(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(BASICS)
    job = bench.run(
        {
            "1": ("Number", {"value": 1}),
            "2": ("Fail", {}),
            "3": ("Choose", {"first": True, "yes": ["1", 0], "no": ["2", 0]}),
            "4": ("Show", {"value": ["3", 0]}),
        },
        "4",
    )
    assert job.state == "succeeded"
    assert job.texts == {"4": ["1"]}
    assert job.counts == (3, 0, 1)


def test_a_lazy_input_may_be_a_plain_value(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(BASICS)
    job = bench.run(
        {"1": ("Choose", {"first": False, "yes": 1, "no": 2}), "2": ("Show", {"value": ["1", 0]})},
        "2",
    )
    assert job.texts == {"2": ["2"]}


def test_a_failure_stops_what_hangs_on_it_and_nothing_else(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(BASICS)
    job = bench.run(
        {
            "1": ("Fail", {"message": "The value is odd."}),
            "2": ("Show", {"value": ["1", 0]}),
            "3": ("Number", {}),
            "4": ("Show", {"value": ["3", 0]}),
        },
        "2",
        "4",
    )
    assert job.state == "failed"
    assert job.texts == {"4": ["1"]}
    (problem,) = job.finished.problems
    assert (problem.code, problem.node, problem.port) == ("node_error", "1", "value")
    assert (problem.message, problem.hint) == ("The value is odd.", "Try again.")
    assert job.counts == (2, 0, 2)


MISBEHAVING = """
@node(id="Raise", category="t")
def boom(kind: str) -> int:
    if kind == "value": raise ValueError("mat1 and mat2\\nmore")
    if kind == "exit": sys.exit(3)
    if kind == "memory": raise MemoryError("no room")
    def deep(): return deep()
    return deep()

class Pair(NamedTuple):
    a: int
    b: int

@node(id="Two", category="t")
def two(kind: str) -> Pair:
    return (1, 2, 3) if kind == "three" else 5

@node(id="Items", category="t")
def items() -> list[int]:
    return 5
"""


@pytest.mark.parametrize(
    ("node_type", "inputs", "words"),
    [
        ("Raise", {"kind": "value"}, "Raise failed: ValueError: mat1 and mat2"),
        ("Raise", {"kind": "exit"}, "Raise called sys.exit(3)."),
        ("Raise", {"kind": "memory"}, "MB of main memory are free). no room"),
        ("Raise", {"kind": "deep"}, "Python's recursion limit was reached."),
        (
            "Two",
            {"kind": "three"},
            "declares 2 outputs (a, b), but its function returned 3 values.",
        ),
        ("Two", {"kind": "one"}, "declares 2 outputs (a, b), but its function returned a int."),
        ("Items", {}, "Items: output 'INT' is a list, but it returned a int."),
    ],
)
def test_what_a_node_does_wrong_is_told_in_one_sentence(
    bench_of: Callable[..., Any], node_type: str, inputs: dict[str, Any], words: str
) -> None:
    job = bench_of(MISBEHAVING).run({"1": (node_type, inputs)})
    assert job.state == "failed"
    (problem,) = job.finished.problems
    assert problem.node == "1"
    assert problem.message.endswith(words)


def test_broken_graphs_are_problems_not_crashes(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(BASICS)
    job = bench.run(
        {
            "1": ("Add", {"a": ["2", 0]}),
            "2": ("Add", {"a": ["1", 0]}),
            "3": ("Nothing", {}),
            "4": ("Add", {"a": ["9", 0]}),
            "5": ("Add", {}),
            "6": ("Show", {"value": ["7", 5]}),
            "7": ("Number", {}),
        }
    )
    assert job.state == "failed"
    codes = {code: message for code, _, message in job.problems}
    assert set(codes) == {
        "cycle", "unknown_node_type", "dangling_link", "missing_input", "bad_output"
    }  # fmt: skip
    assert codes["cycle"].startswith("The nodes feed themselves: ")
    assert codes["bad_output"] == "Node 7 has 1 outputs; output 5 was asked for."
    assert bench.run({"7": ("Number", {})}).state == "succeeded"
    assert bench.run({}, "8").problems == [("unknown_node", "8", "There is no node '8' to run.")]


def test_never_cached_nodes_run_once_a_job(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        """
        @node(id="Clock", category="t", cache="never")
        def clock() -> int:
            LOG.append(1)
            return len(LOG)

        @node(id="Pair", category="t", output=True)
        def pair(a: int, b: int) -> str:
            return f"{a}{b}"
        """
    )
    nodes = {
        "1": ("Clock", {}),
        "2": ("Clock", {}),
        "3": ("Pair", {"a": ["1", 0], "b": ["2", 0]}),
        "4": ("Pair", {"a": ["1", 0], "b": 0}),
    }
    assert bench.run(nodes, scope="a").counts == (4, 0, 0)
    assert len(bench.log) == 2, "each clock is read once"
    assert bench.run(nodes, scope="b").counts == (4, 0, 0)
    assert bench.run(nodes, scope="b").counts == (0, 4, 0), "a retry of the same job"


def test_files_that_a_text_mentions_are_noticed_when_they_change(
    bench_of: Callable[..., Any], tmp_path: Path
) -> None:
    bench = bench_of(
        """
        def named(values):
            text = values["text"]
            return [FileRef("embeddings", "" if text is None else text + ".safetensors")]

        @node(id="Read", category="t", files=named, output=True)
        def read(text: str = "a") -> str:
            return text

        @node(id="Say", category="t")
        def say(text: str = "a") -> str:
            return text
        """,
        models=(tmp_path / "models",),
    )
    written = {"1": ("Read", {"text": "a"})}
    wired = {"1": ("Read", {"text": ["2", 0]}), "2": ("Say", {})}
    folder = tmp_path / "models" / "embeddings"
    folder.mkdir(parents=True)

    def ran(nodes: Any) -> bool:
        return "1" in bench.run(nodes).ran

    assert [ran(written), ran(written), ran(wired), ran(wired)] == [True, False, True, False]
    (folder / "a.safetensors").write_bytes(b"1")
    assert [ran(written), ran(written), ran(wired), ran(wired)] == [True, False, True, False]
    (folder / "b.safetensors").write_bytes(b"1")
    assert [ran(written), ran(wired)] == [False, True]  # which it mentions is known when it runs
    (folder / "a.safetensors").write_bytes(b"22")
    assert [ran(written), ran(written), ran(wired)] == [True, False, True]


def test_fingerprints_and_dynamic_ports(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        """
        WORLD = ["sunny"]

        @node(id="Weather", category="t", fingerprint=lambda values: WORLD[0])
        def weather(place: str = "here") -> str:
            LOG.append(WORLD[0])
            return WORLD[0]

        def more(values):
            return [Port(f"in{i}", "INT", default=i) for i in range(values["count"])]

        @node(id="Sum", category="t", ports=more, output=True)
        def total(count: int, *, run: Run, **inputs: int) -> int:
            run.show_text(str(sum(inputs.values())))
            return sum(inputs.values())
        """
    )
    world = bench.engine.packs.modules[0].__dict__["WORLD"]
    assert bench.run({"1": ("Weather", {})}).counts == (1, 0, 0)
    assert bench.run({"1": ("Weather", {})}).counts == (0, 1, 0)
    world[0] = "rain"
    job = bench.run({"1": ("Weather", {})})
    assert job.counts == (1, 0, 0)
    assert job.reason("1") == "what it looks at changed"
    job = bench.run({"1": ("Sum", {"count": 3, "in2": 40})})
    assert job.texts == {"1": ["41"]}
    (problem,) = bench.run({"1": ("Sum", {"count": "x"})}).problems
    assert problem[:2] == ("look_failed", "1")
    assert problem[2].startswith("Sum could not look at what its inputs name: ")


def test_values_that_left_the_cache_are_made_again(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(BASICS, disk=False, memory_bytes=0)
    nodes = {
        "1": ("Number", {"value": 3}),
        "2": ("Choose", {"first": True, "yes": ["1", 0], "no": ["1", 0]}),
        "3": ("Add", {"a": ["2", 0], "b": ["1", 0]}),
        "4": ("Show", {"value": ["3", 0]}),
    }
    job = bench.run(nodes, "4")
    assert job.texts == {"4": ["6"]}
    assert bench.run(nodes, "4").texts == {"4": ["6"]}


def test_out_of_memory_frees_everything_and_tries_once_more(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        """
        @node(id="Hungry", category="t")
        def hungry(always: bool = False, *, run: Run) -> int:
            LOG.append(1)
            run.resident("weights", lambda: bytearray(10), size=10)
            if always or len(LOG) == 1:
                raise MemoryError("13 GB wanted, 12 GB there")
            return 1
        """
    )
    assert bench.run({"1": ("Hungry", {})}).state == "succeeded"
    assert bench.log == [1, 1]
    job = bench.run({"1": ("Hungry", {"always": True})})
    assert job.problems[0][0] == "out_of_memory"
    assert "13 GB wanted" in job.problems[0][2]
    assert len(bench.log) == 4


@pytest.mark.parametrize("shape", ["chain", "wide", "diamond"])
def test_deep_and_wide_graphs(bench_of: Callable[..., Any], shape: str) -> None:
    bench = bench_of(BASICS)
    size = 10_000
    nodes: dict[str, tuple[str, dict[str, object]]] = {"0": ("Number", {"value": 0})}
    for i in range(1, size):
        a = {"chain": i - 1, "wide": 0, "diamond": max(0, i - 2)}[shape]
        b: object = [str(i - 1), 0] if shape == "diamond" else i
        nodes[str(i)] = (
            "Add",
            {"a": [str(a), 0], "b": 0 if i % 50 else 1 if shape != "wide" else i},
        )
        if shape == "diamond":
            nodes[str(i)] = ("Choose", {"first": True, "yes": [str(a), 0], "no": b})
    targets = list(nodes)[-1:] if shape != "wide" else list(nodes)[1:]
    job = bench.run(nodes, *targets)
    assert job.state == "succeeded", job.problems
    assert bench.run(nodes, *targets).finished.summary.executed == 0


def test_an_exception_without_a_text_is_the_nodes_own_problem(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        """
        class Mute(Exception):
            def __str__(self): raise ValueError("no str")

        @node(id="Mute", category="t")
        def mute(text: str = "") -> int:
            raise (ValueError(text) if text else Mute())
        """
    )
    (problem,) = bench.run({"1": ("Mute", {})}).finished.problems
    assert (problem.code, problem.node) == ("node_failed", "1")
    assert problem.message == "Mute failed: Mute: a Mute that has no text"
    (problem,) = bench.run({"1": ("Mute", {"text": "\ud800"})}).finished.problems
    assert problem.message == "Mute failed: ValueError: ?"


CHANGES = """
@node(id="Adds", category="t", cache="never", output=True)
def adds(words: list[str], any: Any, *, run: Run) -> None:
    words.append("seen")
    any["seen"] = [*any.values()]
    run.show_text(f"{words} {any}")
"""


def test_a_node_that_changes_what_it_is_given_changes_no_later_run(
    bench_of: Callable[..., Any],
) -> None:
    """A worker that gets the same prompt again runs the same object."""
    bench = bench_of(CHANGES)
    given = {"words": {"__value__": ["a"]}, "any": {"__value__": {"b": 1}}}
    prompt = Prompt.from_json({"1": {"class_type": "Adds", "inputs": given}})
    for _ in range(2):
        job = bench.run_prompt(prompt, ["1"])
        assert job.texts == {"1": ["['a', 'seen'] {'b': 1, 'seen': [1]}"]}
