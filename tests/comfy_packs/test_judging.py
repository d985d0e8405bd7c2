"""What packs say before a node runs: has the world changed, and are its values right?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from wirebrush.graph.prompt import Prompt

JUDGING = """
    import asyncio

    class Base:
        RETURN_TYPES = ("STRING",)
        FUNCTION = "go"
        def go(self, **kwargs):
            return (str(kwargs),)

    class Changing(Base):
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"how": ("STRING", {"default": "same"}), "image": ("IMAGE",)},
                    "optional": {"other": ("INT", {"default": 3})}}
        @classmethod
        async def IS_CHANGED(cls, how, image):
            await asyncio.sleep(0)
            assert image is None
            if how == "nan":
                return float("NaN")
            if how == "error":
                raise ValueError("no")
            return how

    class Stateful(Base):
        NOT_IDEMPOTENT = True
        def __init__(self):
            self.calls = 0
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"value": ("INT", {"default": 0})}}
        def go(self, value):
            self.calls += 1
            return (f"call {self.calls}",)

    class Named(Base):
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"a": ("INT", {"default": 1, "max": 9}), "b": ("INT", {"max": 9}),
                                 "c": ("IMAGE,FLOAT",)}}
        @classmethod
        def VALIDATE_INPUTS(s, a, c=None):
            if a == 5:
                return "5 is not allowed."
            return None if a == 4 else a != 6

    class Typed(Named):
        @classmethod
        def VALIDATE_INPUTS(s, input_types):
            return "no masks" if "MASK" in input_types.values() else True

    class All(Named):
        @classmethod
        async def VALIDATE_INPUTS(s, **kwargs):
            if kwargs["a"] == 7:
                raise KeyError("seven")
            return True

    NODE_CLASS_MAPPINGS = {k.__name__: k for k in (Changing, Stateful, Named, Typed, All)}
"""


def changing(how: str) -> dict[str, tuple[str, dict[str, Any]]]:
    return {"p": ("Picture", {}), "c": ("Changing", {"how": how, "image": ["p", 0]})}


@pytest.mark.parametrize(
    ("how", "again"), [("same", []), ("nan", ["c"]), ("error", ["c"]), ("other", [])]
)
def test_is_changed(bench_of: Callable[..., Any], how: str, again: list[str]) -> None:
    bench = bench_of(JUDGING)
    assert "c" in bench.run(changing(how), "c").ran
    assert bench.run(changing(how), "c").ran == again


def test_two_nodes_that_are_not_idempotent_are_two(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(JUDGING)
    job = bench.run({"1": ("Stateful", {}), "2": ("Stateful", {})})
    assert sorted(job.ran) == ["1", "2"]
    assert bench.run({"1": ("Stateful", {})}).ran == []
    assert bench.shown({"1": ("Stateful", {"value": 1})}, ("1", 0)) == "'call 2'"


@pytest.mark.parametrize(
    ("kind", "values", "types", "said"),
    [
        ("Named", {"a": 1, "b": 2}, {}, []),
        ("Named", {"a": 5, "b": 2}, {}, [("a", "5 is not allowed.")]),
        ("Named", {"a": 6}, {}, [("a", "")]),
        ("Named", {"a": 4}, {}, [("a", "None")]),
        (
            "Named",
            {"a": 5},
            {"c": "IMAGE"},
            [("a", "5 is not allowed."), ("c", "5 is not allowed.")],
        ),
        ("Typed", {"a": 1}, {"c": "FLOAT"}, []),
        ("Typed", {"a": 1}, {"c": "MASK"}, [(None, "no masks")]),
    ],
)
def test_validate_inputs(
    bench_of: Callable[..., Any],
    kind: str,
    values: Mapping[str, Any],
    types: Mapping[str, str],
    said: list[tuple[str | None, str]],
) -> None:
    packs = bench_of(JUDGING).packs
    assert packs.spec(kind).validates
    assert list(packs.types[kind].declared.validate(values, types)) == said


def test_a_check_that_raises_is_told_by_its_exception(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(JUDGING)
    prompt = Prompt.from_json({"1": {"class_type": "All", "inputs": {"a": 7}}})
    (problem,) = bench.engine.check(prompt)
    assert (problem.code, problem.node, problem.port) == ("node_check_failed", "1", None)
    assert problem.message == "KeyError: 'seven'"


def test_what_a_node_judges_is_checked_by_nobody_else(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(JUDGING)

    def unchecked(kind: str) -> list[str]:
        return [port.unchecked for port in bench.spec(kind).inputs]

    assert unchecked("Named") == ["values", "", "values"]
    assert unchecked("Typed") == ["types", "types", "types"]
    assert unchecked("All") == ["values", "values", "values"]
