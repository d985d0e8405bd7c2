"""Tokens in names of files."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.prompting import comfy_prompt
from wirebrush.graph.document import read_document
from wirebrush.graph.embedding import texts_for_pictures
from wirebrush.graph.nametokens import NamedNode, replace_tokens, with_names

NOW = datetime(2026, 3, 4, 5, 6, 7)
SAMPLER = NamedNode(
    "KSampler",
    "Paint",
    {"seed": 7, "cfg": 8.0, "denoise": 0.55, "tiny": 0.00002, "on": True, "of": [1], "none": None},
)
OTHER = NamedNode("Text", "KSampler", {"seed": 9, "text": 'a/b:c*"d"\n<e>|?\\'})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%date:yyyy-MM-dd hhmmss%", "2026-03-04 050607"),
        ("%date:d.M.yy h-m-s%", "4.3.26 5-6-7"),
        ("%date:hh:mm%", "05_06"),
        ("%date%", "20260304050607"),
        ("%date:%x", "x"),
        ("%KSampler.seed%/%Paint.seed%", "7/7"),
        ("%Paint.cfg%_%Paint.denoise%_%Paint.tiny%_%Paint.on%", "8_0.55_0.00002_true"),
        ("%Text.text%", "a_b_c__d___e____"),
        ("%width%x%height%_%year%", "%width%x%height%_%year%"),
        ("%Nobody.seed% %Paint.nothing% %Paint.of% %Paint.none% %a.b.c% %Paint.%", None),
        ("100% of 50 %", None),
        ("%%", None),
    ],
)
def test_a_token_becomes_what_it_means(text: str, expected: str | None) -> None:
    """None: it stays as it is."""
    assert replace_tokens(text, [SAMPLER, OTHER], NOW) == (text if expected is None else expected)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())
NODES = st.lists(
    st.builds(NamedNode, st.text(), st.text(), st.dictionaries(st.text(max_size=2), VALUES)),
    max_size=3,
)
TEXTS = st.lists(st.sampled_from(["%", ".", "date:", "date", "yy", "MM", "a"]) | st.text())


@given(TEXTS.map("".join), NODES, st.datetimes())
def test_every_text_is_taken(text: str, nodes: list[NamedNode], now: datetime) -> None:
    replaced = replace_tokens(text, nodes, now)
    assert "%" in text or replaced == text


def drawn(prefix: Any) -> dict[str, Any]:
    inside = {"nodes": {"5": {"type": "Empty", "title": "Inner", "values": {"width": 64}}}}
    port = {"id": "w", "name": "width", "type": "INT", "to": [["5", "width"]]}
    size = {"comfy": {"properties": {"Node name for S&R": "Size"}}}
    return {
        "format": "wirebrush/1",
        "nodes": {
            "1": {"type": "LoadPicture", "title": "Gull", "values": {"image": "gull.png"}},
            "2": {"type": "Save", "values": {"filename_prefix": prefix}},
            "3": {"type": "PrimitiveNode", "title": "Name", "values": {"value": "cats"}},
            "4": {"type": "Empty", "mode": "mute", "values": {"width": 96}, **size},
            "6": {"type": "subgraph:s", "values": {"w": 256}},
            "7": {"type": "Add", "values": {"a": 1}},
        },
        "wires": [{"from": ["1", "IMAGE"], "to": ["2", "images"]}],
        "subgraphs": {"s": {**inside, "inputs": [port]}},
    }


def named(prefix: Any, catalog: Catalog) -> Any:
    document = read_document(drawn(prefix), catalog)
    assert document.prompt is not None
    return (
        with_names(document.prompt, document.workflow, catalog, NOW)
        .nodes["2"]
        .inputs["filename_prefix"]
    )


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("%Gull.image%", "gull.png"),
        ("%LoadPicture.image%", "gull.png"),
        ("%Name.value%", "cats"),
        ("%Size.width%", "96"),
        ("%Inner.width%", "256"),
        ("%Add.a%%Add.b%", "10"),
        ("%Gull.IMAGE%", "%Gull.IMAGE%"),
        ("x%Save.filename_prefix%", "xx%Save.filename_prefix%"),
    ],
)
def test_every_node_of_a_workflow_is_found(token: str, expected: str, catalog: Catalog) -> None:
    """Muted ones, values that only wires hand on, inside subgraphs, and values left as they are."""
    assert named(token, catalog) == expected


@pytest.mark.parametrize("prefix", ["plain", "", 7, None])
def test_what_has_no_token_is_untouched(prefix: Any, catalog: Catalog) -> None:
    document = read_document(drawn(prefix), catalog)
    assert document.prompt is not None
    assert with_names(document.prompt, document.workflow, catalog, NOW) is document.prompt


def test_a_bare_prompt_is_untouched(catalog: Catalog, picture: dict[str, Any]) -> None:
    picture["7"]["inputs"]["filename_prefix"] = "%date%"
    document = read_document(picture, catalog)
    assert document.prompt is not None
    assert with_names(document.prompt, document.workflow, catalog, NOW) is document.prompt


def test_a_picture_keeps_the_workflow_as_written(catalog: Catalog) -> None:
    given = drawn("%date:yyyy%_%Gull.image%")
    document = read_document(given, catalog)
    assert document.prompt is not None
    prompt = with_names(document.prompt, document.workflow, catalog, NOW)
    texts = texts_for_pictures(prompt, document.workflow, given, catalog)
    assert json.loads(texts["prompt"])["2"]["inputs"]["filename_prefix"] == "2026_gull.png"
    assert json.loads(texts["wirebrush"]) == given
    assert "%date:yyyy%_%Gull.image%" in texts["workflow"]


def test_an_exported_prompt_is_as_comfyui_would_send_it(catalog: Catalog) -> None:
    workflow = read_document(drawn("%date:yyyy%"), catalog).workflow
    assert workflow is not None
    for now, expected in ((NOW, "2026"), (None, "%date:yyyy%")):
        prompt, _ = comfy_prompt(workflow, catalog, now)
        assert prompt["2"]["inputs"]["filename_prefix"] == expected
