from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from wirebrush.graph.schema import workflow_schema
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_format import load_workflow
from wirebrush.graph.workflow_text import dump_workflow

DOCS = Path(__file__).parents[2] / "docs"


def follows(document: Any) -> bool:
    return jsonschema.Draft202012Validator(workflow_schema()).is_valid(document)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(workflow_schema())


@pytest.mark.parametrize(
    ("fields", "right"),
    [
        ({}, True),
        ({"nodes": {"1": {"type": "A", "future": 1}}, "future": [1]}, True),
        ({"nodes": {"1": {}}}, False),
        ({"nodes": {"1": {"type": " "}}}, False),
        ({"nodes": {"a/b": {"type": "A"}}}, False),
        ({"nodes": {"1": {"type": "A", "at": [1, 2, 3]}}}, False),
        ({"nodes": {"1": {"type": "A", "mode": "off"}}}, False),
        ({"nodes": {"1": {"type": "A", "values": []}}}, False),
        ({"wires": [{"from": ["1", "a"], "to": ["2", "b"]}]}, True),
        ({"wires": [{"from": ["1", "a"], "to": ["2", "b"], "knots": [[1, 2.5]]}]}, True),
        ({"wires": [{"from": ["1", "a"], "to": ["2", "b"], "knots": [[1]]}]}, False),
        ({"wires": [{"from": ["1", "a"]}]}, False),
        ({"wires": [{"from": ["1", 0], "to": ["2", "b"]}]}, False),
        ({"notes": [{"id": "n", "text": 3}]}, False),
        ({"subgraphs": {"s": {"nodes": {}, "inputs": [{"id": "i", "to": []}]}}}, True),
        ({"subgraphs": {"s": {"nodes": {}, "outputs": [{"id": "o"}]}}}, False),
        ({"subgraphs": {"s": {}}}, False),
        ({"view": 3}, False),
    ],
)
def test_schema_and_reader_agree(fields: dict[str, Any], right: bool) -> None:
    document = {"format": "wirebrush/1", "nodes": {}, **fields}
    assert follows(document) is right
    assert isinstance(load_workflow(document), Workflow) is right


def test_the_published_schema_is_this_one() -> None:
    published = DOCS / "wirebrush-1.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == workflow_schema()


def test_the_example_of_the_guide_is_right() -> None:
    guide = (DOCS / "workflow-format.md").read_text(encoding="utf-8")
    example = guide.split("```json\n")[1].split("```")[0]
    workflow = load_workflow(example)
    assert isinstance(workflow, Workflow)
    assert dump_workflow(workflow) == example
