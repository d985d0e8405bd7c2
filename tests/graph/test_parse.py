from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.api import Link
from wirebrush.events import Problem
from wirebrush.graph.jsontext import Limits
from wirebrush.graph.parse import parse_prompt
from wirebrush.graph.prompt import Prompt

scraps = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(["1", 0])
json_values = st.recursive(
    scraps,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)
nodes = st.fixed_dictionaries(
    {}, optional={"class_type": json_values, "inputs": json_values, "_meta": json_values}
)


def problems_of(source: Any, limits: Limits | None = None) -> list[Problem]:
    found = parse_prompt(source, limits or Limits())
    assert isinstance(found, list)
    assert all(item.message and item.hint for item in found)
    return found


@given(st.dictionaries(st.text(max_size=5), nodes | json_values, max_size=5))
def test_no_json_makes_it_raise(data: dict[str, Any]) -> None:
    found = parse_prompt(data)
    if isinstance(found, Prompt):
        assert parse_prompt(json.dumps(found.to_json())) == found
    else:
        assert all(item.message and item.hint for item in found)


inputs = st.dictionaries(
    st.text(max_size=8), st.builds(Link, st.text(max_size=3), st.integers(-2, 5)) | json_values
)


@given(st.dictionaries(st.text("ab1é漢", min_size=1, max_size=5), inputs, min_size=1, max_size=4))
def test_a_prompt_survives_its_json(named: dict[str, dict[str, Any]]) -> None:
    data = {
        node_id: {
            "class_type": "T",
            "inputs": {
                name: [item.node, item.output] if isinstance(item, Link) else {"__value__": item}
                for name, item in values.items()
            },
        }
        for node_id, values in named.items()
    }
    prompt = parse_prompt(data)
    assert isinstance(prompt, Prompt)
    assert {node.id: dict(node.inputs) for node in prompt.nodes.values()} == named
    assert Prompt.from_json(json.loads(json.dumps(prompt.to_json()))) == prompt


def test_the_parts_of_a_node_are_read(picture: dict[str, Any]) -> None:
    picture["7"]["_meta"] = {"title": "Keep"}
    picture["7"]["is_changed"] = "0"
    prompt = parse_prompt(json.dumps(picture).encode())
    assert isinstance(prompt, Prompt)
    assert prompt.nodes["7"].title == "Keep"
    assert prompt.nodes["6"].inputs["vae"] == Link("1", 2)
    assert list(prompt.nodes) == list("1234567")


@pytest.mark.parametrize("meta", [None, [], "x", {"title": 3}])
def test_odd_metadata_is_ignored(picture: dict[str, Any], meta: object) -> None:
    picture["7"]["_meta"] = meta
    prompt = parse_prompt(picture)
    assert isinstance(prompt, Prompt)
    assert prompt.nodes["7"].title == ""


@pytest.mark.parametrize(
    ("node", "code"),
    [
        ({"class_type": "A"}, "missing_inputs"),
        ({"class_type": "A", "inputs": None}, "bad_inputs"),
        ({"class_type": "A", "inputs": []}, "bad_inputs"),
        ({"class_type": "A", "inputs": "x"}, "bad_inputs"),
        ({"inputs": {}}, "missing_class_type"),
        ({"class_type": None, "inputs": {}}, "missing_class_type"),
        ({"class_type": "", "inputs": {}}, "missing_class_type"),
        ({"class_type": 3, "inputs": {}}, "missing_class_type"),
        ({"class_type": ["A"], "inputs": {}}, "missing_class_type"),
        (None, "bad_node"),
        ([], "bad_node"),
        ("A", "bad_node"),
    ],
)
def test_every_malformed_node_is_named(picture: dict[str, Any], node: object, code: str) -> None:
    picture["x"] = node
    assert [(item.code, item.node) for item in problems_of(picture)] == [(code, "x")]


@pytest.mark.parametrize("node_id", ["", "  ", "a\nb", "a\0", "x" * 256])
def test_bad_ids_are_named(picture: dict[str, Any], node_id: str) -> None:
    picture[node_id] = picture["4"]
    assert [item.code for item in problems_of(picture)] == ["bad_node_id"]


@pytest.mark.parametrize("node_id", ["漢字", "é", "e\u0301", "🎨", "1:2:3", "a.0.b", "x" * 255])
def test_unicode_ids_are_fine(picture: dict[str, Any], node_id: str) -> None:
    picture[node_id] = picture["4"]
    prompt = parse_prompt(json.dumps(picture))
    assert isinstance(prompt, Prompt)
    assert node_id in prompt.nodes


def test_all_problems_are_listed_at_once() -> None:
    found = problems_of({"1": {}, "2": {"class_type": "A", "inputs": 3}})
    assert [item.code for item in found] == ["missing_class_type", "missing_inputs", "bad_inputs"]


def test_faults_in_the_text_name_node_and_port() -> None:
    (found,) = problems_of('{"3": {"class_type": "A", "inputs": {"cfg": NaN}}}')
    assert (found.code, found.node, found.port) == ("not_finite", "3", "cfg")


@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("[]", "wrong_format", "a list"),
        ("null", "wrong_format", "null"),
        ("3", "wrong_format", "this is 3"),
        ("{}", "empty", "no nodes"),
        ('{"a": 1}', "wrong_format", "no prompt"),
        ('{"prompt": {"1": {"class_type": "A", "inputs": {}}}}', "wrong_format", "inside it"),
        ('{"nodes": [], "links": []}', "comfy_workflow", "ComfyUI's editor"),
        ('{"format": "wirebrush/1", "nodes": {}}', "wrong_format", "This is a workflow"),
    ],
)
def test_other_documents_are_recognised(source: str, code: str, says: str) -> None:
    (found,) = problems_of(source)
    assert found.code == code
    assert says in found.message


def test_comfy_workflows_are_sent_to_the_import() -> None:
    (found,) = problems_of({"nodes": [], "links": []})
    assert "wirebrush import" in found.hint


def test_too_many_nodes_and_wires() -> None:
    chain = {
        str(i): {"class_type": "A", "inputs": {"a": ["0", 0], "b": ["0", 0]}} for i in range(5)
    }
    found = problems_of(chain, Limits(nodes=4, links=9))
    assert [item.code for item in found] == ["too_many_nodes", "too_many_links"]
