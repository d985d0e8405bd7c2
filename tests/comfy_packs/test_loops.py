"""A pack with loops as they are made by expansion: the end of a loop unrolls what lies between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

LOOPS = """
    from comfy_execution.graph_utils import GraphBuilder, is_link

    class AnyType(str):
        def __ne__(self, other):
            return False
    ANY = AnyType("*")

    class Begin:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"count": ("INT", {"default": 1, "min": 1})},
                    "optional": {"carry": (ANY,)}, "hidden": {"index": ("INT", {"default": 0})}}
        RETURN_TYPES = ("LOOP", "INT", ANY)
        FUNCTION = "begin"
        def begin(self, count, carry=None, index=0):
            return ("loop", index, carry)

    class End:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"loop": ("LOOP", {"rawLink": True}), "carry": (ANY,)},
                    "hidden": {"prompt": "DYNPROMPT", "me": "UNIQUE_ID"}}
        RETURN_TYPES = (ANY,)
        FUNCTION = "end"
        def end(self, loop, carry, prompt, me):
            begin = prompt.get_node(loop[0])["inputs"]
            index = begin.get("index", 0) + 1
            if index >= begin["count"]:
                return (carry,)
            graph = GraphBuilder()
            copies = {}
            for node in self.between(prompt, loop[0], me):
                copies[node] = graph.node(prompt.get_node(node)["class_type"], node)
                copies[node].set_override_display_id(prompt.get_display_node_id(node))
            for node, copy in copies.items():
                for name, value in prompt.get_node(node)["inputs"].items():
                    inside = is_link(value) and value[0] in copies
                    copy.set_input(name, copies[value[0]].out(value[1]) if inside else value)
            copies[loop[0]].set_input("index", index)
            copies[loop[0]].set_input("carry", carry)
            return {"result": (copies[me].out(0),), "expand": graph.finalize()}

        def between(self, prompt, begin, end):
            users, left = {}, [end]
            while left:
                node = left.pop()
                for value in prompt.get_node(node)["inputs"].values():
                    if is_link(value):
                        if value[0] not in users:
                            left.append(value[0])
                        users.setdefault(value[0], []).append(node)
            found, left = {begin: None}, [begin]
            while left:
                for user in users.get(left.pop(), ()):
                    if user not in found:
                        found[user] = None
                        left.append(user)
            return list(found)

    class Add:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"a": ("INT", {"default": 0}), "b": ("INT", {"default": 0})}}
        RETURN_TYPES = ("INT",)
        FUNCTION = "add"
        def add(self, a, b):
            if b == 7:
                raise ValueError("seven")
            return (a + b,)

    class Append:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"item": (ANY,)}, "optional": {"items": (ANY,)}}
        RETURN_TYPES = (ANY,)
        FUNCTION = "append"
        def append(self, item, items=None):
            return ([*(items or []), item],)

    NODE_CLASS_MAPPINGS = {k.__name__: k for k in (Begin, End, Add, Append)}
"""


def summing(count: int, start: int = 10) -> dict[str, Any]:
    """start + 0 + 1 + ... + (count - 1)."""
    return {
        "begin": ("Begin", {"count": count, "carry": ["start", 0]}),
        "start": ("Add", {"a": start}),
        "add": ("Add", {"a": ["begin", 2], "b": ["begin", 1]}),
        "end": ("End", {"loop": ["begin", 0], "carry": ["add", 0]}),
    }


@pytest.fixture
def loops(bench_of: Callable[..., Any]) -> Any:
    return bench_of(LOOPS)


@pytest.mark.parametrize(("count", "total"), [(1, 10), (2, 11), (6, 25)])
def test_a_loop_runs_as_often_as_it_says(loops: Any, count: int, total: int) -> None:
    assert loops.shown(summing(count), ("end", 0)) == str(total)
    assert loops.run(summing(count), "end").ran == []  # and not again


def test_a_loop_within_a_loop(loops: Any) -> None:
    nodes = {
        "outer": ("Begin", {"count": 3}),
        "inner": ("Begin", {"count": 2, "carry": ["outer", 2]}),
        "pair": ("Append", {"item": ["outer", 1], "items": ["inner", 2]}),
        "done": ("End", {"loop": ["inner", 0], "carry": ["pair", 0]}),
        "end": ("End", {"loop": ["outer", 0], "carry": ["done", 0]}),
    }
    assert loops.shown(nodes, ("end", 0)) == "[0, 0, 1, 1, 2, 2]"


def test_a_failure_in_a_later_turn_is_told_once_and_ends_the_loop(loops: Any) -> None:
    job = loops.run(summing(20), "end")
    assert job.state == "failed"
    (message,) = job.messages
    assert "seven" in message
    assert loops.shown(summing(7), ("end", 0)) == "31"


def test_what_is_read_within_and_after_a_loop(loops: Any) -> None:
    nodes = {**summing(3), "show": ("Show", {"value": ["add", 0]})}
    assert loops.run(nodes, "end", "show").text("show") == "10"
