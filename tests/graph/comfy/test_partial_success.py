"""One output of a ComfyUI prompt is wrong and another is right: the right one runs."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from wirebrush.api import NodeSpec, Output, Port, Widget
from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.judging import Judge, World
from wirebrush.graph.prompt import Prompt

NUMBER = Port("value", "INT", default=1, widget=Widget("int", min=0, max=9))
CATALOG = Catalog(
    (
        NodeSpec("Number", inputs=(NUMBER,), outputs=(Output("INT", "INT"),)),
        NodeSpec("Text", outputs=(Output("STRING", "STRING"),)),
        NodeSpec("Show", inputs=(Port("value", "INT"),), sink=True),
        NodeSpec(
            "Own",
            inputs=(
                Port("value", "INT", widget=Widget("int", max=9), unchecked="all"),
                Port("pick", "COMBO", widget=Widget("choice", choices=("a",)), unchecked="values"),
            ),
            sink=True,
        ),
    )
)


def judged(nodes: dict[str, tuple[str, dict[str, Any]]], *wanted: str) -> Judge:
    data = {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}
    world = World(CATALOG, lambda kind, name: False, lambda kind: ())
    judge = Judge(deepcopy(data), Prompt.from_json(data), world)
    if not judge.structure():
        judge.outputs(wanted)
    return judge


GOOD = {"1": ("Number", {"value": 3}), "2": ("Show", {"value": ["1", 0]})}


@pytest.mark.parametrize(
    ("link", "why"), [(["gone", 0], "there is no node 'gone'"), (["1", 4], "has 1 outputs")]
)
def test_a_link_from_nowhere_spoils_its_own_output_only(link: list[Any], why: str) -> None:
    nodes = {**GOOD, "3": ("Show", {"value": link})}
    judge = judged(nodes, "2", "3")
    assert judge.passed(["2", "3"]) == ("2",)
    (error,) = judge.node_errors(["2", "3"])["3"]["errors"]
    assert error["type"] == "bad_linked_input"
    assert why in error["details"]
    assert not judge.broken


def test_a_link_from_nowhere_further_up_or_at_an_unknown_input_spoils_it_as_well() -> None:
    nodes = {
        **GOOD,
        "3": ("Number", {"value": ["gone", 0]}),
        "4": ("Show", {"value": ["3", 0]}),
        "5": ("Show", {"value": ["1", 0], "extra": ["gone", 0]}),
    }
    judge = judged(nodes, "2", "4", "5")
    assert judge.passed(["2", "4", "5"]) == ("2",)
    errors = judge.node_errors(["2", "4", "5"])
    assert {node: entry["dependent_outputs"] for node, entry in errors.items()} == {
        "3": ["4"],
        "5": ["5"],
    }


def test_nodes_that_feed_themselves_stop_everything() -> None:
    nodes = {**GOOD, "3": ("Number", {"value": ["3", 0]})}
    assert judged(nodes, "2").broken


def test_what_a_node_judges_itself_is_left_to_it() -> None:
    nodes = {"1": ("Text", {}), "2": ("Own", {"value": 50, "pick": "b"})}
    assert judged(nodes, "2").passed(["2"]) == ("2",)
    nodes["2"] = ("Own", {"value": ["1", 0], "pick": "a"})
    assert judged(nodes, "2").passed(["2"]) == ("2",), "types of wires too"
