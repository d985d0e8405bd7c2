"""ComfyUI's rules for a job: where they differ from ours, and what is told of a failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wirebrush.engine.context import Rules
from wirebrush.events import NodeFailed, NodeFinished, Output

PACK = """
@node(id="Fails", category="t", output=True)
def fails(a: int = 0) -> int:
    raise ValueError(f"no {a}")

@node(id="Blocks", category="t")
def blocks(message: str = "") -> int:
    return Blocked(message or None)

@node(id="Show", category="t")
def show(a: int, *, run: Run) -> None:
    run.show_data({"a": a, "node": run.node, "types": sorted(
        node["class_type"] for node in run.graph.values())})

@node(id="Own", category="t", cache="node")
def own(a: int = 0) -> int:
    return a
"""


TWO = {"1": ("Fails", {"a": 3}), "2": ("Show", {"a": 1})}


def failure(job: Any) -> NodeFailed:
    (failed,) = [event for event in job.events if isinstance(event, NodeFailed)]
    return failed


def finished(job: Any) -> dict[str, bool]:
    """Which nodes have values, and whether they were cached."""
    return {event.node: event.cached for event in job.events if isinstance(event, NodeFinished)}


def test_a_failure_is_told_at_once_with_what_its_author_needs(bench_of: Callable[..., Any]) -> None:
    job = bench_of(PACK).run(TWO)
    failed = failure(job)
    assert job.state == "failed"
    assert failed.error == "ValueError"
    assert failed.problem.message.endswith("no 3")
    assert failed.traceback[-1] == "ValueError: no 3"
    assert failed.inputs == {"a": 3}
    assert finished(job) == {"2": False}, "the rest goes on"


def test_by_comfyuis_rules_the_first_failure_ends_the_job(bench_of: Callable[..., Any]) -> None:
    job = bench_of(PACK).run(TWO, rules="comfy")
    assert job.state == "failed"
    assert finished(job) == {}


@pytest.mark.parametrize(("rules", "state"), [("", "failed"), ("comfy", "succeeded")])
def test_a_blockers_message_fails_a_job_of_ours_only(
    bench_of: Callable[..., Any], rules: Rules, state: str
) -> None:
    graph = {"1": ("Blocks", {"message": "not today"}), "2": ("Show", {"a": ["1", 0]})}
    job = bench_of(PACK).run(graph, rules=rules)
    problem = failure(job).problem
    assert (job.state, problem.message, problem.code) == (state, "not today", "blocked")


def test_a_node_knows_itself_and_the_graph_around_it(bench_of: Callable[..., Any]) -> None:
    job = bench_of(PACK).run({"7": ("Show", {"a": 1}), "8": ("Own", {})}, "7")
    (event,) = [event for event in job.events if isinstance(event, NodeFinished)]
    assert event.outputs == (
        Output("data", text='{"a": 1, "node": "7", "types": ["Own", "Show"]}'),
    )


def test_results_of_a_nodes_own_are_shared_with_nobody(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    bench.run({"1": ("Own", {}), "2": ("Own", {})})
    assert finished(bench.run({"1": ("Own", {}), "3": ("Own", {})})) == {"1": True, "3": False}
