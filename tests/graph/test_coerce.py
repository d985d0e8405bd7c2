from __future__ import annotations

from typing import Any

import pytest

from wirebrush.api import Link
from wirebrush.catalog import Catalog
from wirebrush.graph.coerce import coerced
from wirebrush.graph.prompt import Prompt, PromptNode


@pytest.mark.parametrize(
    ("type_name", "port", "given", "taken"),
    [
        ("Sample", "steps", "20", 20),
        ("Sample", "steps", 20.7, 20),
        ("Sample", "steps", "twenty", "twenty"),
        ("Sample", "steps", float("inf"), float("inf")),
        ("Sample", "steps", None, None),
        ("Sample", "cfg", 8, 8.0),
        ("Sample", "cfg", "7.5", 7.5),
        ("Sample", "cfg", [1], [1]),
        ("Encode", "text", 5, "5"),
        ("Switch", "on", 1, True),
        ("Switch", "on", "", False),
        ("Sample", "sampler_name", 3, 3),
        ("Sample", "steps", Link("1", 0), Link("1", 0)),
        ("Sum", "numbers", ["1"], ["1"]),
        ("Sample", "zzz", "1", "1"),
        ("Nope", "steps", "1", "1"),
    ],
)
def test_values_are_converted_as_comfyui_does(
    catalog: Catalog, type_name: str, port: str, given: Any, taken: Any
) -> None:
    prompt = Prompt({"1": PromptNode("1", type_name, {port: given}, "Title")})
    result = coerced(prompt, catalog).nodes["1"].inputs[port]
    assert (result, type(result)) == (taken, type(taken))
    assert prompt.nodes["1"].inputs[port] == given
