from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from wirebrush.packlist import Ended, PackChoice, PackReport

names = st.text(max_size=8)
choices = st.builds(
    PackChoice,
    st.dictionaries(names, st.booleans()),
    st.booleans(),
    st.dictionaries(names, st.builds(Ended, names, names)),
)


@given(choices)
def test_a_choice_survives_its_way_to_a_worker(choice: PackChoice) -> None:
    assert PackChoice.from_json(json.loads(json.dumps(choice.to_json()))) == choice


@given(choices, names)
def test_a_switch_decides_before_everything_else(choice: PackChoice, name: str) -> None:
    for kind in ("builtin", "native", "comfyui"):
        on = choice.is_on(name, kind)
        if name in choice.switches:
            assert on == choice.switches[name]
        else:
            assert on == (choice.all_on or kind != "comfyui")


@given(choices, names, names, names)
def test_an_end_keeps_that_code_away_and_no_other(
    choice: PackChoice, name: str, source: str, other: str
) -> None:
    after = choice.without(name, Ended("It explodes.", source))
    assert after.obstacle(name, source) == "It explodes."
    if source and other != source:
        assert after.obstacle(name, other) == ""
    assert after.switches == choice.switches


def test_a_report_survives_its_way_to_the_server() -> None:
    report = PackReport("a", "comfyui", "a.py", True, True, ("B", "C"), 0.5, 10, "1234")
    assert PackReport.from_json(json.loads(json.dumps(report.to_json()))) == report
    assert PackReport.from_json({"name": "a", "kind": "native", "later": 1}).nodes == ()
