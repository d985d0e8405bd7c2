"""`/object_info` says of the field's usual nodes what the field's own server says of them.

`object_info_facts.json` has what ComfyUI 0.3.64 answers for the 150 node types that most workflows
need: names, types, order, defaults, bounds and outputs. A default that is the first choice is left
out there and here, and so is a step of 1 of whole numbers: both mean the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wirebrush.engine.packs import load_packs
from wirebrush.graph.comfy.object_info import object_info

FACTS: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("object_info_facts.json").read_text("utf-8")
)
SPECS = {kind.spec.id: kind.spec for kind in load_packs().types.values()}
BOTH = [name for name in FACTS if name in SPECS]


def facts_of(info: dict[str, Any]) -> dict[str, Any]:
    """The answer about one node, as the file has it."""
    parts = [(name, info["input"].get(name, {})) for name in ("required", "optional")]
    for name, fields in parts:
        assert list(fields) == info["input_order"].get(name, [])
    return {
        "inputs": [
            _input(name, section, field) for section, s in parts for name, field in s.items()
        ],
        "outputs": [
            list(output)
            for output in zip(
                info["output"], info["output_name"], info["output_is_list"], strict=True
            )
        ],
        "sink": info["output_node"],
    }


def _input(name: str, section: str, field: list[Any]) -> dict[str, Any]:
    kind, options = field[0], field[1] if len(field) > 1 else {}
    told = {key: options[key] for key in ("default", "min", "max", "step") if key in options}
    if kind == "INT" and told.get("step") == 1:
        del told["step"]
    optional = {"optional": True} if section == "optional" else {}
    return {"name": name, "type": "COMBO" if isinstance(kind, list) else kind, **optional, **told}


@pytest.mark.parametrize("name", BOTH)
def test_a_node_is_told_as_the_fields_server_tells_it(name: str) -> None:
    assert facts_of(object_info(SPECS[name], lambda kind: [])) == FACTS[name]


def test_most_of_them_are_here() -> None:
    assert len(BOTH) > 110
