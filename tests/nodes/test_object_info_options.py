"""`/object_info` tells ComfyUI's page how to edit a value as ComfyUI itself does.

`object_info_options.json` has, for each of its node types, the options of inputs that change what
the page does: rounding, what it replaces in texts, buttons, and what it fetches.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from wirebrush.engine.packs import load_packs
from wirebrush.graph.comfy.object_info import object_info

OPTIONS: Mapping[str, Mapping[str, Mapping[str, Any]]] = json.loads(
    Path(__file__).with_name("object_info_options.json").read_text("utf-8")
)
NAMES = {name for fields in OPTIONS.values() for options in fields.values() for name in options}
SPECS = {kind.spec.id: kind.spec for kind in load_packs().types.values() if kind.spec}
BOTH = sorted(set(OPTIONS) & set(SPECS))
OURS = {
    ("TrainLoraNode", "seed", "control_after_generate"): "its page adds that by the name anyway",
    ("CreateHookKeyframesFromFloats", "floats_strength", "forceInput"): "its type has no widget",
    ("CLIPTextEncode", "text", "placeholder"): "what an empty box says",
}


@pytest.mark.parametrize("name", BOTH)
def test_values_are_edited_as_in_comfyui(name: str) -> None:
    info = object_info(SPECS[name], lambda kind: [])["input"]
    fields = {**info["required"], **info.get("optional", {})}
    told = {
        (port, key): field[1][key]
        for port, field in fields.items()
        for key in NAMES & set(field[1] if len(field) > 1 else {})
        if (field[1][key] is not False or key == "round") and (name, port, key) not in OURS
    }
    expected = {
        (port, key): item
        for port, options in OPTIONS[name].items()
        for key, item in options.items()
        if (name, port, key) not in OURS
    }
    assert told == expected


def test_outputs_are_chosen_from_a_list_that_is_fetched() -> None:
    field = object_info(SPECS["LoadImageOutput"], lambda kind: ["a.png"])["input"]["required"]
    assert field["image"][0] == "COMBO"


def test_types_without_such_options_have_none() -> None:
    info = object_info(SPECS["StringConcatenate"], lambda kind: [])["input"]["required"]
    assert "dynamicPrompts" not in info["string_a"][1]  # it would eat what stands behind `//`
