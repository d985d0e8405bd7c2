"""A pack as ComfyMath is one: numbers, wildcards, choices from tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

MATHS = """
    class AnyType(str):
        def __ne__(self, other):
            return False

    class Everything:
        def __eq__(self, other):
            return True
        def __ne__(self, other):
            return False

    class TautologyStr(str):
        def __eq__(self, other):
            return True
        def __ne__(self, other):
            return False

    any_type = AnyType("*")
    OPERATIONS = {"Add": lambda a, b: a + b, "Mul": lambda a, b: a * b}

    class IntBinary:
        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {
                "op": (list(OPERATIONS.keys()),),
                "a": ("INT", {"default": 0, "min": -2**63, "max": 2**64 - 1}),
                "b": ("INT", {"default": 1.0}),
            }}
        RETURN_TYPES = ("INT",)
        FUNCTION = "op"
        CATEGORY = "math/int"
        def op(self, op, a, b):
            return (OPERATIONS[op](a, b),)

    class AnyEqual:
        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"a": (any_type, {}), "b": (Everything(), {"forceInput": True}),
                                 "kind": (["a", 1, True, None], {"default": 1})}}
        RETURN_TYPES = (TautologyStr("INT"), any_type)
        RETURN_NAMES = ("same", "what")
        FUNCTION = "compare"
        CATEGORY = "math"
        def compare(self, a, b, kind):
            return (int(a == b), [a, b])

    class Bounds:
        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {
                "x": ("FLOAT", {"default": "0.5", "min": float("-inf"), "max": float("inf")}),
                "low": ("INT", {"min": 3}),
                "wire": ("FLOAT", {"forceInput": True, "default": 1.0}),
                "none": ("STRING",),
                "vec": ("VEC2", {"default": (0.0, 0.0)}),
                "empty": ([],),
                "made": ([], {"image_upload": True, "image_folder": "output"}),
                "some": (["a", "b"], {"multi_select": {"chip": True}, "default": ["b"]}),
            }}
        RETURN_TYPES = ("FLOAT",)
        FUNCTION = "go"
        def go(self, **inputs):
            return (sum(v for v in inputs.values() if isinstance(v, float)),)

    NODE_CLASS_MAPPINGS = {"CM_IntBinary": IntBinary, "CM_AnyEqual": AnyEqual, "CM_Bounds": Bounds}
"""


def test_numbers(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(MATHS)
    nodes = {"1": ("CM_IntBinary", {"op": "Mul", "a": 6, "b": 7})}
    assert bench.shown(nodes, ("1", 0)) == "42"
    assert bench.shown({"1": ("CM_IntBinary", {"a": 1})}, ("1", 0)) == "2"


def test_wildcards_take_and_give_anything(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(MATHS)
    spec = bench.spec("CM_AnyEqual")
    assert [port.type for port in spec.inputs] == ["*", "*", "COMBO"]
    assert [output.type for output in spec.outputs] == ["*", "*"]
    nodes = {
        "1": ("CM_IntBinary", {"op": "Add", "a": 1, "b": 2}),
        "2": ("CM_AnyEqual", {"a": ["1", 0], "b": "x"}),
    }
    assert bench.shown(nodes, ("2", 1)) == "[3, 'x']"


@pytest.mark.parametrize(
    ("name", "default", "low"), [("x", 0.5, None), ("low", 3, 3), ("none", "", None)]
)
def test_defaults_and_bounds_are_what_json_can_say(
    bench_of: Callable[..., Any], name: str, default: Any, low: Any
) -> None:
    port = bench_of(MATHS).spec("CM_Bounds").port(name)
    assert port.default == default
    assert type(port.default) is type(default)
    assert port.widget.min == low
    assert port.widget.max is None


def test_what_is_forced_to_be_a_wire_has_no_widget(bench_of: Callable[..., Any]) -> None:
    spec = bench_of(MATHS).spec("CM_Bounds")
    assert spec.port("wire").widget is None
    assert spec.port("wire").required
    assert spec.port("vec").widget is None
    assert spec.port("vec").unchecked == "values"
    assert spec.port("empty").widget.choices == ()


def test_pictures_that_were_made_can_be_chosen(bench_of: Callable[..., Any]) -> None:
    widget = bench_of(MATHS).spec("CM_Bounds").port("made").widget
    assert (widget.kind, widget.folder, widget.upload) == ("file", "output", False)


def test_several_choices_are_a_list(bench_of: Callable[..., Any]) -> None:
    port = bench_of(MATHS).spec("CM_Bounds").port("some")
    assert (port.list, port.default) == (True, ["b"])


def test_a_catalog_of_it_is_json(bench_of: Callable[..., Any]) -> None:
    catalog = bench_of(MATHS).packs.catalog()
    (any_equal,) = [node for node in catalog["nodes"] if node["id"] == "CM_AnyEqual"]
    assert any_equal["inputs"][2]["widget"]["choices"] == ["a", 1, "None"]
