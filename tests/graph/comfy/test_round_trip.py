"""Import, export, import: what ComfyUI shows is the same afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.exporting import export_workflow
from wirebrush.graph.comfy.importing import import_workflow
from wirebrush.graph.workflow import End, Wire, Workflow
from wirebrush.graph.workflow_format import load_workflow
from wirebrush.graph.workflow_text import dump_workflow

Everything = Callable[[Mapping[str, Any]], dict[str, Any]]


def through_our_file(data: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """The file as ComfyUI gets it back after we saved it as ours and opened it again."""
    saved = dump_workflow(import_workflow(data, catalog).workflow)
    opened = load_workflow(saved)
    assert isinstance(opened, Workflow), opened
    return json.loads(json.dumps(export_workflow(opened, catalog), allow_nan=False))


@pytest.mark.parametrize("known", [False, True], ids=["unknown types", "known types"])
def test_every_template_survives(
    templates: Mapping[str, Any], catalog: Catalog, everything: Everything, known: bool
) -> None:
    types = catalog if known else Catalog()
    for name, data in templates.items():
        back = through_our_file(data, types)
        assert everything(back) == everything(data), name


def test_the_second_import_gives_the_same_document(templates: Mapping[str, Any]) -> None:
    for name, data in templates.items():
        first = import_workflow(data, Catalog()).workflow
        again = import_workflow(through_our_file(data, Catalog()), Catalog()).workflow
        assert settled(again) == settled(first), name


def settled(workflow: Workflow) -> Any:
    """The document with its places rounded."""
    return json.loads(dump_workflow(workflow), parse_float=lambda text: round(float(text), 3))


def test_definitions_of_group_nodes_are_the_same_from_the_second_time_on(
    everything: Everything,
) -> None:
    text = Path(__file__).with_name("group_nodes.json").read_text("utf-8")
    for example in json.loads(text).values():
        data = example["workflow"]
        once = through_our_file(data, Catalog())
        assert everything(through_our_file(once, Catalog())) == everything(once)


AUDIO = ["LoadAudio", ["a.flac", None, None]], ["SaveAudio", ["audio/ComfyUI"]]


@pytest.mark.parametrize(("kind", "values"), AUDIO)
def test_placeholders_keep_their_values_to_the_letter(kind: str, values: list[Any]) -> None:
    data = {"nodes": [node(kind, values)], "links": [], "version": 0.4}
    (back,) = through_our_file(data, Catalog())["nodes"]
    assert back["widgets_values"] == values


def node(kind: str, values: Any, **more: Any) -> dict[str, Any]:
    return {"id": 1, "type": kind, "pos": [0, 0], "widgets_values": values, **more}


SAMPLER = [None, True, 20, 8, "euler", "normal", 1, "strange"]


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ({}, SAMPLER),
        ({"values": {"cfg": 3}}, [None, True, 20, 3, *SAMPLER[4:]]),
        ({"values": {"seed": 5}}, [5, True, *SAMPLER[2:]]),
        ({"controls": {"seed": "fixed"}}, [None, "fixed", *SAMPLER[2:]]),
    ],
)
def test_what_is_changed_takes_its_place_in_the_list(
    change: Mapping[str, Any], values: list[Any]
) -> None:
    back = changed({"nodes": [node("KSampler", SAMPLER)], "links": []}, change)
    assert back["widgets_values"] == values


def test_what_a_short_list_leaves_out_is_added_when_it_is_set() -> None:
    data = {"nodes": [node("LoadAudio", [None])], "links": []}
    assert changed(data, {"values": {"audioUI": "x"}})["widgets_values"] == [None, "x", "image"]


def test_a_word_is_added_to_a_list_of_a_program() -> None:
    data = {"nodes": [node("KSampler", [5, 20, 8, "euler", "normal", 1])], "links": []}
    back = changed(data, {"controls": {"seed": "increment"}})["widgets_values"]
    assert back == [5, "increment", 20, 8, "euler", "normal", 1]


def test_values_by_name_beside_the_list_change_with_it() -> None:
    named = {"seed": 5, "control_after_generate": "fixed", "steps": 20, "new": 1}
    data = {"nodes": [node("KSampler", [5, "fixed", 20], widgets_values_named=named)], "links": []}
    back = changed(data, {"values": {"steps": 30}, "controls": {"seed": "randomize"}})
    assert back["widgets_values"] == [5, "randomize", 30]
    assert back["widgets_values_named"] == {
        **named,
        "control_after_generate": "randomize",
        "steps": 30,
    }


def changed(data: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The only node of a file after a change made with us."""
    workflow = import_workflow(data, Catalog()).workflow
    was = workflow.nodes["1"]
    fields = {name: {**getattr(was, name), **item} for name, item in change.items()}
    workflow = replace(workflow, nodes={"1": replace(was, **fields)})
    (back,) = export_workflow(workflow, Catalog())["nodes"]
    return back


def test_links_that_end_nowhere_keep_their_points(everything: Everything) -> None:
    points = [
        {"id": 1, "pos": [5, 5], "linkIds": []},
        {"id": 2, "parentId": 1, "pos": [9, 9], "linkIds": [], "floating": {"slotType": "output"}},
    ]
    loose = {"id": 1, "origin_id": 1, "origin_slot": 0, "target_id": -1, "target_slot": -1}
    data = {
        "nodes": [node("Stranger", [], size=[9, 9], outputs=[{"name": "X", "type": "X"}])],
        "links": [],
        "floatingLinks": [{**loose, "type": "X", "parentId": 2}],
        "extra": {"reroutes": points},
    }
    back = through_our_file(data, Catalog())
    assert back["extra"]["reroutes"] == points
    assert everything(back)["floatingLinks"] == data["floatingLinks"]


def test_a_loose_end_gives_way_to_a_new_wire() -> None:
    slot = {"name": "in", "type": "X", "link": 7}
    ends = [node("Reroute", [], size=[75, 26], inputs=[{"name": "", "type": "*"}])]
    ends[0]["outputs"] = [{"name": "", "type": "X", "links": [7]}]
    ends += [{**node("Take", []), "id": 2, "inputs": [slot]}]
    ends += [{**node("Make", []), "id": 3, "outputs": [{"name": "X", "type": "X"}]}]
    data = {"nodes": ends, "links": [[7, 1, 0, 2, 0, "X"]]}
    assert through_our_file(data, Catalog())["links"] == [[1, 1, 0, 2, 0, "X"]]
    workflow = import_workflow(data, Catalog()).workflow
    workflow = replace(workflow, wires=(Wire(End("3", "X"), End("2", "in")),))
    assert export_workflow(workflow, Catalog())["links"] == [[1, 3, 0, 2, 0, "X"]]
