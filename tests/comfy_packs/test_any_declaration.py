"""Whatever a pack declares or shows, what becomes of it is JSON."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from wirebrush.api import MISSING, Port, SilentRun
from wirebrush.graph.values import check_value
from wirebrush_comfy.ports import Section, port
from wirebrush_comfy.shown import show
from wirebrush_comfy.world import World

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
odd = st.builds(object) | st.just(SimpleNamespace(x=1)) | st.binary(max_size=4)
values = st.recursive(
    scalars | odd,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=4), parts),
    max_leaves=6,
)
kinds = (
    st.sampled_from(["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "IMAGE", "*", "A,B", ""])
    | st.lists(scalars | odd, max_size=4)
    | odd
)
options = st.dictionaries(
    st.sampled_from(
        ["default", "min", "max", "step", "multiline", "placeholder", "tooltip", "lazy",
         "rawLink", "forceInput", "options", "image_upload", "multi_select", "image_folder"]
    ),
    values,
)  # fmt: skip
sections = st.builds(
    Section, st.booleans(), st.booleans(), st.booleans(), st.none() | st.just(frozenset("x")),
    st.booleans(),
)  # fmt: skip


@example(declared=("COMBO", {"options": 5}), section=Section())
@example(declared=(["a"], {"default": ["a"]}), section=Section())
@example(declared=(object(), {"multi_select": True, "default": object()}), section=Section())
@example(declared=("FLOAT", {"min": float("nan"), "default": 1e400}), section=Section())
@given(
    declared=st.tuples(kinds) | st.tuples(kinds, options) | st.tuples(kinds, values) | kinds,
    section=sections,
)
def test_every_input_becomes_a_port(declared: Any, section: Section) -> None:
    made = port("x", declared, section)
    text = json.dumps(made.to_json(), allow_nan=False)
    assert Port.from_json(json.loads(text)) == made
    if section.optional:
        assert not made.required


@given(
    kind=st.sampled_from(["INT", "FLOAT", "STRING", "BOOLEAN"]),
    default=scalars,
    low=st.none() | st.integers(-9, 9),
)
def test_a_default_that_is_made_up_is_right(kind: str, default: Any, low: int | None) -> None:
    made = port("x", (kind, {"min": low} if default is None else {"default": default}), Section())
    assert made.default is not MISSING
    bare = Port("x", kind)
    if isinstance(made.default, int) and abs(made.default) >= 2**63:
        return
    assert check_value(bare, made.default) is None
    if default is None:
        assert check_value(made, made.default) is None


@given(ui=st.dictionaries(st.text(max_size=6), values, max_size=3))
def test_everything_that_is_shown_is_json(ui: dict[str, Any]) -> None:
    run = SilentRun()
    show(ui, run, World())
    for data in run.data:
        json.dumps(data, allow_nan=False)
