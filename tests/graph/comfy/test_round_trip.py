"""Import, export, import: what ComfyUI shows is the same afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.exporting import export_workflow
from wirebrush.graph.comfy.importing import import_workflow
from wirebrush.graph.comfy.reading import read_ui
from wirebrush.graph.comfy.records import UiGraph, UiWorkflow
from wirebrush.graph.workflow import Point, Workflow
from wirebrush.graph.workflow_format import load_workflow
from wirebrush.graph.workflow_text import dump_workflow

LOOKS = ("title", "color", "bgcolor", "mode", "flags", "properties", "widgets_values")


def through_our_file(data: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """The file as ComfyUI gets it back after we saved it as ours and opened it again."""
    saved = dump_workflow(import_workflow(data, catalog).workflow)
    opened = load_workflow(saved)
    assert isinstance(opened, Workflow), opened
    return json.loads(json.dumps(export_workflow(opened, catalog), allow_nan=False))


def shown(workflow: UiWorkflow) -> dict[str, Any]:
    """What a person sees of a file, canvas by canvas."""
    inner = {item.id: item for item in workflow.subgraphs.values()}
    canvases = {"": workflow.graph} | {name: item.graph for name, item in inner.items()}
    ports = {
        name: [[(p.id, p.name, p.type) for p in side] for side in (item.inputs, item.outputs)]
        for name, item in inner.items()
    }
    return {name: canvas(graph) for name, graph in canvases.items()} | {"ports": ports}


def canvas(graph: UiGraph) -> dict[str, Any]:
    """Nodes, links and groups, without the numbers that nobody sees."""
    ends = {(link.target, link.target_slot): link for link in graph.links}
    live = {node.id: node for node in graph.nodes}
    return {
        "order": [node.id for node in graph.nodes],
        "nodes": {
            node.id: [
                node.type,
                rounded(node.at),
                rounded(node.size),
                {look: held(node.raw.get(look)) for look in LOOKS},
            ]
            for node in graph.nodes
        },
        "links": sorted(
            (link.origin, link.origin_slot, link.target, live[link.target].inputs[slot].name)
            for (_, slot), link in ends.items()
            if link.target in live and slot < len(live[link.target].inputs)
            if live[link.target].inputs[slot].raw.get("link") is not None
        ),
        "groups": [
            {name: item for name, item in group.items() if name != "id" and item != {}}
            for group in graph.groups
        ],
    }


def rounded(point: Point | None) -> tuple[float, ...] | None:
    """To a thousandth of a pixel: titles are taken off and put on again."""
    return None if point is None else tuple(round(number, 3) for number in point)


def held(value: Any) -> Any:
    """What says nothing is the same as what is not there: flags that are off, empty lists, the
    editor's own entries. A control that is a boolean says what its word says."""
    if isinstance(value, dict):
        value = {name: item for name, item in value.items() if item is not False}
    if isinstance(value, list):
        words = {True: "randomize"}
        value = [words.get(item, item) if item is True else item for item in value]
        value = [item for item in value if item not in (None, "", "image")]
    return value or None


@pytest.mark.parametrize("known", [False, True], ids=["unknown types", "known types"])
def test_every_template_survives(
    templates: Mapping[str, Any], catalog: Catalog, known: bool
) -> None:
    types = catalog if known else Catalog()
    for name, data in templates.items():
        back = through_our_file(data, types)
        assert shown(read_ui(back)[0]) == shown(read_ui(data)[0]), name


def test_the_second_import_gives_the_same_document(templates: Mapping[str, Any]) -> None:
    for name, data in templates.items():
        first = import_workflow(data, Catalog()).workflow
        again = import_workflow(through_our_file(data, Catalog()), Catalog()).workflow
        assert settled(again) == settled(first), name


def settled(workflow: Workflow) -> Any:
    """The document with its places rounded."""
    return json.loads(dump_workflow(workflow), parse_float=lambda text: round(float(text), 3))
