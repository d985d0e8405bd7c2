"""Short files that mean a great deal, and files that lead nowhere: an answer in bounded time.

Seconds are the processor's, whatever else it does: what is guarded against took minutes, or all
memory.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.exporting import export_workflow
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.opening import open_workflow
from wirebrush.graph.workflow_text import dump_workflow

SECONDS = 60.0
ENDS = {"origin_slot": 0, "target_slot": 0}
VALUE = {"name": "x", "type": "X", "widget": {"name": "x"}}


def definition(name: str, *inside: str) -> dict[str, Any]:
    """One whose only input leads into instances of others."""
    nodes = [
        {"id": at, "type": kind, "inputs": [{**VALUE, "link": at}], "widgets_values": [1]}
        for at, kind in enumerate(inside, 1)
    ]
    links = [
        {"id": at, "origin_id": -10, "target_id": at, **ENDS} for at in range(1, len(nodes) + 1)
    ]
    port = {"id": "p", "name": "x", "type": "X"}
    return {"id": name, "name": name, "inputs": [port], "nodes": nodes, "links": links}


def subgraphs(*definitions: dict[str, Any]) -> dict[str, Any]:
    instance = {"id": 1, "type": definitions[0]["id"], "widgets_values": [3]}
    return {"nodes": [instance], "links": [], "definitions": {"subgraphs": list(definitions)}}


def many_takers(points: int, takers: int) -> dict[str, Any]:
    take = {"type": "T", "inputs": [{"name": "a"}]}
    nodes = [{"id": 1, "type": "M"}, *({**take, "id": 2 + at} for at in range(takers))]
    return {
        "nodes": nodes,
        "links": [[at, 1, 0, 2 + at, 0, "X"] for at in range(takers)],
        "extra": {
            "reroutes": [{"id": at, "parentId": at - 1, "pos": [0, 0]} for at in range(1, points)],
            "linkExtensions": [{"id": at, "parentId": points - 1} for at in range(takers)],
        },
    }


def wide(slots: int) -> dict[str, Any]:
    inputs = [{"name": f"a{at}", "type": "X", "link": at} for at in range(slots)]
    nodes = [{"id": 1, "type": "A", "inputs": inputs}, {"id": 2, "type": "B"}]
    return {"nodes": nodes, "links": [[at, 2, 0, 1, at, "X"] for at in range(slots)]}


FILES: dict[str, Callable[[], dict[str, Any]]] = {
    "a subgraph in itself": lambda: subgraphs(definition("s", "s")),
    "two in each other": lambda: subgraphs(definition("s", "t"), definition("t", "s")),
    "a long chain": lambda: subgraphs(*(definition(f"s{at}", f"s{at + 1}") for at in range(3000))),
    "each twice the one inside": lambda: subgraphs(
        *(definition(f"s{at}", f"s{at + 1}", f"s{at + 1}") for at in range(60))
    ),
    "all links through all points": lambda: many_takers(5000, 5000),
    "a node of many inputs": lambda: wide(20_000),
}


@pytest.mark.parametrize("name", FILES)
def test_it_is_read_and_written_in_time(name: str) -> None:
    data = json.loads(json.dumps(FILES[name]()))
    began = time.process_time()
    workflow, _ = open_workflow(data, Catalog())
    assert workflow is not None
    compile_workflow(workflow, Catalog(), incomplete=True)
    dump_workflow(workflow)
    export_workflow(workflow, Catalog())
    assert time.process_time() - began < SECONDS


def test_what_is_not_followed_is_said() -> None:
    _, problems = open_workflow(many_takers(5000, 5000), Catalog())
    assert "more reroutes than can be followed" in problems[-1].message


def test_a_million_faults_are_not_all_told() -> None:
    nodes: list[Any] = [[]] * 1_000_000
    workflow, problems = open_workflow({"nodes": nodes, "links": []}, Catalog())
    assert workflow is None
    assert len(problems) <= 102
    assert any(item.code == "too_many_nodes" for item in problems)


def test_words_of_a_file_stay_words() -> None:
    """A title is text everywhere: nothing reads it as markup, a path or a program."""
    evil = '<script>alert(1)</script>"; import os #'
    node = {"id": 1, "type": evil, "title": evil}
    workflow, problems = open_workflow({"nodes": [node], "links": []}, Catalog())
    assert workflow is not None
    assert not problems
    assert workflow.nodes["1"].title == evil
    assert export_workflow(workflow, Catalog())["nodes"][0]["title"] == evil
