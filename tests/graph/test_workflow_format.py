from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.events import Problem
from wirebrush.graph.jsontext import Limits
from wirebrush.graph.schema import workflow_schema
from wirebrush.graph.workflow import (
    End,
    Frame,
    Note,
    Subgraph,
    SubgraphInput,
    SubgraphOutput,
    Wire,
    Workflow,
    WorkflowNode,
)
from wirebrush.graph.workflow_format import load_workflow
from wirebrush.graph.workflow_text import dump_workflow, workflow_to_json

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
ids = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="/")
)
ids = ids.filter(bool).map(lambda text: text[:6])
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
points = st.tuples(numbers, numbers)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
extras = st.dictionaries(texts.map("x-{}".format), json_values, max_size=2)
ends = st.builds(End, texts, texts)
wires = st.lists(
    st.builds(Wire, ends, ends, st.lists(points, max_size=2).map(tuple), extras), max_size=3
).map(tuple)
frames = st.lists(st.builds(Frame, texts, texts, points, points, texts, extras), max_size=2).map(
    tuple
)
notes = st.lists(st.builds(Note, texts, texts, points, points, texts, extras), max_size=2).map(
    tuple
)
nodes = st.builds(
    WorkflowNode,
    id=st.just(""),
    type=ids,
    at=points,
    size=st.none() | points,
    title=texts,
    values=st.dictionaries(texts, json_values, max_size=3),
    controls=st.dictionaries(texts, texts, max_size=2),
    mode=st.sampled_from(["", "mute", "bypass"]),
    collapsed=st.booleans(),
    color=texts,
    extra=extras,
)


def named(records: dict[str, Any]) -> dict[str, Any]:
    return {
        name: type(item)(**{key: getattr(item, key) for key in item.__slots__} | {"id": name})
        for name, item in records.items()
    }


maps = st.dictionaries(ids, nodes, max_size=3).map(named)
inputs = st.builds(SubgraphInput, ids, texts, ids, st.lists(ends, max_size=2).map(tuple), extras)
outputs = st.builds(SubgraphOutput, ids, ends, texts, ids, extras)
subgraphs = st.builds(
    Subgraph,
    st.just(""),
    texts,
    maps,
    wires,
    st.lists(inputs, max_size=2).map(tuple),
    st.lists(outputs, max_size=2).map(tuple),
    frames,
    notes,
    extras,
)
workflows = st.builds(
    Workflow,
    id=texts,
    name=texts,
    nodes=maps,
    wires=wires,
    frames=frames,
    notes=notes,
    subgraphs=st.dictionaries(texts, subgraphs, max_size=2).map(named),
    view=st.none() | extras,
    extra=extras,
)


@given(workflows)
def test_what_is_written_is_read_again(workflow: Workflow) -> None:
    text = dump_workflow(workflow)
    assert load_workflow(text) == workflow
    assert json.loads(text) == workflow_to_json(workflow)
    again = load_workflow(text)
    assert isinstance(again, Workflow)
    assert dump_workflow(again) == text
    jsonschema.Draft202012Validator(workflow_schema()).validate(json.loads(text))


fragments = json_values | st.dictionaries(
    st.sampled_from(["type", "at", "values", "mode", "controls", "nodes", "inputs", "from", "to"]),
    json_values,
    max_size=4,
)
parts = fragments | st.dictionaries(texts, fragments, max_size=2) | st.lists(fragments, max_size=2)
documents = st.dictionaries(
    st.sampled_from(["nodes", "wires", "frames", "notes", "subgraphs", "view", "id", "name"]), parts
)


@given(documents.map(lambda fields: {"format": "wirebrush/1", **fields}))
def test_no_json_makes_it_raise(data: Any) -> None:
    found = load_workflow(json.dumps(data))
    if isinstance(found, Workflow):
        assert load_workflow(dump_workflow(found)) == found
    else:
        assert found
        assert all(item.message and item.hint for item in found)


CANONICAL = """{
  "format": "wirebrush/1",
  "id": "",
  "name": "Test",
  "nodes": {
    "2": {
      "type": "Sample",
      "at": [0, 0],
      "future": {"a": 2, "z": 1}
    },
    "10": {
      "type": "Decode",
      "at": [1, 2.5],
      "values": {
        "a": "é\\n",
        "b": [1, 2]
      }
    },
    "note": {
      "type": "Text",
      "at": [0, 0]
    }
  },
  "wires": [
    {"from": ["2", "LATENT"], "to": ["10", "samples"]}
  ]
}
"""


def test_the_text_is_made_for_diffs() -> None:
    source = {
        "wires": [{"to": ["10", "samples"], "from": ["2", "LATENT"]}],
        "nodes": {
            "note": {"type": "Text"},
            "10": {"values": {"b": [1, 2], "a": "é\n"}, "type": "Decode", "at": [1, 2.5]},
            "2": {"type": "Sample", "future": {"z": 1, "a": 2}},
        },
        "format": "wirebrush/1",
        "name": "Test",
    }
    workflow = load_workflow(source)
    assert isinstance(workflow, Workflow)
    assert dump_workflow(workflow) == CANONICAL


def test_the_knots_of_a_wire_stand_in_its_line() -> None:
    wire = {"to": ["2", "b"], "future": 1, "knots": [[220, 110], [242.5, 0]], "from": ["1", "a"]}
    workflow = load_workflow({"format": "wirebrush/1", "nodes": {}, "wires": [wire]})
    assert isinstance(workflow, Workflow)
    assert workflow.wires[0].knots == ((220, 110), (242.5, 0))
    line = '{"from": ["1", "a"], "to": ["2", "b"], "knots": [[220, 110], [242.5, 0]], "future": 1}'
    assert line in dump_workflow(workflow)


@pytest.mark.parametrize("knots", [3, [3], [[1]], [[1, "2"]], [None]])
def test_knots_that_are_no_points(knots: Any) -> None:
    wire = {"from": ["1", "a"], "to": ["2", "b"], "knots": knots}
    (found,) = problems_of(wires=[wire])
    assert found.code == "bad_field"
    assert found.message.startswith('Wire 1: "knots" is ')


def problems_of(**fields: Any) -> list[Problem]:
    found = load_workflow(
        {"format": "wirebrush/1", "nodes": {}, **fields}, Limits(nodes=3, links=3)
    )
    assert isinstance(found, list), found
    assert all(item.message and item.hint for item in found)
    return found


@pytest.mark.parametrize(
    ("node", "code", "says"),
    [
        (None, "bad_node", 'Node "1" is null, not an object.'),
        ({}, "missing_class_type", 'Node "1" does not say its type.'),
        ({"type": 3}, "bad_field", 'Node "1": "type" is 3, not text.'),
        ({"type": "A", "at": [1]}, "bad_field", '"at" is a list, not two numbers'),
        ({"type": "A", "at": [True, 1]}, "bad_field", '"at" is a list, not two numbers'),
        ({"type": "A", "size": None}, "bad_field", '"size" is null, not two numbers'),
        ({"type": "A", "values": []}, "bad_field", '"values" is a list, not an object'),
        ({"type": "A", "controls": {"seed": 1}}, "bad_field", '"controls" is an object, not words'),
        ({"type": "A", "mode": "off"}, "bad_field", '"mode" is "off", not "mute" or "bypass".'),
        ({"type": "A", "collapsed": 1}, "bad_field", '"collapsed" is 1, not true or false.'),
    ],
)
def test_faults_of_a_node_name_it(node: Any, code: str, says: str) -> None:
    (found,) = problems_of(nodes={"1": node})
    assert (found.code, found.node) == (code, "1")
    assert says in found.message


@pytest.mark.parametrize("node_id", ["", "a/b", "a\n"])
def test_ids_that_cannot_be(node_id: str) -> None:
    assert [item.code for item in problems_of(nodes={node_id: {"type": "A"}})] == ["bad_node_id"]


@pytest.mark.parametrize(
    "wire",
    [
        None,
        [],
        {"from": ["1", "a"]},
        {"from": ["1", "a"], "to": ["2"]},
        {"from": ["1", 0], "to": ["2", "b"]},
        {"from": {"node": "1"}, "to": ["2", "b"]},
    ],
)
def test_wires_without_two_ends(wire: Any) -> None:
    assert [item.code for item in problems_of(wires=[wire])] == ["bad_wire"]


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"nodes": []}, ["bad_field"]),
        ({"wires": {}}, ["bad_field"]),
        ({"frames": [1], "notes": ["x"]}, ["bad_field", "bad_field"]),
        ({"name": 3, "id": None}, ["bad_field", "bad_field"]),
        ({"view": []}, ["bad_field"]),
        ({"subgraphs": {"s": 1}}, ["bad_field"]),
        ({"subgraphs": {"s": {"nodes": {"1": 2}}}}, ["bad_node"]),
        ({"subgraphs": {"s": {"nodes": {}, "inputs": [{"to": [1]}]}}}, ["bad_wire", "bad_field"]),
        ({"subgraphs": {"s": {"nodes": {}, "outputs": [{"id": "o"}]}}}, ["bad_wire"]),
        ({"nodes": {str(i): {"type": "A"} for i in range(4)}}, ["too_many_nodes"]),
        ({"wires": [{"from": ["1", "a"], "to": ["2", "b"]}] * 4}, ["too_many_links"]),
    ],
)
def test_faults_of_the_document(fields: dict[str, Any], codes: list[str]) -> None:
    assert [item.code for item in problems_of(**fields)] == codes


def test_a_value_that_is_no_number_is_located() -> None:
    text = '{"format": "wirebrush/1", "nodes": {"7": {"type": "A", "values": {"cfg": NaN}}}}'
    found = load_workflow(text)
    assert isinstance(found, list)
    assert [(item.code, item.node, item.port) for item in found] == [("not_finite", "7", "cfg")]


def test_a_prompt_is_no_workflow(picture: dict[str, Any]) -> None:
    found = load_workflow(picture)
    assert isinstance(found, list)
    assert found[0].message == "This is a prompt, where a workflow belongs."
