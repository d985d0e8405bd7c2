"""What ComfyUI's clients may rely on in a job by its rules: blockers, anew, nothing kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from wirebrush.events import NodeFailed, NodeFinished, NodeStarted

PACK = """
@node(id="Number", category="t")
def number(value: int = 1) -> int:
    LOG.append(("Number", value))
    return value

@node(id="Items", category="t")
def items(count: int = 3) -> list[int]:
    return list(range(count))

@node(id="Gate", category="t")
def gate(value: int, closed: int = 1, message: str = "") -> int | Blocked:
    return Blocked(message or None) if value == closed else value

@node(id="Double", category="t")
def double(value: int) -> int:
    return value * 2

@node(id="AsyncDouble", category="t")
async def async_double(value: int) -> int:
    return value * 2

@node(id="Total", category="t")
def total(values: list[int]) -> int:
    return sum(values)

@node(id="Choose", category="t")
def choose(first: bool, yes: Lazy[Any], no: Lazy[Any]) -> Any:
    return yes() if first else no()

@node(id="Show", category="t")
def show(values: list[Any], *, run: Run) -> None:
    run.show_text(" ".join(map(repr, values)))

@node(id="Send", category="t", effects=True)
def send(value: int) -> int:
    LOG.append(("Send", value))
    return value

def look(values):
    return float("nan") if values["changes"] else "same"

@node(id="Looks", category="t", fingerprint=look)
def looks(changes: bool) -> int:
    LOG.append("Looks")
    return 1

@node(id="AddTwice", category="t")
def add_twice(value: Link, step: int = 1) -> int | Expand:
    graph = Subgraph()
    once = graph.node("Add", a=value, b=step)
    return graph.result(graph.node("Add", a=once, b=value))

@node(id="Add", category="t")
def add(a: int, b: int = 1) -> int:
    return a + b

@node(id="Loop", category="t")
def loop(body: Link, left: int = 2) -> int | Expand:
    if not left:
        return Expand({}, (body,))
    fragment = {
        "body": ("Double", {"value": body}),
        "own": ("Number", {"value": left}),
        "again": ("Loop", {"body": Link("body"), "left": left - 1}),
    }
    shown = {"body": body.node} if left == 2 else {"body": "1"}
    return Expand(fragment, (Link("again"),), {**shown, "again": "1"})

@node(id="Circle", category="t")
def circle() -> int | Expand:
    graph = Subgraph()
    return graph.result(graph.node("Add", "a", a=Link("1")))

@node(id="Fails", category="t")
def fails(values: int, later: Lazy[int], now: Lazy[int], *, run: Run) -> int:
    raise ValueError(values)

@node(id="AsyncFails", category="t")
async def async_fails(value: int = 0) -> int:
    await asyncio.sleep(0.001)
    raise ValueError("in vain")

@node(id="Endless", category="t")
async def endless(value: int = 0) -> int:
    LOG.append("begins")
    try:
        await asyncio.sleep(3600)
    finally:
        LOG.append("ends")
    return value
"""


@pytest.fixture
def bench(bench_of: Callable[..., Any]) -> Any:
    return bench_of(PACK)


def failures(job: Any) -> list[tuple[str, str, str]]:
    return [
        (event.node, event.problem.severity, event.problem.message)
        for event in job.events
        if isinstance(event, NodeFailed)
    ]


def had_turns(job: Any) -> set[str]:
    """The nodes that a client saw begin and end."""
    began = {event.node for event in job.events if isinstance(event, NodeStarted)}
    return began & {event.node for event in job.events if isinstance(event, NodeFinished)}


@pytest.mark.parametrize("double", ["Double", "AsyncDouble"])
def test_a_blocked_item_with_a_message_leaves_the_others_alone(bench: Any, double: str) -> None:
    nodes = {
        "1": ("Items", {}),
        "2": ("Gate", {"value": ["1", 0], "message": "closed"}),
        "3": (double, {"value": ["2", 0]}),
        "4": ("Gate", {"value": ["3", 0], "closed": -1}),
        "5": ("Double", {"value": ["4", 0]}),
    }
    job = bench.run(nodes, "5", rules="comfy")
    assert job.state == "succeeded"
    assert failures(job) == [("3", "warning", "closed")], "told at its first use, once"
    assert had_turns(job) == {"1", "2", "3", "4", "5"}
    (five,) = [event for event in job.events if getattr(event, "node", "") == "5"][-1:]
    assert five == NodeFinished("5", False, five.seconds)


@pytest.mark.parametrize(("message", "told"), [("", []), ("shut", [("2", "warning", "shut")])])
def test_what_is_blocked_as_a_whole_has_its_turn_and_no_value(
    bench: Any, message: str, told: list[Any]
) -> None:
    nodes = {
        "1": ("Gate", {"value": 1, "message": message}),
        "2": ("Double", {"value": ["1", 0]}),
        "3": ("Show", {"values": ["2", 0]}),
        "4": ("Show", {"values": 7}),
    }
    job = bench.run(nodes, "3", "4", rules="comfy")
    assert (job.state, failures(job)) == ("succeeded", told)
    assert job.texts == {"4": ["7"]}
    assert had_turns(job) == {"1", "2", "3", "4"}
    assert "2" not in had_turns(bench.run(nodes, "3", "4")), "by our own rules it has none"


def test_a_branch_that_was_never_taken_is_not_cached(bench: Any) -> None:
    nodes = {
        "1": ("Number", {"value": 1}),
        "2": ("Number", {"value": 2}),
        "3": ("Choose", {"first": True, "yes": ["1", 0], "no": ["2", 0]}),
        "4": ("Show", {"values": ["3", 0]}),
    }
    bench.run(nodes, "4")
    again = bench.run(nodes, "4", rules="comfy")
    assert (again.plan.run, set(again.plan.cached)) == ((), {"1", "3", "4"})
    bench.run({"2": nodes["2"]})
    assert set(bench.run(nodes, "4").plan.cached) == {"1", "2", "3", "4"}, "now it has a value"


def test_all_that_is_there_is_told_as_cached_whether_it_will_be_needed_or_not(bench: Any) -> None:
    bench.run({"1": ("Number", {"value": 1}), "2": ("Number", {"value": 2})})
    nodes = {
        "1": ("Number", {"value": 1}),
        "2": ("Number", {"value": 2}),
        "3": ("Choose", {"first": True, "yes": ["1", 0], "no": ["2", 0]}),
    }
    plan = bench.run(nodes, "3", rules="comfy").plan
    assert (plan.run, plan.cached) == (("3",), ("1", "2"))


def test_what_is_no_number_is_different_each_time(bench: Any) -> None:
    nodes = {"1": ("Looks", {"changes": True}), "2": ("Double", {"value": ["1", 0]})}
    for scope in ("first", "second"):
        assert bench.run(nodes, scope=scope).ran == ["1", "2"]
    assert bench.run(nodes, scope="second").ran == [], "the same job, gone on with"
    nodes["1"] = ("Looks", {"changes": False})
    assert [bench.run(nodes).ran for _ in range(2)] == [["1", "2"], []]


def test_a_server_that_keeps_nothing_computes_all_anew(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK, memory_bytes=0, disk_bytes=0)
    nodes = {
        "1": ("Send", {"value": 4}),
        "2": ("Show", {"values": ["1", 0]}),
        "3": ("AddTwice", {"value": ["1", 0]}),
        "4": ("Show", {"values": ["3", 0]}),
    }
    for _ in range(2):
        bench.log.clear()
        job = bench.run(nodes, rules="comfy")
        assert job.texts == {"2": ["4"], "4": ["9"]}
        assert set(job.ran) == {"1", "2", "3", "3.1", "3.2", "4"}
        assert job.plan.cached == ()
        assert bench.log == [("Send", 4)], "an effect happens once, also if its value was let go"
    assert not list(bench.engine.settings.cache.glob("blobs/*/*"))


def test_results_kept_before_are_not_looked_at_by_a_server_that_keeps_nothing(
    bench_of: Callable[..., Any],
) -> None:
    bench_of(PACK).run({"1": ("Number", {})})
    assert bench_of(PACK, memory_bytes=0, disk_bytes=0).run({"1": ("Number", {})}).ran == ["1"]


def test_a_circle_in_an_expansion_is_told_at_the_node_that_made_it(bench: Any) -> None:
    nodes = {"1": ("Circle", {}), "2": ("Double", {"value": ["1", 0]})}
    ((node, severity, message),) = failures(bench.run(nodes, "2", rules="comfy"))
    assert (node, severity) == ("1", "error")
    assert "waits for itself" in message


def test_nodes_of_an_expansion_are_shown_where_it_says(bench: Any) -> None:
    nodes = {"1": ("Number", {}), "2": ("Loop", {"body": ["1", 0]})}
    job = bench.run(nodes, "2", rules="comfy")
    shown = {event.node: event.shown for event in job.events if isinstance(event, NodeStarted)}
    assert shown == {
        "1": "",
        "2": "",
        "2.body": "1",
        "2.again": "1",
        "2.again.body": "1",
        "2.again.again": "1",
    }, "what is inside follows what is around it"


def test_a_failure_tells_the_inputs_as_they_came(bench: Any) -> None:
    nodes = {
        "1": ("Items", {}),
        "2": ("Number", {}),
        "3": ("Fails", {"values": ["1", 0], "later": ["2", 0], "now": 5}),
    }
    job = bench.run(nodes, "3", rules="comfy")
    (failed,) = [event for event in job.events if isinstance(event, NodeFailed)]
    assert failed.inputs == {"values": [0, 1, 2], "now": 5}


def test_a_failure_ends_async_nodes_that_are_under_way(bench: Any) -> None:
    nodes = {"1": ("Endless", {}), "2": ("AsyncFails", {}), "3": ("AsyncDouble", {"value": 2})}
    job = bench.run(nodes, rules="comfy")
    assert job.state == "failed"
    assert [node for node, _, _ in failures(job)] == ["2"]
    deadline = time.monotonic() + 60
    while bench.log != ["begins", "ends"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert bench.log == ["begins", "ends"]
    assert bench.run({"3": nodes["3"]}, rules="comfy").state == "succeeded"


def test_a_failure_that_comes_while_another_node_runs_ends_the_job(
    bench_of: Callable[..., Any],
) -> None:
    """It is there before the executor waits for the node that is still under way."""
    bench = bench_of(
        """
        @node(id="Fails", category="t")
        async def fails(value: int = 0) -> int:
            while "lasts" not in LOG:
                await asyncio.sleep(0.001)
            LOG.append("fails")
            raise ValueError("in vain")

        @node(id="Sees", category="t")
        async def sees(value: int = 0) -> int:
            while "fails" not in LOG:
                await asyncio.sleep(0.001)
            LOG.append("sees")
            await asyncio.sleep(3600)
            return value

        @node(id="Lasts", category="t")
        def lasts(value: int = 0) -> int:
            LOG.append("lasts")
            while "sees" not in LOG:
                time.sleep(0.001)
            return value
        """
    )
    nodes: dict[str, Any] = {"1": ("Fails", {}), "2": ("Sees", {}), "3": ("Lasts", {})}
    job = bench.run(nodes, rules="comfy")
    assert job.state == "failed"
    assert bench.log == ["lasts", "fails", "sees"]
