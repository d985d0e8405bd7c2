"""Where a picture came from."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.api import NodeSpec, Output, Port, Widget
from wirebrush.catalog import Catalog
from wirebrush.graph.origin import LONGEST_TEXT, Origin, origin_of
from wirebrush.graph.prompt import Prompt

TEXT = Widget("text", multiline=True)
CATALOG = Catalog(
    (
        NodeSpec("Load", inputs=(Port("ckpt_name", "COMBO", widget=Widget("file", folder="c")),)),
        NodeSpec("Open", inputs=(Port("image", "COMBO", widget=Widget("file", folder="image")),)),
        NodeSpec("Encode", inputs=(Port("text", "STRING", widget=TEXT), Port("clip", "CLIP"))),
        NodeSpec("Control", inputs=(Port("positive", "C"), Port("negative", "C"))),
        NodeSpec(
            "Sample",
            inputs=(
                Port("model", "MODEL"),
                Port("positive", "C"),
                Port("negative", "C"),
                Port("latent_image", "LATENT"),
                Port("seed", "INT", 0, Widget("seed")),
                Port("steps", "INT", 20, Widget("int")),
            ),
            outputs=(Output("LATENT", "LATENT"),),
        ),
        NodeSpec(
            "Paint",
            inputs=(Port("prompt", "STRING", widget=TEXT), Port("negative_prompt", "S", "", TEXT)),
        ),
        NodeSpec(
            "Save",
            inputs=(Port("images", "*"), Port("filename_prefix", "STRING", "", Widget("text"))),
        ),
    )
)


def origin(graph: dict[str, tuple[str, dict[str, Any]]], node: str = "save") -> Origin:
    prompt = Prompt.from_json(
        {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in graph.items()}
    )
    return origin_of(prompt, node, CATALOG)


GRAPH: dict[str, tuple[str, dict[str, Any]]] = {
    "load": ("Load", {"ckpt_name": "postcards"}),
    "good": ("Encode", {"text": " a red house ", "clip": ["load", 0]}),
    "bad": ("Encode", {"text": "ugly", "clip": ["load", 0]}),
    "steer": ("Control", {"positive": ["good", 0], "negative": ["bad", 0]}),
    "first": (
        "Sample",
        {"model": ["load", 0], "positive": ["good", 0], "negative": ["bad", 0], "seed": 1},
    ),
    "second": (
        "Sample",
        {
            "model": ["load", 0],
            "positive": ["steer", 0],
            "negative": ["steer", 1],
            "latent_image": ["first", 0],
            "seed": 2**64 - 1,
            "steps": 7,
        },
    ),
    "save": ("Save", {"images": ["second", 0], "filename_prefix": "out"}),
    "other": ("Encode", {"text": "elsewhere"}),
}


def test_positive_texts_models_and_the_last_seed() -> None:
    assert origin(GRAPH) == Origin("a red house", ("postcards",), 2**64 - 1)


def test_a_node_made_at_run_time_stands_for_its_maker() -> None:
    assert origin(GRAPH, "save.3.1") == origin(GRAPH)
    assert origin(GRAPH, "nobody") == Origin()


def test_negative_texts_beside_positive_ones_are_left_out() -> None:
    graph = {
        "paint": ("Paint", {"prompt": "sea", "negative_prompt": "sand"}),
        "save": ("Save", {"images": ["paint", 0]}),
    }
    assert origin(graph).prompt == "sea"


def test_pictures_are_no_models() -> None:
    graph = {
        "open": ("Open", {"image": "cat.png"}),
        "save": ("Save", {"images": ["open", 0]}),
    }
    assert origin(graph) == Origin()


def test_a_model_below_a_negative_text_counts() -> None:
    graph = {
        "load": ("Load", {"ckpt_name": "a"}),
        "bad": ("Encode", {"text": "x", "clip": ["load", 0]}),
        "sample": ("Sample", {"negative": ["bad", 0]}),
        "save": ("Save", {"images": ["sample", 0]}),
    }
    assert origin(graph) == Origin("", ("a",), None)


@pytest.mark.parametrize("length", [LONGEST_TEXT, LONGEST_TEXT + 1])
def test_long_texts_are_cut(length: int) -> None:
    graph = {
        "good": ("Encode", {"text": "x" * length}),
        "save": ("Save", {"images": ["good", 0]}),
    }
    assert len(origin(graph).prompt) == LONGEST_TEXT


_VALUE = st.one_of(
    st.text(max_size=5),
    st.integers(),
    st.booleans(),
    st.tuples(st.sampled_from("abcz"), st.integers(0, 1)).map(list),
    st.none(),
    st.lists(st.integers(), max_size=2),
)
_NAMES = st.sampled_from(["text", "positive", "negative", "seed", "ckpt_name", "images"])
_NODE = st.tuples(
    st.sampled_from(["Load", "Encode", "Sample", "Save", "Unknown"]),
    st.dictionaries(_NAMES, _VALUE, max_size=4),
)


@given(graph=st.dictionaries(st.sampled_from("abc"), _NODE))
def test_any_graph_has_an_origin_even_with_circles(graph: dict[str, Any]) -> None:
    found = origin(graph, "a")
    assert len(found.prompt) <= LONGEST_TEXT
    texts = {str(inputs.get("text", "")).strip() for _, inputs in graph.values()}
    lines = {line for text in texts for line in text.split("\n")}
    assert set(found.prompt.split("\n")) <= lines | {""}
