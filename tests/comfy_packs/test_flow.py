"""A pack as Impact is one: lists, lazy switches, expansions, loops, blockers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

FLOW = """
    import asyncio
    from comfy_execution.graph_utils import GraphBuilder, is_link, ExecutionBlocker
    from comfy.utils import ProgressBar
    import comfy

    class AnyType(str):
        def __ne__(self, other):
            return False
    any_typ = AnyType("*")

    class MakeList:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"value1": (any_typ,)}}
        RETURN_TYPES = (any_typ,)
        OUTPUT_IS_LIST = (True,)
        FUNCTION = "doit"
        def doit(self, **kwargs):
            return ([kwargs[name] for name in sorted(kwargs)],)

    class Count:
        INPUT_IS_LIST = True
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"items": (any_typ,), "scale": ("INT", {"default": 10})},
                    "hidden": {"unique_id": "UNIQUE_ID"}}
        RETURN_TYPES = ("STRING",)
        FUNCTION = "count"
        def count(self, items, scale, unique_id):
            return (f"{len(items)} {items} {scale} {unique_id}",)

    class Double:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"value": ("INT", {"default": 1})}}
        RETURN_TYPES = ("INT",)
        FUNCTION = "double"
        def double(self, value):
            return (value * 2,)

    class Switch:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"first": ("BOOLEAN", {"default": True}),
                                 "yes": (any_typ, {"lazy": True})},
                    "optional": {"no": (any_typ, {"lazy": True})}}
        RETURN_TYPES = (any_typ,)
        FUNCTION = "switch"
        async def check_lazy_status(self, first, yes=None, no=None):
            await asyncio.sleep(0)
            return ["yes" if first else "no"]
        def switch(self, first, yes=None, no=None):
            return (yes if first else no,)

    class Both:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"a": (any_typ, {"lazy": True}), "b": (any_typ, {"lazy": True})}}
        RETURN_TYPES = (any_typ,)
        FUNCTION = "both"
        def check_lazy_status(self, a, b):
            return [name for name, value in (("a", a), ("b", b)) if value is None]
        def both(self, a, b):
            return (f"{a} {b}",)

    HERE = []

    class Meet:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"name": ("STRING",)}}
        RETURN_TYPES = ("STRING",)
        FUNCTION = "wait"
        async def wait(self, name):
            HERE.append(name)
            while len(HERE) < 2:
                await asyncio.sleep(0.001)
            return (name,)

    class Slow:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"value": (any_typ,)}}
        RETURN_TYPES = (any_typ,)
        FUNCTION = "wait"
        async def wait(self, value):
            bar = comfy.utils.ProgressBar(0.5)
            bar.update_absolute(0.25)
            await asyncio.sleep(0.01)
            bar.update(0.25)
            return (value,)

    class Block:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"value": ("INT",), "limit": ("INT", {"default": 2})}}
        RETURN_TYPES = ("INT",)
        FUNCTION = "go"
        def go(self, value, limit):
            return (value if value <= limit else ExecutionBlocker(None),)

    class Times:
        '''A loop: it expands into itself until nothing is left.'''
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"value": ("INT",), "left": ("INT", {"default": 3})},
                    "hidden": {"dynprompt": "DYNPROMPT", "unique_id": "UNIQUE_ID",
                               "extra": ("INT",)}}
        RETURN_TYPES = ("INT", "STRING")
        FUNCTION = "go"
        def go(self, value, left, dynprompt=None, unique_id=None, extra=0):
            assert dynprompt.get_node(unique_id)["class_type"] == "Times"
            if left == 0:
                return (value, f"{unique_id} extra={extra}")
            graph = GraphBuilder()
            double = graph.node("Double", value=value)
            again = graph.node("Times", value=double.out(0), left=left - 1, extra=extra + 1)
            assert is_link(again.out(1))
            return {"result": (again.out(0), again.out(1)), "expand": graph.finalize()}

    class Raw:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"flow": (any_typ, {"rawLink": True})}}
        RETURN_TYPES = ("STRING", "INT")
        FUNCTION = "go"
        def go(self, flow):
            graph = GraphBuilder()
            end = graph.node("Double", value=flow)
            return {"result": (repr(flow), end.out(0)), "expand": graph.finalize()}

    class Spread:
        '''An expansion whose list is plain values, not a node's.'''
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {}}
        RETURN_TYPES = ("INT", "INT")
        OUTPUT_IS_LIST = (True, False)
        FUNCTION = "go"
        def go(self):
            graph = GraphBuilder()
            return {"result": ([1, 2, 3], graph.node("Double", value=4).out(0)),
                    "expand": graph.finalize()}

    NODE_CLASS_MAPPINGS = {kind.__name__: kind for kind in
        (MakeList, Count, Double, Switch, Both, Meet, Slow, Block, Times, Raw, Spread)}
"""
THREE = {"list": ("MakeList", {"value1": 1, "value2": ["two", 0], "value3": ["three", 0]})} | {
    "two": ("Double", {"value": 1}),
    "three": ("Double", {"value": 2}),
}


@pytest.fixture
def flow(bench_of: Callable[..., Any]) -> Any:
    return bench_of(FLOW)


def test_undeclared_wires_reach_a_function_that_takes_any(flow: Any) -> None:
    nodes = {**THREE, "n": ("Count", {"items": ["list", 0]})}
    assert flow.shown(nodes, ("n", 0)) == "\"3 [1, 2, 4] [10] ['n']\""


def test_a_list_runs_a_node_once_per_item(flow: Any) -> None:
    nodes = {**THREE, "d": ("Double", {"value": ["list", 0]}), "n": ("Count", {"items": ["d", 0]})}
    assert flow.shown(nodes, ("n", 0)).startswith('"3 [2, 4, 8]')


def test_only_the_branch_that_is_asked_for_runs(flow: Any) -> None:
    nodes = {
        "a": ("Double", {"value": 4}),
        "b": ("Double", {"value": 5}),
        "s": ("Switch", {"first": False, "yes": ["a", 0], "no": ["b", 0]}),
        "show": ("Show", {"value": ["s", 0]}),
    }
    job = flow.run(nodes, "show")
    assert job.text("show") == "10"
    assert "a" not in job.ran


def test_branches_that_are_asked_for_together_overlap(flow: Any) -> None:
    nodes = {
        "a": ("Meet", {"name": "one"}),
        "b": ("Meet", {"name": "two"}),
        "s": ("Both", {"a": ["a", 0], "b": ["b", 0]}),
    }
    assert flow.shown(nodes, ("s", 0)) == "'one two'"


def test_a_lazy_list_maps_the_switch(flow: Any) -> None:
    nodes = {**THREE, "s": ("Switch", {"yes": ["list", 0]}), "n": ("Count", {"items": ["s", 0]})}
    assert flow.shown(nodes, ("n", 0)).startswith('"3 [1, 2, 4]')


def test_async_nodes_and_progress_in_fractions(flow: Any) -> None:
    nodes = {"d": ("Double", {}), "w": ("Slow", {"value": ["d", 0]})}
    job = flow.run({**nodes, "show": ("Show", {"value": ["w", 0]})}, "show")
    assert job.text("show") == "2"
    assert job.progress[-1] == (1000, 1000)


def test_blocked_items_are_skipped_alone(flow: Any) -> None:
    nodes = {**THREE, "b": ("Block", {"value": ["list", 0]}), "show": ("Show", {"value": ["b", 0]})}
    job = flow.run(nodes, "show")
    assert [output.text for output in job.outputs("show")] == ["1", "2"]


def test_a_loop_by_expansion(flow: Any) -> None:
    nodes = {"d": ("Double", {"value": 1}), "t": ("Times", {"value": ["d", 0], "left": 3})}
    assert flow.shown(nodes, ("t", 0)) == "16"
    assert "extra=3" in flow.shown(nodes, ("t", 1))


def test_a_long_loop_has_short_ids(flow: Any) -> None:
    nodes = {"d": ("Double", {"value": 0}), "t": ("Times", {"value": ["d", 0], "left": 60})}
    job = flow.run({**nodes, "show": ("Show", {"value": ["t", 0]})}, "show")
    assert job.text("show") == "0"
    assert max(map(len, job.ran)) < 300


def test_a_raw_link_is_the_wire_itself(flow: Any) -> None:
    nodes = {"d": ("Double", {"value": 3}), "r": ("Raw", {"flow": ["d", 0]})}
    assert flow.shown(nodes, ("r", 0)) == "\"['d', 0]\""
    assert flow.shown(nodes, ("r", 1)) == "12"


def test_an_expansion_may_give_a_list_of_plain_values(flow: Any) -> None:
    nodes = {"s": ("Spread", {}), "n": ("Count", {"items": ["s", 0], "scale": ["s", 1]})}
    assert flow.shown(nodes, ("n", 0)).startswith('"3 [1, 2, 3] [8]')
