from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from wirebrush.graph.schema import workflow_schema
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_format import load_workflow


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
