"""Lists on wires, blockers, and what happens when they meet lazy inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

PACK = """
@node(id="Items", category="t")
def items(count: int = 3, start: int = 0) -> list[int]:
    return list(range(start, start + count))

class Pair(NamedTuple):
    number: int
    many: list[int]

@node(id="Pair", category="t")
def pair(count: int) -> Pair:
    return Pair(count, [count] * count)

@node(id="Double", category="t")
def double(value: int) -> int:
    LOG.append(value)
    return value * 2

@node(id="Add", category="t")
def add(a: int, b: int = 100) -> int:
    return a + b

@node(id="Total", category="t")
def total(values: list[int]) -> int:
    return sum(values)

@node(id="Repeat", category="t")
def repeat(value: int) -> list[int]:
    return [value] * value

@node(id="Gate", category="t")
def gate(value: int, limit: int = 0, message: str = "") -> int | Blocked:
    if value < limit:
        return Blocked(message or None)
    return value

@node(id="Choose", category="t")
def choose(first: bool, yes: Lazy[int], no: Lazy[int]) -> int:
    LOG.append("called")
    return yes() if first else no()

@node(id="AsyncDouble", category="t")
async def async_double(value: int) -> int:
    HERE.append(value)
    while len(HERE) < 3:
        await asyncio.sleep(0.001)
    return value * 2

HERE = []

@node(id="Show", category="t")
def show(values: list[Any], *, run: Run) -> None:
    run.show_text(" ".join(map(repr, values)))

@node(id="ShowOne", category="t")
def show_one(value: Any, *, run: Run) -> None:
    run.show_text(repr(value))
"""


@pytest.fixture
def bench(bench_of: Callable[..., Any]) -> Any:
    return bench_of(PACK)


def shown(bench: Any, nodes: dict[str, Any], source: str = "x", output: int = 0) -> str:
    job = bench.run({**nodes, "end": ("Show", {"values": [source, output]})}, "end")
    assert job.state == "succeeded", job.problems
    return job.texts["end"][0]


def test_a_list_maps_the_node_below(bench: Any) -> None:
    nodes = {"1": ("Items", {}), "x": ("Double", {"value": ["1", 0]})}
    assert shown(bench, nodes) == "0 2 4"
    assert bench.log == [0, 1, 2]


def test_a_list_port_takes_them_all_or_a_single_value(bench: Any) -> None:
    nodes = {"1": ("Items", {"count": 4}), "x": ("Total", {"values": ["1", 0]})}
    assert shown(bench, nodes) == "6"
    assert shown(bench, {"x": ("Total", {"values": [1, 2]})}) == "3"
    nodes = {"1": ("Add", {"a": 1}), "x": ("Total", {"values": ["1", 0]})}
    assert shown(bench, nodes) == "101"


def test_the_shorter_list_repeats_its_last_item(bench: Any) -> None:
    nodes = {
        "1": ("Items", {"count": 4}),
        "2": ("Items", {"count": 2, "start": 10}),
        "x": ("Add", {"a": ["1", 0], "b": ["2", 0]}),
    }
    assert shown(bench, nodes) == "10 12 13 14"


def test_lists_of_lists_are_joined_and_outputs_keep_their_kind(bench: Any) -> None:
    nodes = {"1": ("Items", {}), "x": ("Repeat", {"value": ["1", 0]})}
    assert shown(bench, nodes) == "1 2 2"
    nodes = {"1": ("Items", {}), "x": ("Pair", {"count": ["1", 0]})}
    assert shown(bench, nodes, output=0) == "0 1 2"
    assert shown(bench, nodes, output=1) == "1 2 2"


def test_an_empty_list_runs_nothing(bench: Any) -> None:
    nodes = {"1": ("Items", {"count": 0}), "x": ("Double", {"value": ["1", 0]})}
    assert shown(bench, nodes) == ""
    assert bench.log == []


def test_each_item_shows_something(bench: Any) -> None:
    job = bench.run({"1": ("Items", {}), "2": ("ShowOne", {"value": ["1", 0]})}, "2")
    assert job.texts == {"2": ["0", "1", "2"]}


def test_mapped_async_items_overlap(bench: Any) -> None:
    nodes = {"1": ("Items", {}), "x": ("AsyncDouble", {"value": ["1", 0]})}
    assert shown(bench, nodes) == "0 2 4"


def test_blocked_nodes_are_skipped_silently(bench: Any) -> None:
    nodes = {
        "1": ("Gate", {"value": 1, "limit": 5}),
        "2": ("Double", {"value": ["1", 0]}),
        "3": ("Show", {"values": ["2", 0]}),
        "4": ("Show", {"values": [1]}),
    }
    job = bench.run(nodes, "3", "4")
    assert job.state == "succeeded"
    assert job.texts == {"4": ["1"]}
    assert job.counts == (2, 0, 2)
    assert bench.run(nodes, "3", "4").counts == (0, 2, 2), "the blocker itself is cached"
    assert bench.log == []


def test_a_blocker_with_a_message_is_an_error_at_its_first_use(bench: Any) -> None:
    job = bench.run(
        {
            "1": ("Gate", {"value": 1, "limit": 5, "message": "Too small."}),
            "2": ("Double", {"value": ["1", 0]}),
            "3": ("Show", {"values": ["2", 0]}),
        },
        "3",
    )
    assert job.problems == [("blocked", "2", "Too small.")]
    assert job.state == "failed"


def test_blocked_items_drop_out_of_mapped_calls(bench: Any) -> None:
    nodes = {
        "1": ("Items", {}),
        "2": ("Gate", {"value": ["1", 0], "limit": 1}),
        "3": ("Double", {"value": ["2", 0]}),
        "4": ("ShowOne", {"value": ["3", 0]}),
    }
    job = bench.run(nodes, "4")
    assert job.texts == {"4": ["2", "4"]}
    assert bench.log == [1, 2]
    job = bench.run({**nodes, "5": ("Show", {"values": ["3", 0]})}, "5")
    assert job.texts == {}, "a node that takes the whole list is skipped"


def test_a_lazy_list_maps_the_node_that_chose_it(bench: Any) -> None:
    nodes = {
        "1": ("Items", {}),
        "2": ("Items", {"count": 50}),
        "x": ("Choose", {"first": True, "yes": ["1", 0], "no": ["2", 0]}),
    }
    assert shown(bench, nodes) == "0 1 2"


def test_mapped_choices_take_each_their_own_branch(bench: Any) -> None:
    nodes = {
        "1": ("Items", {"count": 2}),
        "2": ("Items", {"count": 2, "start": 7}),
        "3": ("Double", {"value": 8}),
        "x": ("Choose", {"first": ["1", 0], "yes": ["2", 0], "no": ["3", 0]}),
    }
    assert shown(bench, nodes) == "16 8"


def test_a_lazy_blocked_input_blocks_who_calls_it(bench: Any) -> None:
    nodes = {
        "1": ("Gate", {"value": 1, "limit": 5}),
        "2": ("Choose", {"first": True, "yes": ["1", 0], "no": 4}),
        "3": ("Show", {"values": ["2", 0]}),
    }
    assert bench.run(nodes, "3").texts == {}
    nodes["2"] = ("Choose", {"first": False, "yes": ["1", 0], "no": 4})
    assert bench.run(nodes, "3").texts == {"3": ["4"]}
