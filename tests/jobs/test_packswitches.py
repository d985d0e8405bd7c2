from __future__ import annotations

import json
from pathlib import Path

import pytest

from wirebrush.jobs.packswitches import FILE, PackSwitches
from wirebrush.packlist import Ended, PackChoice, PackReport

REPORT = PackReport("Math", "comfyui", "Math", True, True, ("Add", "Sub"), source="1234")


def test_nothing_is_chosen_at_first(tmp_path: Path) -> None:
    switches = PackSwitches(tmp_path)
    assert switches.choice() == PackChoice()
    assert not (tmp_path / FILE).exists()


def test_a_choice_is_kept_with_the_code_it_was_made_for(tmp_path: Path) -> None:
    switches = PackSwitches(tmp_path)
    switches.turn("Math", on=True)
    switches.turn("Mine", on=False, nodes=("M",))
    switches.seen(REPORT)
    again = PackSwitches(tmp_path)
    assert again.choice().switches == {"Math": True, "Mine": False}
    kept = again.of("Math")
    assert (kept.source, kept.nodes, kept.since > 0) == ("1234", ("Add", "Sub"), True)
    assert again.of("Mine").nodes == ("M",)
    again.seen(PackReport("Math", "comfyui", source="other", nodes=("Add",)))
    assert (again.of("Math").source, again.of("Math").nodes) == ("1234", ("Add",))


def test_of_a_pack_that_nobody_chose_nothing_is_noted(tmp_path: Path) -> None:
    PackSwitches(tmp_path).seen(REPORT)
    assert not (tmp_path / FILE).exists()


def test_the_code_of_a_pack_that_is_still_off_is_not_noted(tmp_path: Path) -> None:
    switches = PackSwitches(tmp_path)
    switches.turn("Math", on=True)
    switches.seen(PackReport("Math", "comfyui", on=False, source="before"))
    assert switches.of("Math").source == ""


def test_what_ended_a_worker_stays_away_until_somebody_turns_it_on(tmp_path: Path) -> None:
    switches = PackSwitches(tmp_path)
    switches.turn("Math", on=True)
    switches.ended("Math", Ended("It explodes.", "1234"))
    assert PackSwitches(tmp_path).choice().obstacle("Math", "1234") == "It explodes."
    switches.turn("Math", on=True)
    assert PackSwitches(tmp_path).choice().ended == {}


def test_options_hold_for_this_process_until_somebody_says_otherwise(tmp_path: Path) -> None:
    PackSwitches(tmp_path).turn("Math", on=False)
    forced = PackSwitches(tmp_path, on=["Math"])
    assert forced.choice().switches == {"Math": True}
    assert PackSwitches(tmp_path).choice().switches == {"Math": False}, "nothing was kept"
    forced.turn("Math", on=False)
    assert forced.choice().switches == {"Math": False}


def test_all_on_forgets_what_was_kept_and_minds_what_happens_now(tmp_path: Path) -> None:
    before = PackSwitches(tmp_path)
    before.turn("Math", on=False)
    before.ended("Boom", Ended("It explodes."))
    forced = PackSwitches(tmp_path, all_on=True)
    assert forced.choice() == PackChoice({}, all_on=True)
    forced.ended("Boom", Ended("It explodes again."))
    forced.turn("Math", on=False)
    assert forced.choice().obstacle("Boom", "") == "It explodes again."
    assert not forced.choice().is_on("Math", "comfyui")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"packs": [1]}',
        '{"packs": {"a": 1}}',
        '{"packs": {"a": {"on": {}, "ended": 1}}}',
    ],
)
def test_a_damaged_file_turns_nothing_on(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text(text)
    switches = PackSwitches(tmp_path)
    assert switches.choice() == PackChoice()
    assert "Turn them on again." in caplog.text
    switches.turn("Math", on=True)
    assert PackSwitches(tmp_path).choice().switches == {"Math": True}


def test_what_cannot_be_kept_is_not_done(tmp_path: Path) -> None:
    switches = PackSwitches(tmp_path / "gone")
    with pytest.raises(OSError, match="gone"):
        switches.turn("Math", on=True)
    assert switches.choice() == PackChoice()
    switches.ended("Math", Ended("It explodes."))
    assert switches.choice().obstacle("Math", "") == "It explodes.", "at least in this process"


def test_a_catalog_is_told_with_what_packs_had_when_they_were_on(tmp_path: Path) -> None:
    switches = PackSwitches(tmp_path)
    switches.turn("Math", on=False, nodes=("Add",))
    off = PackReport("Math", "comfyui", on=False)
    mine = PackReport("mine", "native", loaded=True, nodes=("M",))
    catalog = {"digest": "1", "packs": [off.to_json(), mine.to_json()]}
    told = switches.remembering(catalog)
    assert [pack["nodes"] for pack in told["packs"]] == [["Add"], ["M"]]
    assert switches.remembering({"nodes": []}) == {"nodes": [], "packs": []}


def test_the_file_is_for_people_too(tmp_path: Path) -> None:
    PackSwitches(tmp_path).turn("Math", on=True)
    data = json.loads((tmp_path / FILE).read_text())
    assert data["format"] == "wirebrush-packs/1"
    assert data["packs"]["Math"]["on"] is True
