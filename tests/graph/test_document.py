from __future__ import annotations

import json
from typing import Any

import pytest

from wirebrush.catalog import Catalog
from wirebrush.graph.detect import Format
from wirebrush.graph.document import open_document, read_document

WORKFLOW: dict[str, Any] = {
    "format": "wirebrush/1",
    "nodes": {
        "1": {"type": "LoadPicture", "values": {"image": "a.png"}},
        "2": {"type": "Save"},
    },
    "wires": [{"from": ["1", "IMAGE"], "to": ["2", "images"]}],
}


def test_a_workflow_is_compiled_and_validated(catalog: Catalog) -> None:
    document = read_document(json.dumps(WORKFLOW), catalog)
    assert document.prompt is not None
    assert list(document.prompt.nodes) == ["1", "2"]
    assert document.workflow is not None
    assert document.problems == ()


def test_a_prompt_is_validated(catalog: Catalog, picture: dict[str, Any]) -> None:
    picture["5"]["inputs"]["zzz"] = 1
    picture["5"]["inputs"]["steps"] = 0
    document = read_document(picture, catalog)
    assert document.workflow is None
    assert [item.code for item in document.warnings] == ["unknown_input"]
    assert [item.code for item in document.errors] == ["out_of_range"]


def test_a_wire_that_cannot_be_made_is_said_once(catalog: Catalog) -> None:
    wires = [{"from": ["1", "MASK"], "to": ["2", "images"]}]
    document = read_document(WORKFLOW | {"wires": wires}, catalog)
    assert [item.code for item in document.problems] == ["bad_output"]


def test_targets_and_files_are_handed_on(catalog: Catalog) -> None:
    document = read_document(WORKFLOW, catalog, ["9"], lambda kind, name: False)
    assert [item.code for item in document.problems] == ["unknown_target", "file_not_found"]


@pytest.mark.parametrize(
    ("source", "code", "node"),
    [
        (b"\xff", "not_text", None),
        ("{", "not_json", None),
        ('{"format": "wirebrush/1", "nodes": {"3": 1}}', "bad_node", "3"),
        ('{"format": "x", "nodes": {"3": {"values": {"a": NaN}}}}', "not_finite", "3"),
        ('{"3": {"class_type": "A"}}', "missing_inputs", "3"),
    ],
)
def test_what_cannot_be_read(
    catalog: Catalog, source: str | bytes, code: str, node: str | None
) -> None:
    document = read_document(source, catalog)
    assert document.prompt is None
    assert [(item.code, item.node) for item in document.problems] == [(code, node)]


def test_a_workflow_of_comfyuis_editor_is_opened_too(catalog: Catalog) -> None:
    load = {"id": 1, "type": "LoadPicture", "outputs": [{"name": "IMAGE", "type": "IMAGE"}]}
    save = {"id": 2, "type": "Save", "inputs": [{"name": "images", "type": "IMAGE", "link": 7}]}
    nodes = [load | {"widgets_values": ["a.png"]}, save]
    source = {"nodes": nodes, "links": [[7, 1, 0, 2, 0, "IMAGE"]], "version": 0.4}
    document = read_document(source, catalog)
    assert document.problems == ()
    assert document.prompt is not None
    assert document.prompt.to_json()["2"]["inputs"]["images"] == ["1", 0]
    (wrong,) = open_document(source, catalog, wanted=Format.PROMPT).problems
    assert wrong.code == "comfy_workflow"


def test_muting_everything_leaves_nothing_to_run(catalog: Catalog) -> None:
    nodes = {name: node | {"mode": "mute"} for name, node in WORKFLOW["nodes"].items()}
    document = read_document(WORKFLOW | {"nodes": nodes}, catalog)
    assert [item.code for item in document.errors] == ["empty"]


def test_the_other_format_can_be_refused(catalog: Catalog, picture: dict[str, Any]) -> None:
    assert open_document(picture, catalog, wanted=Format.PROMPT).problems == ()
    (found,) = open_document(picture, catalog, wanted=Format.WIREBRUSH).problems
    assert found.message == "This is a prompt, where a workflow belongs."
    assert found.hint == 'Send it as "prompt", or open it where prompts are read.'
