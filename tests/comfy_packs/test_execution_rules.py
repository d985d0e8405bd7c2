"""How packs' nodes run by ComfyUI's rules: what runs each time, what is shown where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wirebrush.events import NodeFailed, NodeStarted

PACK = """
    from comfy_execution.graph_utils import GraphBuilder, ExecutionBlocker

    class Number:
        RETURN_TYPES, FUNCTION = ("INT",), "go"
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"value": ("INT", {"default": 1})}}
        def go(self, value):
            return (value,)

    class Clock(Number):
        '''Asks about its plain values; wired ones are not known by then.'''
        @classmethod
        def IS_CHANGED(s, value):
            if value is None:
                return "wired"
            if value == 7:
                raise ValueError("no")
            return float("nan") if value == 3 else value

    class Items(Number):
        OUTPUT_IS_LIST = (True,)
        def go(self, value):
            return (list(range(value)),)

    class Gate(Number):
        def go(self, value):
            return (ExecutionBlocker("closed") if value == 1 else value,)

    class Body:
        '''Runs its own kind again, and shows it where the wire came from.'''
        RETURN_TYPES, FUNCTION = ("INT",), "go"
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"flow": ("INT", {"rawLink": True})}}
        def go(self, flow):
            graph = GraphBuilder()
            inner = graph.node("Number", "inner", value=41)
            inner.set_override_display_id(flow[0])
            graph.node("Number", "other", value=inner.out(0))
            return {"result": (graph.lookup_node("other").out(0),), "expand": graph.finalize()}

    class Keep(Number):
        OUTPUT_NODE = True
        def go(self, value):
            return {"ui": {"text": (str(value),)}, "result": (value,)}

    class Fails(Number):
        async def go(self, value):
            raise RuntimeError("in vain")

    NODE_CLASS_MAPPINGS = {kind.__name__: kind for kind in
        (Number, Clock, Items, Gate, Body, Keep, Fails)}
"""


@pytest.fixture
def bench(bench_of: Callable[..., Any]) -> Any:
    return bench_of(PACK)


def test_is_changed_decides_with_plain_values_only(bench: Any) -> None:
    nodes = {"c": ("Clock", {"value": 2}), "k": ("Keep", {"value": ["c", 0]})}
    assert [bench.run(nodes, "k").ran for _ in range(2)] == [["c", "k"], []]
    nodes |= {"n": ("Number", {}), "c": ("Clock", {"value": ["n", 0]})}
    assert [bench.run(nodes, "k").ran for _ in range(2)] == [["n", "c", "k"], []]


@pytest.mark.parametrize("value", [3, 7])
def test_what_is_no_number_or_cannot_be_told_runs_each_time(bench: Any, value: int) -> None:
    nodes = {"c": ("Clock", {"value": value}), "k": ("Keep", {"value": ["c", 0]})}
    assert [bench.run(nodes, "k").ran for _ in range(2)] == [["c", "k"]] * 2


def test_an_expanded_node_is_shown_where_the_pack_wants_it(bench: Any) -> None:
    nodes = {"n": ("Number", {}), "b": ("Body", {"flow": ["n", 0]}), "k": ("Keep", {})}
    nodes["k"] = ("Keep", {"value": ["b", 0]})
    job = bench.run(nodes, "k")
    shown = {event.node: event.shown for event in job.events if isinstance(event, NodeStarted)}
    assert shown == {"b": "", "b.0.0.inner": "n", "b.0.0.other": "", "k": ""}


def test_a_blocked_item_says_why_and_the_others_run(bench: Any) -> None:
    nodes = {
        "i": ("Items", {"value": 3}),
        "g": ("Gate", {"value": ["i", 0]}),
        "k": ("Keep", {"value": ["g", 0]}),
    }
    job = bench.run(nodes, "k")
    assert job.state == "succeeded"
    (told,) = [event.problem for event in job.events if isinstance(event, NodeFailed)]
    assert (told.node, told.severity, told.message) == ("k", "warning", "closed")
    assert [output.text for output in job.outputs("k") if output.kind == "text"] == ["0", "2"]


def test_a_failing_coroutine_is_told_with_its_class(bench: Any) -> None:
    job = bench.run({"f": ("Fails", {"value": 4}), "k": ("Keep", {"value": ["f", 0]})}, "k")
    (failed,) = [event for event in job.events if isinstance(event, NodeFailed)]
    assert (failed.node, failed.error, failed.inputs) == ("f", "RuntimeError", {"value": 4})
    assert failed.traceback[-1].startswith("RuntimeError: in vain")
