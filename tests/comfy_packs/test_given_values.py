"""Values of prompts at inputs that take several, and the order in which functions get them."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from typing import Any

import pytest

GIVEN = """
    class AnyType(str):
        def __ne__(self, other):
            return False

    class Plain:
        INPUT_IS_LIST = False
        @classmethod
        def INPUT_TYPES(s):
            some = (["p", "q"], {"multi_select": {"chip": True}})
            return {"required": {"v": (AnyType("*"), {}), "some": some}}
        RETURN_TYPES = ("STRING",)
        FUNCTION = "go"
        def go(self, **kwargs):
            return (" ".join(f"{name}={value!r}" for name, value in kwargs.items()),)

    class Listed(Plain):
        INPUT_IS_LIST = True

    class Pair:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {}}
        RETURN_TYPES = ("INT", "INT")
        OUTPUT_IS_LIST = (True, False)
        FUNCTION = "go"
        def go(self):
            return ([1, 2], 3)

    NODE_CLASS_MAPPINGS = {k.__name__: k for k in (Plain, Listed, Pair)}
"""


def told(bench: Any, kind: str, **inputs: Any) -> str:
    return str(literal_eval(bench.shown({"n": (kind, inputs), "pair": ("Pair", {})}, ("n", 0))))


@pytest.mark.parametrize(
    ("value", "plain", "listed"),
    [
        (5, "5", "[5]"),
        ([1, 2], "[1, 2]", "[[1, 2]]"),
        ({"__value__": [1, 2]}, "[1, 2]", "[[1, 2]]"),
        ({"__value__": ["7", 0]}, "['7', 0]", "[['7', 0]]"),
        ({"__value__": []}, "[]", "[[]]"),
        ([], "[]", "[[]]"),
        (None, "None", "[None]"),
        (["pair", 0], "1", "[1, 2]"),
        (["pair", 1], "3", "[3]"),
    ],
)
def test_a_list_is_one_value(
    bench_of: Callable[..., Any], value: Any, plain: str, listed: str
) -> None:
    bench = bench_of(GIVEN)
    assert told(bench, "Listed", v=value, some="p") == f"v={listed} some=['p']"
    if value != ["pair", 0]:  # which calls the function twice
        assert told(bench, "Plain", v=value, some="p") == f"v={plain} some='p'"


@pytest.mark.parametrize(
    ("value", "plain"),
    [("p", "'p'"), (["p"], "['p']"), (["p", "q"], "['p', 'q']"), ([], "[]"), (None, "None")],
)
def test_one_choice_of_several_comes_as_it_was_given(
    bench_of: Callable[..., Any], value: Any, plain: str
) -> None:
    bench = bench_of(GIVEN)
    assert told(bench, "Plain", v=1, some=value) == f"v=1 some={plain}"
    assert told(bench, "Listed", v=1, some=value) == f"v=[1] some=[{plain}]"


def test_a_function_gets_its_inputs_in_the_order_of_the_prompt(
    bench_of: Callable[..., Any],
) -> None:
    """Packs with any number of inputs join them in that order."""
    bench = bench_of(GIVEN)
    wires = {f"v{number}": ["pair", 1] for number in range(12)}
    names = told(bench, "Plain", **wires, some=["p"], v=1).replace("=3", "").split()
    assert names == [*(f"v{number}" for number in range(12)), "some=['p']", "v=1"]
