"""Group nodes, which ComfyUI had before subgraphs.

`group_nodes.json` has files that front-end 1.27.10 made of its default workflow, and the prompts
that it sent for them. ("before 1.16" was taken back by hand to how older versions wrote it.)
It loses links between two group nodes and those of reroutes inside; there the prompt must be that
of the graph without group nodes, which the last test here asks of any graph.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.exporting import export_workflow
from wirebrush.graph.comfy.importing import import_workflow
from wirebrush.graph.comfy.prompting import comfy_prompt
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.jsontext import Limits
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_format import load_workflow
from wirebrush.graph.workflow_text import dump_workflow

FILES: Mapping[str, Any] = json.loads(
    (Path(__file__).parent / "group_nodes.json").read_text("utf-8")
)
NOTHING = Catalog()


def prompt_of(workflow: Workflow) -> dict[str, Any]:
    prompt, _ = comfy_prompt(workflow, NOTHING)
    return {name: [node["class_type"], node["inputs"]] for name, node in prompt.items()}


def back_and_forth(workflow: Workflow) -> Workflow:
    """Through our file, ComfyUI's, and ours again."""
    opened = load_workflow(dump_workflow(workflow))
    assert isinstance(opened, Workflow)
    exported = json.loads(json.dumps(export_workflow(opened, NOTHING), allow_nan=False))
    imported = import_workflow(exported, NOTHING)
    assert imported.problems == ()
    return imported.workflow


@pytest.mark.parametrize("name", FILES)
def test_the_prompt_is_that_of_comfyuis_editor(name: str) -> None:
    imported = import_workflow(FILES[name]["workflow"], NOTHING)
    assert imported.problems == ()
    assert prompt_of(imported.workflow) == FILES[name]["prompt"]
    again = back_and_forth(imported.workflow)
    assert prompt_of(again) == FILES[name]["prompt"]
    assert back_and_forth(again) == again


def test_it_becomes_a_definition_with_named_inputs() -> None:
    workflow = import_workflow(FILES["two texts"]["workflow"], NOTHING).workflow
    (definition,) = workflow.subgraphs.values()
    assert definition.name == "Texts"
    inputs = ["clip", "CLIPTextEncode clip", "text", "CLIPTextEncode text"]
    assert [port.id for port in definition.inputs] == inputs
    assert [port.type for port in definition.inputs] == ["CLIP", "CLIP", "STRING", "STRING"]
    assert [port.id for port in definition.outputs] == [
        "CONDITIONING",
        "CLIPTextEncode CONDITIONING",
    ]
    instance = workflow.nodes["10"]
    assert instance.subgraph == definition.id
    assert set(instance.values) == {"text", "CLIPTextEncode text"}
    assert "groupNodes" not in workflow.extra["comfy"]["extra"]


def test_what_happens_to_a_seed_after_a_run_is_kept() -> None:
    workflow = import_workflow(FILES["paint"]["workflow"], NOTHING).workflow
    assert workflow.nodes["10"].controls == {"seed": "randomize"}


def group(nodes: list[dict[str, Any]], links: list[Any] | None = None, **more: Any) -> Any:
    return {"nodes": nodes, "links": links or [], "external": [], **more}


def instance(node_id: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": node_id, "type": f"workflow>{name}", "inputs": [], "outputs": [], **more}


def ui(nodes: list[dict[str, Any]], groups: Mapping[str, Any], links: Any = ()) -> dict[str, Any]:
    return {"nodes": nodes, "links": list(links), "extra": {"groupNodes": groups}}


SLOT = {"name": "x", "type": "X"}
MAKE = {"type": "Make", "outputs": [SLOT]}
PASS = {"type": "Pass", "inputs": [SLOT], "outputs": [SLOT]}


def test_group_nodes_inside_group_nodes() -> None:
    inner = group([{"type": "CLIPTextEncode", "widgets_values": ["old"]}, PASS])
    outer = group([MAKE, instance(-1, "Inner", inputs=[SLOT], outputs=[SLOT])], [[0, 0, 1, 0, 5]])
    data = ui([instance(3, "Outer", widgets_values=["new"])], {"Outer": outer, "Inner": inner})
    workflow = import_workflow(data, NOTHING).workflow
    assert prompt_of(workflow) == {
        "3:0": ["Make", {}],
        "3:1:0": ["CLIPTextEncode", {"text": "new"}],
        "3:1:1": ["Pass", {"x": ["3:0", 0]}],
    }
    assert prompt_of(back_and_forth(workflow)) == prompt_of(workflow)


def test_values_without_names_stay_with_each_instance() -> None:
    """Old files say nothing of the values of types that no pack declares here."""
    groups = {"G": group([{"type": "Strange", "widgets_values": [1, 2]}, PASS])}
    nodes = [instance(at, "G", widgets_values=[at, 2]) for at in (1, 2, 3)]
    workflow = import_workflow(ui(nodes, groups), NOTHING).workflow
    kept = {
        node.id: workflow.subgraphs[str(node.subgraph)].nodes["0"].extra["comfy"]["widgets_values"]
        for node in workflow.nodes.values()
    }
    assert kept == {"1": [1, 2], "2": [2, 2], "3": [3, 2]}
    assert len(workflow.subgraphs) == 3


def test_a_primitive_inside_is_a_value_of_the_group_node() -> None:
    primitive = {"type": "PrimitiveNode", "outputs": [{"name": "INT", "type": "INT"}]}
    slot = {"name": "batch_size", "type": "INT", "widget": {"name": "batch_size"}}
    size = {"type": "EmptyLatentImage", "inputs": [slot], "widgets_values": [64, 64, 1]}
    groups = {"G": group([primitive, size], [[0, 0, 1, 0, 7, "INT"]])}
    data = ui([instance(1, "G", widgets_values=[4, "fixed", 32, 16])], groups)
    workflow = import_workflow(data, NOTHING).workflow
    values = {"width": 32, "height": 16, "batch_size": 4}
    assert prompt_of(workflow) == {"1:1": ["EmptyLatentImage", values]}


def test_values_that_do_not_fit_are_said_and_kept() -> None:
    groups = {"G": group([{"type": "EmptyLatentImage", "widgets_values": [64, 32, 1]}])}
    imported = import_workflow(ui([instance(1, "G", widgets_values=["a", 3])], groups), NOTHING)
    (problem,) = imported.problems
    assert (problem.node, problem.severity) == ("1", "warning")
    assert "do not fit" in problem.message
    assert imported.workflow.nodes["1"].extra["comfy"]["groupValues"] == ["a", 3]
    (node,) = prompt_of(imported.workflow).values()
    assert node[1] == {"width": 64, "height": 32, "batch_size": 1}


def test_a_group_node_in_itself_is_said() -> None:
    groups = {
        "A": group([instance(-1, "B")]),
        "B": group([instance(-1, "A"), {"type": "Make"}]),
        "C": group([instance(-1, "C")]),
    }
    imported = import_workflow(ui([instance(1, "A"), instance(2, "C")], groups), NOTHING)
    assert [item.message for item in imported.problems] == [
        'The group node "B" contains itself.',
        'The group node "C" contains itself.',
    ]
    assert "1:0:1" in prompt_of(imported.workflow)


def test_a_short_text_cannot_mean_a_great_many() -> None:
    groups = {"0": group([{"type": "Take", "inputs": [SLOT]}])}
    for level in range(1, 60):
        groups[str(level)] = group([instance(-1, str(level - 1)) for _ in range(9)])
    imported = import_workflow(ui([instance(1, "59")], groups), NOTHING)
    assert "shows more inputs than can be read" in imported.problems[0].message


def test_a_long_chain_of_them_needs_no_stack() -> None:
    groups = {"0": group([{"type": "Take"}])}
    for level in range(1, 5000):
        groups[str(level)] = group([instance(-1, str(level - 1))])
    imported = import_workflow(ui([instance(1, "4999")], groups), NOTHING)
    assert imported.problems == ()
    compile_workflow(imported.workflow, NOTHING)


def test_definitions_that_nothing_uses_stay_in_the_file() -> None:
    groups = {"Used": group([MAKE]), "Idle": group([MAKE])}
    workflow = import_workflow(ui([instance(1, "Used")], groups), NOTHING).workflow
    assert set(export_workflow(workflow, NOTHING)["extra"]["groupNodes"]) == {"Idle"}


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 12) | st.sampled_from(["G", "x", "IMAGE"]),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["name", "type", "inputs", "outputs", "widget", "0", "1", "visible"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)
strange = st.fixed_dictionaries(
    {},
    optional={
        "nodes": st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from(["workflow>G", "workflow/H", "KSampler", "Reroute", "x"])},
                optional={"inputs": junk, "outputs": junk, "widgets_values": junk},
            )
            | junk,
            max_size=4,
        ),
        "links": st.lists(st.lists(st.integers(-1, 4) | st.none(), max_size=6), max_size=5),
        "external": junk,
        "config": junk,
    },
)


@given(strange | junk, strange | junk, junk)
def test_any_definition_is_read_compiled_and_written_back(
    first: Any, second: Any, own: Any
) -> None:
    nodes = [instance(1, "G", widgets_values=own), {"id": 2, "type": "workflow/H", "inputs": own}]
    imported = import_workflow(ui(nodes, {"G": first, "H": second}, [[1, 1, 0, 2, 0]]), NOTHING)
    compile_workflow(imported.workflow, NOTHING, Limits(nodes=200))
    export_workflow(imported.workflow, NOTHING)
