"""What becomes of reroutes, value nodes, subgraphs, bypassed nodes, notes and groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.exporting import export_workflow
from wirebrush.graph.comfy.importing import import_workflow
from wirebrush.graph.comfy.prompting import comfy_prompt
from wirebrush.graph.workflow import End, Workflow

NOTHING = Catalog()


def ui(nodes: list[dict[str, Any]], links: list[Any], **more: Any) -> Workflow:
    imported = import_workflow({"nodes": nodes, "links": links, "version": 0.4, **more}, NOTHING)
    assert imported.problems == ()
    return imported.workflow


def a_node(node_id: int, kind: str, takes: Sequence[int] = (), **more: Any) -> Any:
    """`takes` are the links into its inputs a, b..., of type X."""
    return {
        "id": node_id,
        "type": kind,
        "inputs": [
            {"name": name, "type": "X", "link": link}
            for name, link in zip("abcdef", takes, strict=False)
        ],
        "outputs": [{"name": "X", "type": "X"}],
        **more,
    }


def test_reroutes_become_knots() -> None:
    reroute = {"pos": [100, 50], "size": [80, 20]}
    workflow = ui(
        [
            a_node(1, "Make"),
            a_node(2, "Reroute", [10], **reroute),
            a_node(3, "Reroute", [11], pos=[300, 50], size=[80, 20]),
            a_node(4, "Take", [12]),
            a_node(5, "Take", [13]),
        ],
        [[10, 1, 0, 2, 0, "X"], [11, 2, 0, 3, 0, "X"], [12, 3, 0, 4, 0], [13, 2, 0, 5, 0]],
    )
    assert set(workflow.nodes) == {"1", "4", "5"}
    assert [(wire.source, wire.target, wire.knots) for wire in workflow.wires] == [
        (End("1", "X"), End("4", "a"), ((140, 60), (340, 60))),
        (End("1", "X"), End("5", "a"), ((140, 60),)),
    ]


def test_reroute_points_become_knots() -> None:
    points = [{"id": 1, "pos": [9, 9], "linkIds": [7]}, {"id": 2, "parentId": 1, "pos": [20, 5]}]
    extra = {"reroutes": points, "linkExtensions": [{"id": 7, "parentId": 2}]}
    workflow = ui([a_node(1, "Make"), a_node(2, "Take", [7])], [[7, 1, 0, 2, 0]], extra=extra)
    assert workflow.wires[0].knots == ((9, 9), (20, 5))


def test_reroutes_in_a_circle_lead_nowhere() -> None:
    workflow = ui(
        [a_node(1, "Reroute", [5]), a_node(2, "Reroute", [6]), a_node(3, "Take", [7])],
        [[5, 2, 0, 1, 0], [6, 1, 0, 2, 0], [7, 1, 0, 3, 0]],
    )
    assert workflow.wires == ()


def test_a_value_node_is_written_into_what_it_feeds() -> None:
    steps = {"name": "steps", "type": "INT", "link": 5, "widget": {"name": "steps"}}
    sampler = {"widgets_values": [1, "fixed", 20, 8, "euler", "normal", 1], "inputs": [steps]}
    workflow = ui(
        [
            a_node(1, "PrimitiveNode", widgets_values=[33, "increment"]),
            {"id": 2, "type": "KSampler", **sampler},
        ],
        [[5, 1, 0, 2, 0, "INT"]],
    )
    assert workflow.nodes["1"].values == {"value": 33}
    assert workflow.nodes["1"].controls == {"value": "increment"}
    prompt, _ = comfy_prompt(workflow, NOTHING)
    assert set(prompt) == {"2"}
    assert prompt["2"]["inputs"]["steps"] == 33
    assert prompt["2"]["inputs"]["cfg"] == 8


@pytest.mark.parametrize("mode", [0, 2, 4])
@pytest.mark.parametrize("value", [33, "33"])
def test_a_value_node_gives_its_value_muted_or_not(mode: int, value: object) -> None:
    """It never runs: ComfyUI's page writes its value into what it feeds in any mode."""
    steps = {"name": "steps", "type": "INT", "link": 5, "widget": {"name": "steps"}}
    primitive = a_node(1, "PrimitiveNode", mode=mode, widgets_values=[value, "fixed"])
    primitive["outputs"] = [{"name": "INT", "type": "INT", "widget": {"name": "steps"}}]
    sampler = {"id": 2, "type": "KSampler", "inputs": [steps], "widgets_values": [1, "fixed", 20]}
    workflow = ui([primitive, sampler], [[5, 1, 0, 2, 0, "INT"]])
    prompt, problems = comfy_prompt(workflow, NOTHING)
    assert problems == []
    assert prompt["2"]["inputs"]["steps"] == 33
    back = export_workflow(workflow, NOTHING)
    assert [node["mode"] for node in back["nodes"]] == [mode, 0]


def test_the_output_of_a_value_node_goes_by_its_own_name() -> None:
    """It says which widget it feeds too, as ComfyUI writes it."""
    steps = {"name": "steps", "type": "INT", "link": 5, "widget": {"name": "steps"}}
    output = {"name": "INT", "type": "INT", "widget": {"name": "steps"}}
    workflow = ui(
        [
            a_node(1, "PrimitiveNode", widgets_values=[33, "fixed"]) | {"outputs": [output]},
            {"id": 2, "type": "KSampler", "inputs": [steps], "widgets_values": [1, "fixed", 20]},
        ],
        [[5, 1, 0, 2, 0, "INT"]],
    )
    prompt, problems = comfy_prompt(workflow, NOTHING)
    assert problems == []
    assert prompt["2"]["inputs"]["steps"] == 33


def test_a_bypassed_node_of_an_unknown_type_hands_on_what_fits() -> None:
    middle = a_node(2, "Middle", [5], mode=4)
    middle["inputs"].insert(0, {"name": "other", "type": "Y", "link": None})
    workflow = ui(
        [a_node(1, "Make"), middle, a_node(3, "Take", [6])], [[5, 1, 0, 2, 1], [6, 2, 0, 3, 0]]
    )
    assert comfy_prompt(workflow, NOTHING)[0]["3"]["inputs"] == {"a": ["1", 0]}


def test_what_needs_a_muted_node_goes_without_it() -> None:
    nodes = [a_node(1, "Make", mode=2), a_node(2, "Take", [5])]
    prompt, _ = comfy_prompt(ui(nodes, [[5, 1, 0, 2, 0]]), NOTHING)
    assert prompt == {"2": {"class_type": "Take", "inputs": {}, "_meta": {"title": "Take"}}}


def test_an_instance_holds_its_values_by_port() -> None:
    inside = {"name": "text", "type": "STRING", "link": 1, "widget": {"name": "text"}}
    encode = {"id": 7, "type": "CLIPTextEncode", "inputs": [inside], "widgets_values": ["inner"]}
    ends = {"origin_slot": 0, "target_slot": 0}
    definition = {
        "id": "s",
        "name": "Say",
        "inputs": [{"id": "p", "name": "words", "type": "STRING"}],
        "outputs": [{"id": "q", "name": "OUT", "type": "CONDITIONING"}],
        "nodes": [{**encode, "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}]}],
        "links": [
            {"id": 1, "origin_id": -10, "target_id": 7, **ends},
            {"id": 2, "origin_id": 7, "target_id": -20, **ends},
        ],
    }
    workflow = ui(
        [a_node(1, "s", widgets_values=["outer"]), a_node(2, "Take", [5])],
        [[5, 1, 0, 2, 0]],
        definitions={"subgraphs": [definition]},
    )
    assert workflow.nodes["1"].values == {"p": "outer"}
    prompt, _ = comfy_prompt(workflow, NOTHING)
    assert prompt["1:7"]["inputs"] == {"text": "outer"}
    assert prompt["2"]["inputs"] == {"a": ["1:7", 0]}


def test_a_number_that_an_instance_holds_as_text_is_a_number() -> None:
    inside = {"name": "steps", "type": "INT", "link": 1, "widget": {"name": "steps"}}
    definition = {
        "id": "s",
        "inputs": [{"id": "p", "name": "steps", "type": "INT"}],
        "nodes": [{"id": 7, "type": "KSampler", "inputs": [inside]}],
        "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 7, "target_slot": 0}],
    }
    nodes = [a_node(1, "s", widgets_values=["12"])]
    workflow = ui(nodes, [], definitions={"subgraphs": [definition]})
    assert workflow.nodes["1"].values == {"p": 12}


def test_notes_and_groups() -> None:
    note = {"id": 1, "type": "Note", "pos": [5, 6], "size": [70, 80], "widgets_values": ["hello"]}
    group = {"id": 3, "title": "Models", "bounding": [1, 2, 30, 40], "color": "#3f789e"}
    workflow = ui([note], [], groups=[group])
    (kept,) = workflow.notes
    assert (kept.id, kept.text) == ("1", "hello")
    assert (kept.at, kept.size) == ((5, -24), (70, 110))  # its title is a part of it with us
    (frame,) = workflow.frames
    assert (frame.title, frame.at, frame.size) == ("Models", (1, 2), (30, 40))
    assert frame.color == "#3f789e"


def test_values_that_do_not_fit_their_type_are_kept_and_named() -> None:
    node = {"id": 1, "type": "KSampler", "widgets_values": ["euler", 5], "title": "Paint"}
    imported = import_workflow({"nodes": [node], "links": []}, NOTHING)
    (problem,) = imported.problems
    assert problem.node == "1"
    assert problem.message == "The values of Paint (node 1) do not fit it."
    assert imported.workflow.nodes["1"].extra["comfy"]["widgets_values"] == ["euler", 5]
