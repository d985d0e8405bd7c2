"""Packs as rgthree's: inputs that no list has, and options that only ComfyUI's page knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebrush.graph.comfy.object_info import object_info

FLEXIBLE = """
    class Flexible(dict):
        def __contains__(self, key):
            return key != "odd"
        def __getitem__(self, key):
            return ("*", {"default": "never used"})

    class AnyNumber:
        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"first": ("INT", {"default": 1})}, "optional": Flexible(),
                    "hidden": {}}
        RETURN_TYPES = ("STRING",)
        FUNCTION = "go"
        def go(self, first, **more):
            return (repr(sorted(more.items())),)

    class Listed:
        INPUT_IS_LIST = True
        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"items": ("*",), "count": ("INT", {"forceInput": True})}}
        RETURN_TYPES = ("STRING",)
        FUNCTION = "go"
        def go(self, items, count):
            return (repr(items),)

    around = {}
    around["around"] = around

    class Dressed:
        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {
                "size": ("INT", {"default": 3, "min": 0, "max": 9, "display": "slider"}),
                "share": ("FLOAT", {"default": 0.5, "round": 0.001}),
                "sure": ("BOOLEAN", {"default": True, "label_on": "yes", "label_off": "no"}),
                "text": ("STRING", {"multiline": True, "dynamicPrompts": True}),
                "record": ("DICTY", {"default": {"k": [1, 2]}, "odd": around}),
                "mode": (["a", "b"], {"default": "b", "control_after_generate": True}),
                "some": ("COMBO", {"options": ["p", "q"], "multi_select": {"chip": True}}),
                "forced": ("INT", {"forceInput": True}),
            }}
        RETURN_TYPES = ("STRING",)
        FUNCTION = "go"
        def go(self, **inputs):
            return (repr(inputs),)

    class Sum:
        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"a": ("INT", {"default": 1})},
                    "optional": {"b": ("INT", {"default": 4}), "m": (["x", "y"],)}}
        RETURN_TYPES = ("INT",)
        FUNCTION = "go"
        def go(self, a, b=50, m=None):
            return (f"{a + b} {m}",)

    NODE_CLASS_MAPPINGS = {
        "AnyNumber": AnyNumber, "Listed": Listed, "Dressed": Dressed, "Sum": Sum,
    }
"""


def test_values_arrive_at_inputs_that_the_node_answers_for(bench_of: Callable[..., Any]) -> None:
    lora = {"on": True, "lora": "a.safetensors", "strength": 0.5}
    inputs = {"first": 1, "x": 2, "lora_1": lora, "z": ["0", 0], "odd": "left out"}
    nodes = {"0": ("AnyNumber", {"first": 5}), "1": ("AnyNumber", inputs)}
    shown = bench_of(FLEXIBLE).shown(nodes, ("1", 0))
    assert shown == repr(repr([("lora_1", lora), ("x", 2), ("z", "[]")]))


def test_such_values_are_part_of_what_is_known_of_a_result(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(FLEXIBLE)
    first = bench.shown({"1": ("AnyNumber", {"x": 1})}, ("1", 0))
    second = bench.shown({"1": ("AnyNumber", {"x": 2})}, ("1", 0))
    assert first != second


def test_options_reach_the_page_that_they_are_for_as_declared(
    bench_of: Callable[..., Any],
) -> None:
    told = object_info(bench_of(FLEXIBLE).spec("Dressed"), lambda _: ())["input"]["required"]
    assert told["size"] == ["INT", {"default": 3, "min": 0, "max": 9, "display": "slider"}]
    assert told["share"] == ["FLOAT", {"default": 0.5, "round": 0.001}]
    assert told["sure"] == ["BOOLEAN", {"default": True, "label_on": "yes", "label_off": "no"}]
    assert told["text"][1]["dynamicPrompts"] is True
    assert told["record"] == ["DICTY", {"default": {"k": [1, 2]}}]
    assert told["mode"] == [["a", "b"], {"default": "b", "control_after_generate": True}]
    assert told["some"][1]["options"] == ["p", "q"]
    assert told["some"][1]["multi_select"] == {"chip": True}
    assert told["forced"] == ["INT", {"forceInput": True}]


def test_what_takes_lists_is_forced_to_be_a_wire_like_any(bench_of: Callable[..., Any]) -> None:
    told = object_info(bench_of(FLEXIBLE).spec("Listed"), lambda _: ())["input"]["required"]
    assert told["count"] == ["INT", {"forceInput": True}]


def test_an_optional_input_that_is_left_out_is_the_functions_own(
    bench_of: Callable[..., Any],
) -> None:
    bench = bench_of(FLEXIBLE)
    assert bench.shown({"1": ("Sum", {"a": 1})}, ("1", 0)) == repr("51 None")
    assert bench.shown({"1": ("Sum", {"a": 1, "b": 4})}, ("1", 0)) == repr("5 None")
    told = object_info(bench.spec("Sum"), lambda _: ())["input"]["optional"]
    assert told == {"b": ["INT", {"default": 4}], "m": [["x", "y"]]}
