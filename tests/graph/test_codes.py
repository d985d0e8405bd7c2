"""Every code has a case here, and each reads as people need it: what, where, what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.graph.codes import Code, quoted
from wirebrush.graph.document import read_document
from wirebrush.graph.jsontext import Limits
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_format import load_workflow

SMALL = Limits(size=9_000, string=1_000, nodes=9, links=10)
Case = Callable[[dict[str, Any]], Any]


def node(node_id: str, **fields: Any) -> Case:
    return lambda picture: picture | {node_id: picture.get(node_id, {}) | fields}


def value(node_id: str, port: str, item: Any) -> Case:
    def change(picture: dict[str, Any]) -> Any:
        inputs = {**picture[node_id]["inputs"], port: item}
        return picture | {node_id: picture[node_id] | {"inputs": inputs}}

    return change


def workflow(nodes: Any = None, wires: Any = (), **more: Any) -> Case:
    return lambda picture: {
        "format": "wirebrush/1",
        "nodes": nodes or {},
        "wires": list(wires),
        **more,
    }


def text(source: str | bytes) -> Case:
    return lambda picture: source


INVERT = {"class_type": "Invert", "inputs": {"image": ["x", 0]}}
WIRE = {"from": ["1", "IMAGE"], "to": ["2", "images"]}
LOAD = {"type": "LoadPicture", "values": {"image": "a.png"}}

CASES: Mapping[Code, Case] = {
    Code.NOT_JSON: text("{"),
    Code.NOT_TEXT: text(b"\xff\xff"),
    Code.TOO_LARGE: text(" " * 10_000),
    Code.TOO_DEEP: text("[" * 100 + "]" * 100),
    Code.DUPLICATE_KEY: text('{"1": {}, "1": {}}'),
    Code.NOT_FINITE: value("5", "cfg", float("nan")),
    Code.STRING_TOO_LONG: value("2", "text", "x" * 1_001),
    Code.NOT_DATA: value("2", "text", b"bytes"),
    Code.WRONG_FORMAT: text("[]"),
    Code.COMFY_WORKFLOW: text('{"nodes": [], "links": []}'),
    Code.BAD_COMFY: text('{"nodes": [{"id": 1}], "links": []}'),
    Code.NEWER_FORMAT: text('{"format": "wirebrush/7", "nodes": {}}'),
    Code.EMPTY: text("{}"),
    Code.TOO_MANY_NODES: lambda picture: {str(i): picture["4"] for i in range(10)},
    Code.TOO_MANY_LINKS: node("8", class_type="Show", inputs={str(i): ["1", 0] for i in range(9)}),
    Code.BAD_NODE: lambda picture: picture | {"8": None},
    Code.BAD_NODE_ID: lambda picture: picture | {"": picture["4"]},
    Code.MISSING_CLASS_TYPE: node("5", class_type=None),
    Code.MISSING_INPUTS: lambda picture: picture | {"8": {"class_type": "Show"}},
    Code.BAD_INPUTS: node("5", inputs=[]),
    Code.BAD_FIELD: workflow({"1": {"type": "Save", "at": "left"}}),
    Code.BAD_WIRE: workflow({}, [{"from": ["1", "IMAGE"]}]),
    Code.UNKNOWN_NODE_TYPE: node("5", class_type="Sampler"),
    Code.UNKNOWN_SUBGRAPH: workflow({"1": {"type": "subgraph:x"}}),
    Code.RECURSIVE_SUBGRAPH: workflow(
        {"1": {"type": "subgraph:x"}}, subgraphs={"x": {"nodes": {"1": {"type": "subgraph:x"}}}}
    ),
    Code.DANGLING_LINK: value("5", "model", ["99", 0]),
    Code.BAD_LINK: value("5", "model", [1, 0]),
    Code.BAD_OUTPUT: value("5", "model", ["1", 9]),
    Code.TWO_WIRES: workflow({"1": LOAD, "2": {"type": "Save"}}, [WIRE, WIRE]),
    Code.CYCLE: node("x", **INVERT),
    Code.WRONG_TYPE: value("5", "model", ["1", 1]),
    Code.MISSING_INPUT: node("5", inputs={}),
    Code.UNKNOWN_INPUT: value("5", "cgf", 8),
    Code.NO_OUTPUT: lambda picture: {"1": picture["1"]},
    Code.UNKNOWN_TARGET: lambda picture: picture,
    Code.LEFT_OUT: workflow({"1": LOAD | {"mode": "mute"}, "2": {"type": "Save"}}, [WIRE]),
    Code.WIRE_NEEDED: value("5", "model", "sd15"),
    Code.WRONG_VALUE: value("5", "steps", "20"),
    Code.OUT_OF_RANGE: value("5", "steps", 0),
    Code.NOT_A_CHOICE: value("5", "sampler_name", "eular"),
    Code.BAD_FILE_NAME: value("1", "ckpt_name", "/etc/passwd"),
    Code.FILE_NOT_FOUND: value("1", "ckpt_name", "gone.safetensors"),
}


def problems_of(code: Code, picture: dict[str, Any], catalog: Catalog) -> Sequence[Problem]:
    targets = ["99"] if code is Code.UNKNOWN_TARGET else None
    known = {"postcards", "a.png"}
    source = CASES[code](picture)
    if code is Code.COMFY_WORKFLOW:  # where only our own format can be kept
        found = load_workflow(source)
        assert not isinstance(found, Workflow)
        return found
    return read_document(source, catalog, targets, lambda kind, name: name in known, SMALL).problems


def test_every_code_has_a_case_and_a_meaning() -> None:
    assert set(CASES) == set(Code)
    assert all(code.doc.endswith(".") for code in Code)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in Code)


def test_the_guide_lists_them_all() -> None:
    guide = Path(__file__).parents[2] / "docs" / "problems.md"
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", guide.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(str(code), code.doc) for code in Code]


@pytest.mark.parametrize("code", list(Code))
def test_its_problem_can_be_read_by_a_person(
    code: Code, picture: dict[str, Any], catalog: Catalog
) -> None:
    found = [item for item in problems_of(code, picture, catalog) if item.code == code]
    assert found
    for item in found:
        assert re.fullmatch(r"\S.*\.\)?", item.message, re.DOTALL), item
        assert re.fullmatch(r"\S.*[.?]", item.hint, re.DOTALL), item
        assert len(item.message) < 250
        assert len(item.hint) < 250
        for foreign in ("None", "True", "False", "Traceback", "Error", "<", "dict", "NoneType"):
            assert foreign not in item.message + item.hint, item


OF_THE_WHOLE = {
    Code.NOT_JSON, Code.NOT_TEXT, Code.TOO_LARGE, Code.TOO_DEEP, Code.WRONG_FORMAT,
    Code.COMFY_WORKFLOW, Code.NEWER_FORMAT, Code.EMPTY, Code.TOO_MANY_NODES,
    Code.TOO_MANY_LINKS, Code.NO_OUTPUT, Code.BAD_WIRE,
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(set(Code) - OF_THE_WHOLE))
def test_its_problem_names_the_node(code: Code, picture: dict[str, Any], catalog: Catalog) -> None:
    for item in problems_of(code, picture, catalog):
        if item.code == code:
            assert item.node is not None


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ("a", '"a"'),
        ("a\nb", '"a⏎b"'),
        ("x" * 100, '"' + "x" * 59 + '…"'),
        (None, "null"),
        (True, "true"),
        (1, "1"),
        (1.0, "1.0"),
        (0, "0"),
        pytest.param(10**400, "a number of about 400 digits", id="huge"),
        ([1], "a list"),
        ({}, "an object"),
    ],
)
def test_values_in_sentences(item: object, shown: str) -> None:
    assert quoted(item) == shown
