"""What nodes say against their values before a job with them is accepted; letting go of memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebrush.graph.prompt import Prompt

PACK = """
def no_cats(values, types):
    LOG.append((dict(values), dict(types)))
    if values.get("text") == "boom":
        raise RuntimeError("it broke")
    if "cat" in str(values.get("text")):
        yield "text", "there are no cats here"
    if types.get("image") == "INT":
        yield None, "that is no picture"
    if values.get("text") == "":
        yield "text", ""

@node(id="Say", category="t", validate=no_cats)
def say(text: str, image: Any = None) -> int:
    LOG.append("ran")
    return 1

@node(id="Number", category="t")
def number(value: int = 1) -> int:
    LOG.append("ran")
    return value
"""


def checked(bench: Any, **nodes: Any) -> list[tuple[Any, ...]]:
    prompt = Prompt.from_json(
        {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}
    )
    found = bench.engine.check(prompt)
    return [(item.code, item.node, item.port, item.message) for item in found]


def test_nodes_look_at_their_values_and_nothing_runs(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    told = checked(
        bench,
        a=("Say", {"text": "a cat", "image": ["b", 0]}),
        b=("Number", {"value": 5}),
        c=("Say", {"text": "a dog"}),
        d=("Say", {"text": "a dog", "image": ["nowhere", 3]}),
        e=("Say", {"text": ""}),
    )
    assert told == [
        ("refused_by_node", "a", "text", "there are no cats here"),
        ("refused_by_node", "a", None, "that is no picture"),
        ("refused_by_node", "e", "text", "the node does not accept this value."),
    ]
    assert bench.log[0] == ({"text": "a cat"}, {"image": "INT"})
    assert "ran" not in bench.log


def test_a_check_that_breaks_is_a_sentence(bench_of: Callable[..., Any]) -> None:
    ((code, node, port, message),) = checked(bench_of(PACK), a=("Say", {"text": "boom"}))
    assert (code, node, port) == ("node_check_failed", "a", None)
    assert message == "RuntimeError: it broke"


def test_results_in_memory_are_let_go_of_if_asked(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK, disk=False)
    graph = {"1": ("Number", {"value": 3})}
    bench.run(graph)
    bench.engine.free(results=False)
    assert bench.run(graph).counts == (0, 1, 0)
    bench.engine.free(results=True)
    assert bench.run(graph).counts == (1, 0, 0)


def test_results_on_disk_stay(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    graph = {"1": ("Number", {"value": 3})}
    bench.run(graph)
    bench.engine.free(results=True)
    assert bench.run(graph).counts == (0, 1, 0)
