"""`--set`: every way to name a node, and every mistake."""

from __future__ import annotations

from typing import Any

import pytest

from wirebrush.api import NodeSpec, Port, Widget
from wirebrush.catalog import Catalog
from wirebrush.cli.graphs import BadInput, GraphFile, apply_settings, check_graph, parse_setting

CATALOG = Catalog(
    (
        NodeSpec("Sampler", inputs=(Port("seed", "INT", 0, Widget("seed")), Port("m", "MODEL"))),
        NodeSpec("Text", inputs=(Port("text", "STRING", "", Widget("text")),)),
    )
)


def prompt() -> GraphFile:
    data: dict[str, Any] = {
        "3": {"class_type": "Sampler", "inputs": {"seed": 1, "m": ["9", 0]}},
        "6": {"class_type": "Text", "inputs": {}, "_meta": {"title": "Positive"}},
        "7": {"class_type": "Text", "inputs": {}, "_meta": {"title": "Negative"}},
    }
    return GraphFile("p.json", data, is_workflow=False)


def workflow() -> GraphFile:
    data: dict[str, Any] = {
        "format": "wirebrush/1",
        "nodes": {
            "3": {"type": "Sampler", "values": {"seed": 1}},
            "6": {"type": "Text", "title": "Positive"},
        },
        "wires": [
            {"from": ["9", "INT"], "to": ["3", "seed"]},
            {"from": ["9", "INT"], "to": ["6", "text"]},
        ],
    }
    return GraphFile("w.json", data, is_workflow=True)


def test_tokens_in_names_of_files_are_replaced() -> None:
    drawn: dict[str, Any] = {
        "format": "wirebrush/1",
        "nodes": {
            "3": {"type": "Sampler", "values": {"seed": 5}},
            "8": {"type": "Keep", "values": {"filename_prefix": "%Sampler.seed%_%date:yyyy%"}},
        },
    }
    keep = NodeSpec("Keep", inputs=(Port("filename_prefix", "STRING", ""),), sink=True)
    runnable, _ = check_graph(
        GraphFile("w.json", drawn, is_workflow=True), Catalog((*CATALOG, keep))
    )
    assert runnable is not None
    seed, year = runnable.prompt.nodes["8"].inputs["filename_prefix"].split("_")
    assert (seed, year.isdecimal()) == ("5", True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3.seed=42", 42),
        ("3.seed=4.5", 4.5),
        ("3.seed=true", True),
        ("3.seed=null", None),
        ('3.seed="42"', "42"),
        ("3.seed=a red house", "a red house"),
        ("3.seed=", ""),
        ("3.seed=a=b", "a=b"),
        ("3.seed=NaN", "NaN"),
        ('3.seed={"a": [1]}', {"a": [1]}),
    ],
)
def test_values_are_json_where_they_can_be(text: str, value: Any) -> None:
    setting = parse_setting(text)
    assert (setting.node, setting.port) == ("3", "seed")
    assert setting.value == value
    assert type(setting.value) is type(value)


@pytest.mark.parametrize("text", ["", "seed=1", "3.seed", "=1", ".seed=1", "3.=1"])
def test_what_is_no_setting_is_told_with_an_example(text: str) -> None:
    with pytest.raises(BadInput, match=r"--set 3\.seed=42"):
        parse_setting(text)


@pytest.mark.parametrize("node", ["3", "Sampler"])
def test_a_node_by_id_or_by_a_type_used_once(node: str) -> None:
    graph = prompt()
    apply_settings(graph, [parse_setting(f"{node}.seed=5")], CATALOG)
    assert graph.data["3"]["inputs"]["seed"] == 5


def test_a_node_by_its_title() -> None:
    graph = prompt()
    apply_settings(graph, [parse_setting("Positive.text=a boat")], CATALOG)
    assert graph.data["6"]["inputs"]["text"] == "a boat"


def test_in_a_workflow_a_value_takes_the_place_of_a_wire() -> None:
    graph = workflow()
    settings = [parse_setting("3.seed=5"), parse_setting("Positive.text=x")]
    apply_settings(graph, settings, CATALOG)
    assert graph.data["nodes"]["3"]["values"]["seed"] == 5
    assert graph.data["nodes"]["6"]["values"] == {"text": "x"}
    assert graph.data["wires"] == []


def test_a_list_does_not_become_a_wire() -> None:
    graph = prompt()
    apply_settings(graph, [parse_setting('3.seed=["9", 0]')], CATALOG)
    assert graph.data["3"]["inputs"]["seed"] == {"__value__": ["9", 0]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Text.text=x", "2 nodes have the type 'Text'. Use an id: 6, 7"),
        ("Positiv.text=x", "Did you mean 'Positive'"),
        ("99.text=x", "There are: 3 (Sampler), 6 (Positive)"),
        ("3.sed=1", "Did you mean 'seed'"),
        ("3.nothing=1", "It has: seed, m"),
    ],
)
def test_mistakes_name_what_there_is(text: str, words: str) -> None:
    with pytest.raises(BadInput) as told:
        apply_settings(prompt(), [parse_setting(text)], CATALOG)
    assert words in told.value.message
    assert text in told.value.message
