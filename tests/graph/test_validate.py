from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from wirebrush.api import Link
from wirebrush.catalog import Catalog, PackFailure
from wirebrush.events import Problem
from wirebrush.graph.parse import parse_prompt
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.validate import needed_by, validate
from wirebrush.packlist import PackReport

Check = Callable[..., list[Problem]]


@pytest.fixture
def check(catalog: Catalog) -> Check:
    def run(data: dict[str, Any], **options: Any) -> list[Problem]:
        prompt = parse_prompt(data)
        assert isinstance(prompt, Prompt), prompt
        before = copy.deepcopy(prompt)
        found = validate(prompt, catalog, **options)
        assert prompt == before
        return found

    return run


def one(found: list[Problem]) -> Problem:
    assert len(found) == 1, found
    return found[0]


def test_a_right_prompt_has_no_problems(check: Check, picture: dict[str, Any]) -> None:
    assert check(picture) == []
    assert check(picture, targets=["6"]) == []
    assert (
        check(picture, files=lambda kind, name: (kind, name) == ("checkpoints", "postcards")) == []
    )


# --- structure ---


def test_an_unknown_type_is_answered_with_the_nearest_names(
    check: Check, picture: dict[str, Any]
) -> None:
    picture["5"]["class_type"] = "sampel"
    found = one(check(picture))
    assert (found.code, found.node, found.severity) == ("unknown_node_type", "5", "error")
    assert found.message == 'There is no node type "sampel" (node 5).'
    assert found.hint.startswith('Did you mean "Sample"')
    assert found.hint.endswith("Or install the pack that has it.")


def test_an_unknown_type_may_be_in_a_pack_that_failed(catalog: Catalog) -> None:
    broken = Catalog(catalog.specs, (PackFailure("fancy", "ImportError: no scipy"),))
    prompt = Prompt({"1": PromptNode("1", "Zzzzzzzzzz", {})})
    assert '"fancy" failed to load' in one(validate(prompt, broken)).hint
    loaded = replace(broken, packs=(PackReport("fancy", "comfyui", loaded=True),))
    assert "fancy" not in one(validate(prompt, loaded)).hint, "it lacks a node or two"


def test_an_unknown_type_may_be_in_a_pack_that_is_off(catalog: Catalog) -> None:
    off = PackReport("Fancy", "comfyui", on=False, nodes=("Zzz",))
    prompt = Prompt({"1": PromptNode("1", "Zzz", {})})
    found = one(validate(prompt, replace(catalog, packs=(off,))))
    assert found.hint == 'It is in the pack "Fancy", which is off: turn it on.'


def test_a_dangling_wire_names_both_ends(check: Check, picture: dict[str, Any]) -> None:
    picture["6"]["inputs"]["samples"] = ["99", 0]
    found = one(check(picture))
    assert (found.code, found.node, found.port) == ("dangling_link", "6", "samples")
    assert found.message == (
        'Decode (node 6): "samples" is connected to node "99", which does not exist.'
    )


@pytest.mark.parametrize("index", [-1, 3, 2**70])
def test_an_output_that_is_not_there(check: Check, picture: dict[str, Any], index: int) -> None:
    picture["6"]["inputs"]["vae"] = ["1", index]
    found = one(check(picture))
    assert (found.code, found.node, found.port) == ("bad_output", "6", "vae")
    assert found.hint == "Its outputs are 0 (MODEL), 1 (CLIP), 2 (VAE)."


def test_a_sink_has_no_outputs_to_connect(check: Check, picture: dict[str, Any]) -> None:
    picture["8"] = {"class_type": "Show", "inputs": {"value": ["7", 0]}}
    assert one(check(picture)).hint == "That node has no outputs. Connect another one."


def test_types_that_do_not_fit(check: Check, picture: dict[str, Any]) -> None:
    picture["7"]["inputs"]["images"] = ["5", 0]
    found = one(check(picture))
    assert found.code == "wrong_type"
    assert found.message == (
        'Save (node 7): "images" takes an IMAGE, but Sample (node 5) gives a LATENT.'
    )


def test_a_title_is_how_people_know_the_node(check: Check, picture: dict[str, Any]) -> None:
    picture["7"] |= {"_meta": {"title": "My postcard"}, "inputs": {}}
    assert one(check(picture)).message == 'My postcard (node 7): nothing is connected to "images".'


def test_unknown_inputs_are_warnings(check: Check, picture: dict[str, Any]) -> None:
    picture["5"]["inputs"]["step"] = 30
    found = one(check(picture))
    assert (found.code, found.port, found.severity) == ("unknown_input", "step", "warning")
    assert found.hint == 'Did you mean "steps"?'


def test_wires_at_unknown_inputs_must_still_be_wires(check: Check, picture: dict[str, Any]) -> None:
    picture["7"]["inputs"]["zzz"] = ["99", 0]
    assert [item.code for item in check(picture)] == ["unknown_input", "dangling_link"]


def test_dynamic_nodes_take_further_inputs(check: Check, picture: dict[str, Any]) -> None:
    picture["8"] = {
        "class_type": "Collect",
        "inputs": {"count": 1, "image0": ["6", 0], "other": [1, 2]},
    }
    assert check(picture) == []


def test_missing_inputs(check: Check, picture: dict[str, Any]) -> None:
    del picture["6"]["inputs"]["vae"]
    del picture["1"]["inputs"]["ckpt_name"]
    del picture["2"]["inputs"]["text"]
    found = check(picture)
    assert [(item.code, item.node, item.port) for item in found] == [
        ("missing_input", "1", "ckpt_name"),
        ("missing_input", "2", "text"),
        ("missing_input", "6", "vae"),
    ]
    assert [item.hint for item in found] == [
        "Choose a file.",
        "Give it a value.",
        "Connect a VAE to it, such as that of LoadModel (node 1).",
    ]


def test_the_hint_names_a_type_to_add(check: Check) -> None:
    found = one(check({"7": {"class_type": "Save", "inputs": {}}}))
    assert found.hint == "Connect an IMAGE to it: add LoadPicture."


def test_values_nobody_needs_are_warnings_structure_is_not(
    check: Check, picture: dict[str, Any]
) -> None:
    picture["a"] = {"class_type": "Blend", "inputs": {"amount": 3}}
    found = check(picture)
    assert {item.severity for item in found} == {"warning"}
    assert [item.code for item in found] == ["out_of_range", "missing_input", "missing_input"]
    picture["a"]["inputs"]["image1"] = ["99", 0]
    picture["b"] = {"class_type": "Nonsense", "inputs": {}}
    errors = [item.code for item in check(picture) if item.severity == "error"]
    assert errors == ["dangling_link", "unknown_node_type"]


def test_only_what_the_targets_need_must_be_right(check: Check, picture: dict[str, Any]) -> None:
    picture["6"]["inputs"].pop("vae")
    assert one(check(picture, targets=["5"])).severity == "warning"
    assert one(check(picture, targets=["6"])).severity == "error"


def test_without_an_output_nothing_would_come(check: Check, picture: dict[str, Any]) -> None:
    del picture["7"]
    found = one(check(picture))
    assert (found.code, found.node) == ("no_output", None)
    assert "SaveImage" in found.hint
    picture["x"] = {"class_type": "SavePng", "inputs": {}}  # it may well be one
    assert [item.code for item in check(picture)] == ["unknown_node_type"]


def test_targets_must_be_there(check: Check, picture: dict[str, Any]) -> None:
    found = one(check(picture, targets=["7", "70"]))
    assert (found.code, found.node) == ("unknown_target", "70")
    assert one(check(picture, targets=[])).code == "no_output"


def test_an_empty_prompt(catalog: Catalog) -> None:
    assert one(validate(Prompt(), catalog)).code == "empty"


def test_an_earlier_name_and_a_full_name_are_known(check: Check, picture: dict[str, Any]) -> None:
    picture["5"]["class_type"] = "OldSample"
    picture["7"]["class_type"] = "tiny/Save"
    assert check(picture) == []


# --- cycles ---


def cycle(*names: str) -> dict[str, Any]:
    turned = (*names[1:], names[0])
    return {
        name: {"class_type": "Invert", "inputs": {"image": [source, 0]}}
        for name, source in zip(names, turned, strict=True)
    }


def test_a_cycle_is_shown_with_the_way_round(check: Check, picture: dict[str, Any]) -> None:
    found = one(check({**cycle("a", "b", "c"), **picture}))
    assert (found.code, found.node, found.port) == ("cycle", "a", "image")
    assert found.message == (
        "These nodes wait for each other in a circle: "
        "Invert (a) → Invert (c) → Invert (b) → Invert (a)."
    )


def test_a_node_may_not_wait_for_itself(check: Check, picture: dict[str, Any]) -> None:
    found = one(check({**picture, **cycle("a")}))
    assert found.message == "Invert (a) is connected to itself: it would wait for ever."


def test_each_knot_is_one_problem_and_what_follows_it_is_none(
    check: Check, picture: dict[str, Any]
) -> None:
    after = {"z": {"class_type": "Save", "inputs": {"images": ["a", 0]}}}
    found = check({**picture, **cycle("a", "b"), **cycle("c", "d"), **after})
    assert [(item.code, item.node) for item in found] == [("cycle", "a"), ("cycle", "c")]


def test_a_long_cycle_is_shortened(check: Check, picture: dict[str, Any]) -> None:
    found = one(check({**picture, **cycle(*(f"n{i}" for i in range(10_000)))}))
    assert "… 9,992 more …" in found.message
    assert len(found.message) < 300


# --- lists, lazy inputs, wires as values ---


def test_lists_lazy_inputs_and_raw_links(check: Check, picture: dict[str, Any]) -> None:
    picture |= {
        "l": {"class_type": "Batch", "inputs": {"images": ["6", 0]}},
        "s": {"class_type": "Switch", "inputs": {"on": True, "yes": ["6", 0], "no": ["l", 0]}},
        "n": {"class_type": "Sum", "inputs": {"numbers": {"__value__": [1, 2, 3]}}},
        "r": {"class_type": "Sketch", "inputs": {"raw": ["n", 0]}},
        "o": {"class_type": "Show", "inputs": {"value": ["s", 0]}},
        "p": {"class_type": "Show", "inputs": {"value": {"any": ["thing", None]}}},
    }
    prompt = parse_prompt(picture)
    assert isinstance(prompt, Prompt)
    picture["n"]["inputs"]["numbers"] = [1, 2, 3]  # as the prompt writes it
    assert check(picture) == []


@pytest.mark.parametrize("value", [["4"], [4, 0], ["4", "0"], ["4", 0.5], ["4", True], ["4", 0, 0]])
def test_what_is_nearly_a_wire(check: Check, picture: dict[str, Any], value: list[Any]) -> None:
    picture["5"]["inputs"]["latent_image"] = value
    found = one(check(picture))
    assert (found.code, found.node, found.port) == ("bad_link", "5", "latent_image")
    assert '["4", 0]' in found.hint


def test_needed_by(picture: dict[str, Any]) -> None:
    prompt = parse_prompt(picture)
    assert isinstance(prompt, Prompt)
    assert needed_by(prompt, ["2", "gone"]) == {"1", "2"}


# --- size ---


def chain(count: int) -> Prompt:
    nodes = {"0": PromptNode("0", "Add", {"a": 1})}
    for i in range(1, count):
        nodes[str(i)] = PromptNode(str(i), "Add", {"a": Link(str(i - 1), 0), "b": 1})
    nodes["end"] = PromptNode("end", "Show", {"value": Link(str(count - 1), 0)})
    return Prompt(nodes)


def fan(count: int) -> Prompt:
    nodes = {"0": PromptNode("0", "Add", {"a": 1})}
    for i in range(1, count):
        nodes[str(i)] = PromptNode(str(i), "Show", {"value": Link("0", 0)})
    return Prompt(nodes)


@pytest.mark.parametrize("shape", [chain, fan])
def test_ten_thousand_nodes_take_less_than_a_second(
    catalog: Catalog, shape: Callable[[int], Prompt]
) -> None:
    prompt = shape(10_000)
    start = time.thread_time()
    assert validate(prompt, catalog) == []
    assert time.thread_time() - start < 1


def test_thousands_of_unknown_types_are_answered_in_time(catalog: Catalog) -> None:
    prompt = Prompt({str(i): PromptNode(str(i), f"Sampel{i}", {}) for i in range(5_000)})
    start = time.thread_time()
    assert len(validate(prompt, catalog)) == 5_000
    assert time.thread_time() - start < 1
