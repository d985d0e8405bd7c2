"""Nodes that answer with nodes: subgraphs, nested ones, loops."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from plain_nodes import BASICS

PACK = (
    BASICS
    + """
@node(id="AddTwice", category="t")
def add_twice(value: Link, step: int = 1) -> int | Expand:
    LOG.append("AddTwice")
    graph = Subgraph()
    once = graph.node("Add", a=value, b=step)
    return graph.result(graph.node("Add", a=once, b=step))

@node(id="AddFourTimes", category="t")
def add_four_times(value: int) -> int | Expand:
    graph = Subgraph()
    twice = graph.node("AddTwice", value=graph.node("Number", value=value))
    return graph.result(graph.node("AddTwice", value=twice))

@node(id="Count", category="t")
def count(value: int, until: int, step: Annotated[int, Range(1)] = 1) -> int | Expand:
    if value >= until:
        return value
    graph = Subgraph()
    following = graph.node("Add", a=value, b=step)
    return graph.result(graph.node("Count", "loop", value=following, until=until, step=step))

class Both(NamedTuple):
    link: int
    value: str

@node(id="Mixed", category="t")
def mixed(value: int) -> Both | Expand:
    graph = Subgraph()
    return graph.result(graph.node("Number", value=value), "plain")

@node(id="Record", category="t")
def record(latent: Latent) -> int:
    LOG.append("Record")
    return sum(latent.batch_index)

@node(id="WithValue", category="t")
def with_value(first: int) -> int | Expand:
    graph = Subgraph()
    return graph.result(graph.node("Record", latent=Latent(None, batch_index=(first, 2))))

@node(id="Shows", category="t")
def shows(value: int) -> int | Expand:
    graph = Subgraph()
    graph.node("Show", value=value)
    return graph.result(value)

@node(id="Passes", category="t")
def passes(value: Link) -> int | Expand:
    return Expand({}, (value,))

@node(id="Broken", category="t")
def broken(kind: str) -> int | Expand:
    graph = Subgraph()
    if kind == "type":
        return graph.result(graph.node("Nothing"))
    if kind == "link":
        return graph.result(Link("elsewhere"))
    if kind == "count":
        return graph.result(1, 2)
    if kind == "cycle":
        return graph.result(graph.node("Add", "a", a=Link("a")))
    if kind == "self":
        return graph.result(graph.node("Add", "a", a=Link("1")))
    return graph.result(graph.node("Fail", message="Inside."))
"""
)


@pytest.fixture
def bench(bench_of: Callable[..., Any]) -> Any:
    return bench_of(PACK)


def test_the_nodes_of_an_expansion_run_as_if_they_had_been_there(bench: Any) -> None:
    nodes = {
        "1": ("Number", {"value": 5}),
        "2": ("AddTwice", {"value": ["1", 0], "step": 3}),
        "3": ("Show", {"value": ["2", 0]}),
    }
    job = bench.run(nodes, "3")
    assert job.texts == {"3": ["11"]}
    assert job.ran == ["1", "2.1", "2.2", "2", "3"]
    assert job.counts == (5, 0, 0)
    again = bench.run({**nodes, "4": ("Show", {"value": ["2.1", 0]})}, "3")
    assert again.counts[0] == 0


def test_a_hit_on_the_parent_does_not_even_expand(bench: Any) -> None:
    nodes = {"1": ("Number", {}), "2": ("AddTwice", {"value": ["1", 0]})}
    bench.run(nodes, "2")
    bench.log.clear()
    nodes["3"] = ("Add", {"a": ["2", 0], "b": 10})
    assert bench.run(nodes, "3").counts == (1, 2, 0)
    assert bench.log == [("Add", 3, 10)]


def test_expansions_nest_and_share_what_is_equal(bench: Any) -> None:
    job = bench.run({"1": ("AddFourTimes", {"value": 1}), "2": ("Show", {"value": ["1", 0]})}, "2")
    assert job.texts == {"2": ["5"]}
    assert "1.3.2" in job.ran
    bench.log.clear()
    bench.run({"9": ("Number", {"value": 1}), "8": ("AddTwice", {"value": ["9", 0]})}, "8")
    assert bench.log == [], "the same subgraph under other ids is known already"


def test_a_received_link_means_the_node_outside_also_if_the_names_collide(bench: Any) -> None:
    """`Subgraph` numbers its nodes "1", "2"...: so is the outer node here."""
    nodes = {"1": ("Number", {"value": 5}), "2": ("AddTwice", {"value": ["1", 0]})}
    job = bench.run({**nodes, "3": ("Show", {"value": ["2", 0]})}, "3")
    assert job.texts == {"3": ["7"]}


def test_outputs_may_be_links_and_plain_values(bench: Any) -> None:
    job = bench.run(
        {
            "1": ("Mixed", {"value": 4}),
            "2": ("Show", {"value": ["1", 0]}),
            "3": ("Show", {"value": ["1", 1]}),
        },
        "2",
        "3",
    )
    assert job.texts == {"2": ["4"], "3": ["'plain'"]}


def test_an_expansion_without_nodes_may_pass_a_wire_on(bench: Any) -> None:
    nodes = {
        "1": ("Number", {"value": 5}),
        "2": ("Passes", {"value": ["1", 0]}),
        "3": ("Show", {"value": ["2", 0]}),
    }
    job = bench.run(nodes, "3")
    assert (job.texts, job.ran) == ({"3": ["5"]}, ["1", "2", "3"])


def test_values_as_inputs_are_keyed_by_content(bench: Any) -> None:
    assert bench.run({"1": ("WithValue", {"first": 1})}).state == "succeeded"
    job = bench.run({"1": ("WithValue", {"first": 3})})
    assert job.counts == (2, 0, 0)
    assert bench.log == ["Record", "Record"]


def test_an_id_of_the_document_is_never_taken_over(bench: Any) -> None:
    nodes = {
        "2.1": ("Number", {"value": 100}),
        "2": ("AddTwice", {"value": ["2.1", 0]}),
        "3": ("Show", {"value": ["2", 0]}),
        "4": ("Show", {"value": ["2.1", 0]}),
    }
    job = bench.run(nodes, "3", "4")
    assert job.texts == {"3": ["102"], "4": ["100"]}
    assert "2+.1" in job.ran


def test_sinks_inside_an_expansion_run(bench: Any) -> None:
    job = bench.run({"1": ("Shows", {"value": 6})})
    assert job.texts == {"1.1": ["6"]}


def test_five_thousand_iterations_cost_in_proportion(bench: Any) -> None:
    def seconds(iterations: int, step: int) -> float:
        started = time.process_time()
        job = bench.run(
            {
                "1": ("Count", {"value": 0, "until": iterations * step, "step": step}),
                "2": ("Show", {"value": ["1", 0]}),
            },
            "2",
        )
        assert job.state == "succeeded"
        assert job.texts == {"2": [str(iterations * step)]}
        assert max(map(len, job.ran)) < 200, "ids do not grow with the depth"
        return time.process_time() - started

    seconds(10, 1)
    short, long = seconds(500, 2), seconds(5_000, 3)
    assert long < 10 * short * 5, "not quadratic: that would be a hundred times"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("type", "node type 'Nothing'"),
        ("link", "wired to 'elsewhere', which it does not contain"),
        ("count", "has 1 outputs, but its expansion gives 2"),
        ("cycle", "feed themselves"),
        ("self", "waits for itself"),
        ("inside", "Inside."),
    ],
)
def test_broken_expansions_are_named(bench: Any, kind: str, words: str) -> None:
    job = bench.run({"1": ("Broken", {"kind": kind}), "2": ("Show", {"value": ["1", 0]})}, "2")
    assert job.state == "failed"
    (problem,) = job.finished.problems
    assert words in problem.message
    assert bench.run({"3": ("Number", {})}).state == "succeeded"


def test_an_expansion_may_give_a_list_as_it_is(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        """
        class Both(NamedTuple):
            items: list[int]
            one: int

        @node(id="Number", category="t")
        def number(value: int = 1) -> int:
            return value

        @node(id="Some", category="t")
        def some() -> Both | Expand:
            graph = Subgraph()
            return graph.result([1, 2, 3], graph.node("Number", value=7))

        @node(id="Show", category="t")
        def show(value: Any, *, run: Run) -> None:
            run.show_text(repr(value))
        """
    )
    job = bench.run({"1": ("Some", {}), "2": ("Show", {"value": ["1", 0]})}, "2")
    assert job.texts == {"2": ["1", "2", "3"]}
