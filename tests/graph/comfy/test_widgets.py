"""Values by position and values by name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.api import NodeSpec, Port, Widget
from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.reading import read_ui
from wirebrush.graph.comfy.records import UiNode
from wirebrush.graph.comfy.value_lists import Values, decode, encode
from wirebrush.graph.comfy.widgets import CONTROLS, Layouts, Place

KSAMPLER = {
    "seed": 5,
    "steps": 20,
    "cfg": 8,
    "sampler_name": "euler",
    "scheduler": "normal",
    "denoise": 1,
}


def node_with(values: Any, type_name: str = "KSampler", **fields: Any) -> UiNode:
    raw = {"id": 1, "type": type_name, "widgets_values": values, **fields}
    (node,) = read_ui({"nodes": [raw]})[0].graph.nodes
    return node


def read(node: UiNode) -> Values:
    edited = [slot.name for slot in node.inputs if slot.widget]
    return decode(node, Layouts(Catalog()).of(node.type, edited))


@pytest.mark.parametrize(
    ("control", "word"), [("increment", "increment"), (True, "randomize"), (False, "fixed")]
)
def test_what_follows_a_seed_takes_a_place(control: object, word: str) -> None:
    values = read(node_with([5, control, 20, 8, "euler", "normal", 1]))
    assert values.named == KSAMPLER
    assert values.controls == {"seed": word}


def test_a_program_may_have_left_it_out() -> None:
    values = read(node_with([5, 20, 8, "euler", "normal", 1]))
    assert values.named == KSAMPLER
    assert values.controls == {}


def test_a_short_list_leaves_the_last_to_their_defaults() -> None:
    assert read(node_with([5, "fixed", 20])).named == {"seed": 5, "steps": 20}


def test_a_long_list_keeps_what_nothing_is_known_of() -> None:
    values = read(node_with([5, "fixed", 20, 8, "euler", "normal", 1, "new"]))
    assert values.named == KSAMPLER
    assert values.rest == ("new",)


def test_values_that_do_not_fit_are_kept_as_they_are() -> None:
    mixed = ["euler", 5, True]
    assert read(node_with(mixed)) == Values(raw=mixed)


def test_numbers_may_be_written_as_texts() -> None:
    values = read(node_with(["5", "fixed", " 20 ", "7.5", "euler", "normal", "1"]))
    assert values.named == {**KSAMPLER, "cfg": 7.5}
    assert [type(values.named[name]) for name in ("seed", "cfg")] == [int, float]
    assert values.controls == {"seed": "fixed"}
    assert read(node_with({"seed": "5", "cfg": "1e1", "new": "3"})).named == {
        "seed": 5,
        "cfg": 10.0,
        "new": "3",
    }
    assert read(node_with([], widgets_values_named={"steps": "20"})).named == {"steps": 20}


def test_a_text_that_is_a_number_stays_a_text() -> None:
    assert read(node_with(["20"], "CLIPTextEncode")).named == {"text": "20"}
    assert read(node_with([20], "CLIPTextEncode")).named == {"text": "20"}


def test_a_value_that_is_no_number_is_kept_where_it_stands_and_refused_there() -> None:
    values = read(node_with([5, "fixed", "twenty", "7,5", "euler", "normal", "NaN"]))
    assert values.named == {**KSAMPLER, "steps": "twenty", "cfg": "7,5", "denoise": "NaN"}
    strange = [5, "fixed", [20], True, "euler", "normal", 1]
    assert read(node_with(strange)).named == {**KSAMPLER, "steps": [20], "cfg": True}


def test_what_fits_less_than_half_is_the_list_of_another_node() -> None:
    other = ["a", "fixed", "b", "c", 1, "normal", "d"]
    assert read(node_with(other)) == Values(raw=other)


def test_values_may_stand_by_name() -> None:
    assert read(node_with(KSAMPLER)).named == KSAMPLER
    assert read(node_with([1, 2, 3], widgets_values_named=KSAMPLER)).named == KSAMPLER


def test_an_upload_button_has_an_entry_of_its_own() -> None:
    values = read(node_with(["a.png", "image"], "LoadImage"))
    assert values.named == {"image": "a.png"}
    assert values.rest == ()


def test_choices_of_packs_have_what_their_options_say() -> None:
    several = Port("k", "COMBO", list=True, hints={"multi_select": True})
    drawn = Port(
        "mode",
        "COMBO",
        widget=Widget("choice", choices=("a", "b")),
        hints={"control_after_generate": True},
    )
    last = Port("size", "INT", widget=Widget("int"))
    spec = NodeSpec("Chooser", inputs=(several, drawn, last))
    layout = Layouts(Catalog((spec,))).of("Chooser", ())
    assert layout is not None
    items = [["p", "r"], "b", "increment-wrap", "", 77]
    values = decode(node_with(items, "Chooser"), layout)
    assert values.named == {"k": ["p", "r"], "mode": "b", "size": 77}
    assert values.controls == {"mode": "increment-wrap"}
    assert encode(values, layout, {}) == items


def test_an_unknown_type_says_the_names_of_its_widgets_itself() -> None:
    inputs = [
        {"name": "model", "type": "MODEL", "link": None},
        {"name": "seed", "type": "INT", "link": None, "widget": {"name": "seed"}},
        {"name": "size", "type": "INT", "link": None, "widget": {"name": "size"}},
    ]
    values = read(node_with([7, "randomize", 64], "Stranger", inputs=inputs))
    assert values.named == {"seed": 7, "size": 64}
    assert read(node_with([7, 64], "Stranger", inputs=inputs)).named == {"seed": 7, "size": 64}
    assert read(node_with([7, 64], "Stranger")) == Values(raw=[7, 64])


scalars = {"i": st.integers(), "f": st.floats(allow_nan=False), "s": st.text(), "b": st.booleans()}
places = st.builds(
    Place,
    name=st.text(min_size=1, max_size=6),
    kind=st.sampled_from("ifsb"),
    control=st.booleans(),
    behind=st.sampled_from([None, "", "image"]),
)


@given(st.data(), st.lists(places, unique_by=lambda place: place.name, max_size=8))
def test_what_is_written_is_read_again(data: st.DataObject, layout: list[Place]) -> None:
    named = {place.name: data.draw(scalars[place.kind]) for place in layout}
    controls = {p.name: data.draw(st.sampled_from(CONTROLS)) for p in layout if p.control}
    values = Values(named, controls)
    written = encode(values, tuple(layout), {})
    assert decode(node_with(written), tuple(layout)) == values
