"""Putting nodes of any graph into a group node changes nothing of what is run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.exporting import export_workflow
from wirebrush.graph.comfy.importing import import_workflow
from wirebrush.graph.comfy.prompting import comfy_prompt

NOTHING = Catalog()
GROUP = 99


@dataclass(frozen=True)
class Graph:
    """Nodes with a text each; `takes` are, by node, the earlier nodes that its inputs come from.

    `inside` are those that shall be grouped.
    """

    takes: tuple[tuple[int | None, ...], ...]
    inside: frozenset[int]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any graph in which no way leads out of the group and in again."""
    count = draw(st.integers(1, 7))
    takes = [
        tuple(draw(st.lists(st.none() | st.integers(0, at - 1), max_size=3))) if at else ()
        for at in range(count)
    ]
    first, last = sorted(draw(st.tuples(st.integers(0, count), st.integers(0, count))))
    return Graph(tuple(takes), frozenset(range(first, last)))


def node(at: int, takes: int) -> dict[str, Any]:
    """Its text has no slot, as in old files."""
    names = ["clip", *(f"in{place}" for place in range(1, takes))][:takes]
    return {
        "type": "CLIPTextEncode",
        "inputs": [{"name": name, "type": "X"} for name in names],
        "outputs": [{"name": "OUT", "type": "X"}],
        "widgets_values": [f"text {at}"],
    }


def links_of(graph: Graph) -> list[tuple[int, int, int]]:
    return [
        (origin, at, slot)
        for at, takes in enumerate(graph.takes)
        for slot, origin in enumerate(takes)
        if origin is not None
    ]


def plain(graph: Graph) -> dict[str, Any]:
    nodes = [{"id": at, **node(at, len(takes))} for at, takes in enumerate(graph.takes)]
    links = [
        [number, origin, 0, at, slot, "X"]
        for number, (origin, at, slot) in enumerate(links_of(graph), 1)
    ]
    return {"nodes": nodes, "links": links}


def grouped(graph: Graph, prefix: str) -> dict[str, Any]:
    """The same as ComfyUI's editor saves it after grouping."""
    index = {at: place for place, at in enumerate(sorted(graph.inside))}
    inner = [node(at, len(graph.takes[at])) for at in index]
    between = [link for link in links_of(graph) if link[0] in index and link[1] in index]
    leaving = {link[0] for link in links_of(graph) if link[0] in index and link[1] not in index}
    wired = {(at, slot) for _, at, slot in between}
    used = {origin for origin, _, _ in between}
    ports = [
        (at, slot)
        for at in index
        for slot in range(len(graph.takes[at]))
        if (at, slot) not in wired
    ]
    shown = [at for at in index if at not in used or at in leaving]
    instance = {
        "id": GROUP,
        "type": f"workflow{prefix}G",
        "inputs": [{"name": f"port {place}", "type": "X"} for place in range(len(ports))],
        "outputs": [{"name": f"out {place}", "type": "X"} for place in range(len(shown))],
        "widgets_values": [f"text {at}" for at in index],
    }
    links: list[Any] = []
    for origin, at, slot in links_of(graph):
        if origin in index and at in index:
            continue
        start = (GROUP, shown.index(origin)) if origin in index else (origin, 0)
        end = (GROUP, ports.index((at, slot))) if at in index else (at, slot)
        links.append([len(links) + 1, *start, *end, "X"])
    definition = {
        "nodes": inner,
        "links": [[index[origin], 0, index[at], slot, origin, "X"] for origin, at, slot in between],
        "external": [[index[at], 0, "X"] for at in leaving],
    }
    nodes = [item for item in plain(graph)["nodes"] if item["id"] not in index]
    return {
        "nodes": [*nodes, instance],
        "links": links,
        "extra": {"groupNodes": {"G": definition}},
    }


def prompt_of(data: dict[str, Any]) -> dict[str, Any]:
    imported = import_workflow(data, NOTHING)
    assert imported.problems == ()
    return {
        name: {"type": item["class_type"], **item["inputs"]}
        for name, item in comfy_prompt(imported.workflow, NOTHING)[0].items()
    }


@given(graphs(), st.sampled_from(">/"))
def test_the_prompt_is_that_of_the_graph_without_it(graph: Graph, prefix: str) -> None:
    names = {str(at): str(at) for at in range(len(graph.takes))}
    for place, at in enumerate(sorted(graph.inside)):
        names[str(at)] = f"{GROUP}:{place}"
    expected = {
        names[name]: {
            key: [names[item[0]], item[1]] if isinstance(item, list) else item
            for key, item in inputs.items()
        }
        for name, inputs in prompt_of(plain(graph)).items()
    }
    data = grouped(graph, prefix)
    assert prompt_of(data) == expected
    back = export_workflow(import_workflow(data, NOTHING).workflow, NOTHING)
    assert prompt_of(json.loads(json.dumps(back))) == expected
