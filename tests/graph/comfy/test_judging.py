"""Prompts judged as ComfyUI does it. What it says was observed on 0.3.64."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.api import NodeSpec, Port, Widget
from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.errors import refused
from wirebrush.graph.comfy.judging import Judge, World
from wirebrush.graph.comfy.literals import judged
from wirebrush.graph.parse import prompt_from_data
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.validate import sinks


@pytest.fixture
def picture(picture: dict[str, Any]) -> dict[str, Any]:
    """The prompt as ComfyUI's editor sends it: with every value, defaults too."""
    picture["5"]["inputs"] |= {"steps": 20, "sampler_name": "euler", "denoise": 1.0}
    picture["7"]["inputs"]["filename_prefix"] = "picture"
    return picture


def judge(data: dict[str, Any], catalog: Catalog, files: bool = True) -> Judge:
    prompt = prompt_from_data(data)
    assert isinstance(prompt, Prompt), prompt
    trial = Judge(data, prompt, World(catalog, lambda kind, name: files, lambda kind: ["x"]))
    if not trial.structure():
        trial.outputs(sinks(prompt, catalog))
    return trial


def errors(picture: dict[str, Any], node: str, catalog: Catalog, **inputs: Any) -> dict[str, Any]:
    picture[node]["inputs"] |= inputs
    return judge(picture, catalog).node_errors(["7"])


CONFIG_STEPS = ["INT", {"default": 20, "min": 1, "max": 100}]


@pytest.mark.parametrize(
    ("inputs", "kind", "message", "details"),
    [
        ({"steps": 0}, "value_smaller_than_min", "Value 0 smaller than min of 1", "steps"),
        ({"steps": 10**9}, "value_bigger_than_max", "Value 1000000000 bigger than max of 100", ""),
        (
            {"denoise": -1},
            "value_smaller_than_min",
            "Value -1.0 smaller than min of 0.0",
            "denoise",
        ),
        (
            {"sampler_name": "eular"},
            "value_not_in_list",
            "Value not in list",
            "sampler_name: 'eular' not in ['euler', 'heun']",
        ),
        (
            {"steps": "many"},
            "invalid_input_type",
            "Failed to convert an input value to a INT value",
            "steps, many, invalid literal for int() with base 10: 'many'",
        ),
        (
            {"cfg": "NaN"},
            "invalid_input_type",
            "Failed to convert an input value to a FLOAT value",
            "cfg, NaN, 'NaN' is no number that a node can use",
        ),
        (
            {"steps": {"__value__": [1, 2]}},
            "invalid_input_type",
            "Failed to convert an input value to a INT value",
            "steps, [1, 2], int() argument must be a string, a bytes-like object or a real number, "
            "not 'list'",
        ),
        (
            {"sampler_name": {"__value__": ["euler"]}},
            "value_not_in_list",
            "Value not in list",
            "sampler_name: '['euler']' not in ['euler', 'heun']",
        ),
        (
            {"steps": [1, 2, 3]},
            "bad_linked_input",
            "Bad linked input, must be a length-2 list of [node_id, slot_index]",
            "steps",
        ),
        (
            {"model": ["1", 1]},
            "return_type_mismatch",
            "Return type mismatch between linked nodes",
            "model, received_type(CLIP) mismatch input_type(MODEL)",
        ),
    ],
)
def test_each_kind_of_error(
    picture: dict[str, Any],
    catalog: Catalog,
    inputs: dict[str, Any],
    kind: str,
    message: str,
    details: str,
) -> None:
    found = errors(picture, "5", catalog, **inputs)["5"]
    assert found["class_type"] == "Sample"
    assert found["dependent_outputs"] == ["7"]
    (error,) = found["errors"]
    assert (error["type"], error["message"]) == (kind, message)
    assert not details or error["details"] == details
    (name, value), *_ = inputs.items()
    assert error["extra_info"]["input_name"] == name
    assert error["extra_info"]["input_config"]
    told = error["extra_info"].get("received_value", error["extra_info"].get("linked_node"))
    assert told == (value["__value__"] if isinstance(value, dict) else value)


def test_an_error_says_how_the_input_is_described(
    picture: dict[str, Any], catalog: Catalog
) -> None:
    (error,) = errors(picture, "5", catalog, steps=0)["5"]["errors"]
    assert error["extra_info"]["input_config"] == CONFIG_STEPS


def test_a_missing_input_although_it_has_a_default(
    picture: dict[str, Any], catalog: Catalog
) -> None:
    del picture["5"]["inputs"]["steps"], picture["5"]["inputs"]["model"]
    found = judge(picture, catalog).node_errors(["7"])["5"]["errors"]
    assert [(error["type"], error["details"]) for error in found] == [
        ("required_input_missing", "model"),
        ("required_input_missing", "steps"),
    ]
    assert found[0]["extra_info"] == {"input_name": "model"}


@pytest.mark.parametrize(
    ("node", "type_name", "kind", "details"),
    [
        ("1", "LoadModel", "value_not_in_list", "ckpt_name: 'no' not in ['x']"),
        ("8", "LoadPicture", "custom_validation_failed", "image - Invalid image file: no"),
    ],
)
def test_a_missing_file(
    picture: dict[str, Any], catalog: Catalog, node: str, type_name: str, kind: str, details: str
) -> None:
    name = "ckpt_name" if node == "1" else "image"
    data = picture | {node: {"class_type": type_name, "inputs": {name: "no"}}}
    data["10"] = {"class_type": "Show", "inputs": {"value": [node, 0]}}
    (error,) = judge(data, catalog, files=False).node_errors(["10"])[node]["errors"]
    assert (error["type"], error["details"]) == (kind, details)


def test_a_path_is_no_file_name(picture: dict[str, Any], catalog: Catalog) -> None:
    picture["1"]["inputs"]["ckpt_name"] = "../../etc/passwd"
    (error,) = judge(picture, catalog).node_errors(["7"])["1"]["errors"]
    assert error["type"] == "custom_validation_failed"
    assert "path" in error["details"]


def test_outputs_that_fail_are_left_out(picture: dict[str, Any], catalog: Catalog) -> None:
    picture["10"] = {"class_type": "Add", "inputs": {"a": "x"}}
    picture["11"] = {"class_type": "Show", "inputs": {"value": ["10", 0]}}
    trial = judge(picture, catalog)
    assert trial.passed(["7", "11"]) == ("7",)
    assert trial.node_errors(["7", "11"])["10"]["dependent_outputs"] == ["11"]
    assert trial.details(["7", "11"]) == ""


def test_details_are_of_the_outputs_themselves(picture: dict[str, Any], catalog: Catalog) -> None:
    picture["7"]["inputs"]["images"] = ["5", 0]
    trial = judge(picture, catalog)
    said = "Return type mismatch between linked nodes: images, received_type(LATENT) mismatch"
    assert trial.details(["7"]).startswith(said)


def test_what_no_output_needs_is_not_judged(picture: dict[str, Any], catalog: Catalog) -> None:
    picture["20"] = {"class_type": "Sample", "inputs": {"steps": "many"}}
    trial = judge(picture, catalog)
    assert trial.node_errors(["7"]) == {}
    assert trial.passed(["7"]) == ("7",)


def test_a_circle_is_named_wherever_it_is(picture: dict[str, Any], catalog: Catalog) -> None:
    picture["20"] = {"class_type": "Invert", "inputs": {"image": ["21", 0]}}
    picture["21"] = {"class_type": "Invert", "inputs": {"image": ["20", 0]}}
    trial = judge(picture, catalog)
    assert trial.broken
    ((node, told),) = trial.node_errors(["7"]).items()
    assert node in ("20", "21")
    assert told["errors"][0]["type"] == "dependency_cycle"


@pytest.mark.parametrize("link", [["77", 0], ["6", 5], ["6", -1], ["6", "0"], [6, 0]])
def test_a_link_from_nowhere(picture: dict[str, Any], catalog: Catalog, link: list[Any]) -> None:
    picture["7"]["inputs"]["images"] = link
    trial = judge(picture, catalog)
    (error,) = trial.node_errors(["7"])["7"]["errors"]
    assert error["type"] == "bad_linked_input"
    assert trial.passed(["7"]) == ()


def test_a_nodes_own_word_counts(picture: dict[str, Any], catalog: Catalog) -> None:
    trial = judge(picture, catalog)
    trial.accuse("2", refused("text", "no houses"))
    assert trial.passed(["7"]) == ()
    (error,) = trial.node_errors(["7"])["2"]["errors"]
    assert (error["type"], error["details"]) == ("custom_validation_failed", "text - no houses")
    assert error["message"] == "Custom validation failed for node"


def test_a_long_list_of_choices_is_not_repeated(catalog: Catalog) -> None:
    spec = catalog.spec("LoadModel")
    assert spec is not None
    names = [f"{n}.safetensors" for n in range(21)]
    port = spec.inputs[0]
    answer = judged(spec, port, "no", lambda kind, name: False, lambda kind: names)
    assert answer.fault is not None
    assert answer.fault.details == "ckpt_name: 'no' not in (list of length 21)"
    assert answer.fault.extra["input_config"] is None


@pytest.mark.parametrize(
    ("type_name", "port", "given", "taken"),
    [
        ("Sample", "steps", "20", 20),
        ("Sample", "steps", 20.7, 20),
        ("Sample", "steps", True, 1),
        ("Sample", "cfg", 8, 8.0),
        ("Sample", "cfg", "7.5", 7.5),
        ("Encode", "text", 5, "5"),
        ("Encode", "text", {"__value__": "a"}, "a"),
        ("Switch", "on", "false", True),
        ("Switch", "on", "", False),
        ("Switch", "on", 0, False),
        ("Sum", "numbers", {"__value__": [1, 2, 3]}, {"__value__": [1, 2, 3]}),
        ("Encode", "text", {"__value__": ["a", "b"]}, "['a', 'b']"),
        ("Switch", "on", {"__value__": ["a"]}, True),
        ("Sum", "numbers", {"__value__": ["1", 0]}, {"__value__": ["1", 0]}),
    ],
)
def test_values_are_converted(
    catalog: Catalog, type_name: str, port: str, given: Any, taken: Any
) -> None:
    spec = catalog.spec(type_name)
    found = None if spec is None else spec.port(port)
    assert spec is not None
    assert found is not None
    answer = judged(spec, found, given, lambda kind, name: True, lambda kind: ())
    assert answer.fault is None
    assert (answer.value, type(answer.value)) == (taken, type(taken))


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(PLAIN, nested, max_leaves=8)


@given(st.data())
def test_whatever_the_values_are_there_is_an_answer(catalog: Catalog, data: st.DataObject) -> None:
    prompt: dict[str, Any] = {}
    for number, spec in enumerate(data.draw(st.lists(st.sampled_from(list(catalog)), max_size=4))):
        names = [port.name for port in spec.inputs]
        links = st.tuples(st.sampled_from(["0", "1", "2", "9"]), st.integers(-1, 3)).map(list)
        values = st.dictionaries(st.sampled_from([*names, "else"]), JSON | links)
        prompt[str(number)] = {"class_type": spec.id, "inputs": data.draw(values)}
    parsed = prompt_from_data(prompt)
    if not isinstance(parsed, Prompt):
        return
    wanted = sinks(parsed, catalog)
    trial = Judge(prompt, parsed, World(catalog, lambda kind, name: False, lambda kind: ["x"]))
    if not trial.structure():
        trial.outputs(wanted)
    told = trial.node_errors(wanted)
    assert set(trial.passed(wanted)) <= set(wanted)
    assert set(told) <= set(prompt)
    json.dumps(told)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("gone.png", "image - Invalid image file: gone.png"),
        ("a/gone.png [input]", "image - Invalid image file: a/gone.png [input]"),
        ("../gone.png", "image - '../gone.png' is a path, not the name of a file here."),
        ("https://example.org/a.png", None),
        ("None", None),
        ("camera", None),
        ("", None),
        (7, None),
    ],
)
def test_an_upload_is_looked_for_although_its_node_judges_the_name(
    value: Any, said: str | None
) -> None:
    """The node itself finds uploads only while it runs."""
    widget = Widget("file", folder="image", upload=True, choices=("None",))
    port = Port("image", "COMBO", widget=widget, unchecked="values")
    spec = NodeSpec("Open", inputs=(port,))
    fault = judged(spec, port, value, lambda kind, name: False, lambda kind: ()).fault
    assert (fault and fault.details) == said
