"""Unfolding subgraphs: the cases that the page's `flatten.ts` reads too, so that both agree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wirebrush.graph.codes import Code
from wirebrush.graph.flatten import FlatGraph, flatten
from wirebrush.graph.jsontext import DEFAULT_LIMITS
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_format import workflow_from_data

CASES = sorted(Path(__file__).parent.joinpath("flat").glob("*.json"))


def flat_of(data: Any) -> FlatGraph:
    workflow = workflow_from_data(data)
    assert isinstance(workflow, Workflow), workflow
    return flatten(workflow, DEFAULT_LIMITS)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_unfolds_as_both_sides_agree(path: Path) -> None:
    case = json.loads(path.read_text())
    flat = flat_of(case["workflow"])
    expected = {
        node_id: (node["type"], node.get("mode", ""), node["values"])
        for node_id, node in case["nodes"].items()
    }
    assert {
        node.id: (node.type, node.mode, node.values) for node in flat.nodes.values()
    } == expected
    wires = [
        [source.node, source.port, target.node, target.port]
        for source, target in flat.wires
        if source.node in flat.nodes and target.node in flat.nodes
    ]
    assert sorted(wires) == case["wires"]


def test_an_output_that_hands_out_nothing_is_named() -> None:
    case = json.loads(next(path for path in CASES if path.stem == "open_ends").read_text())
    (problem,) = [p for p in flat_of(case["workflow"]).problems if p.code == Code.BAD_OUTPUT]
    assert (problem.node, problem.port) == ("2", "value")
    assert "hands out nothing" in problem.message
    assert "inside" in problem.hint
