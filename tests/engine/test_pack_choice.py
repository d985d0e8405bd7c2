"""Which packs are imported, and what is reported of each."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wirebrush.api import ImportedPack, Machine, PackImporter
from wirebrush.catalog import Catalog
from wirebrush.engine.packs import Packs, load_packs
from wirebrush.engine.sources import code_of
from wirebrush.packlist import Ended, PackChoice, PackReport

NATIVE = """
from wirebrush.api import *
@node(id="{id}", category="t")
def thing(value: int = 1) -> int:
    return value
"""
FOREIGN = """
from pathlib import Path
Path(__file__).with_suffix(".ran").touch()
class {id}:
    RETURN_TYPES = ("INT",)
    FUNCTION = "go"
    CATEGORY = "t"
    @classmethod
    def INPUT_TYPES(cls):
        return {{"required": {{"value": ("INT", {{"default": 1}})}}}}
    def go(self, value):
        return (value,)
NODE_CLASS_MAPPINGS = {{"{id}": {id}}}
"""


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    """A folder with a pack of each kind."""
    folder = tmp_path / "packs"
    folder.mkdir()
    (folder / "mine.py").write_text(NATIVE.format(id="Mine"))
    (folder / "theirs.py").write_text(FOREIGN.format(id="Theirs"))
    return folder


def load(*folders: Path, **options: Any) -> Packs:
    return load_packs(folders, use_entry_points=False, **options)


def reported(loaded: Packs, name: str) -> PackReport:
    return next(report for report in loaded.reports if report.name == name)


def test_a_pack_for_comfyui_is_found_but_not_run_until_it_is_on(packs: Path) -> None:
    loaded = load(packs)
    assert [(r.name, r.kind, r.on, r.loaded) for r in loaded.reports] == [
        ("mine", "native", True, True),
        ("theirs", "comfyui", False, False),
    ]
    assert loaded.failures == ()
    assert not (packs / "theirs.ran").exists()

    loaded = load(packs, choice=PackChoice({"theirs": True, "mine": False}))
    assert (packs / "theirs.ran").exists()
    report = reported(loaded, "theirs")
    assert (report.on, report.loaded, report.nodes) == (True, True, ("Theirs",))
    assert (report.file, report.size) == ("theirs.py", (packs / "theirs.py").stat().st_size)
    assert report.source == code_of(packs / "theirs.py").digest
    assert report.seconds >= 0
    assert "Mine" not in loaded.types
    assert not reported(loaded, "mine").on


def test_all_means_all_but_what_is_switched(packs: Path) -> None:
    assert {r.name for r in load(packs, choice=PackChoice(all_on=True)).reports if r.on} == {
        "mine",
        "theirs",
    }
    loaded = load(packs, choice=PackChoice({"theirs": False}, all_on=True))
    assert not reported(loaded, "theirs").on


def test_whatever_lies_among_comfyuis_packs_waits(packs: Path) -> None:
    loaded = load_packs((), [packs], use_entry_points=False)
    assert [(r.name, r.kind, r.on) for r in loaded.reports] == [
        ("mine", "comfyui", False),
        ("theirs", "comfyui", False),
    ]
    assert loaded.types == {}
    assert "Mine" in load_packs([packs], [packs], use_entry_points=False).types, "found once"


def test_what_ended_a_worker_is_tried_again_when_its_code_is_another(packs: Path) -> None:
    source = code_of(packs / "mine.py").digest
    choice = PackChoice(ended={"mine": Ended("It explodes.", source)})
    loaded = load(packs, choice=choice)
    assert [failure.error for failure in loaded.failures] == ["It explodes."]
    assert not reported(loaded, "mine").on
    (packs / "mine.py").write_text(NATIVE.format(id="Mended"))
    assert "Mended" in load(packs, choice=choice).types


def test_of_two_packs_with_one_name_the_first_counts(packs: Path, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "mine.py").write_text(NATIVE.format(id="Other"))
    loaded = load(packs, tmp_path / "more")
    assert "Other" not in loaded.types
    (failure,) = loaded.failures
    assert failure.error == (
        "Another pack is named 'mine' too and comes first; this one (mine.py) is left out."
        " Give its folder another name."
    )


class Unsure:
    """An importer that cannot make up its mind."""

    def claims(self, path: Path) -> bool:
        raise RecursionError(path.name)

    def configured(self, machine: Machine) -> PackImporter:
        return self

    def load(self, path: Path) -> ImportedPack:
        raise ImportError(f"{path.name} cannot be read.")


def test_what_cannot_be_looked_at_is_off(packs: Path) -> None:
    loaded = load(packs, importers={"unsure": Unsure()})
    assert {report.on for report in loaded.reports} == {False}
    loaded = load(packs, importers={"unsure": Unsure()}, choice=PackChoice({"mine": True}))
    assert [failure.error for failure in loaded.failures] == [
        "ImportError: mine.py cannot be read."
    ]
    assert reported(loaded, "mine").on


def test_the_catalog_says_what_was_found_and_time_alone_makes_no_other(packs: Path) -> None:
    loaded = load(packs)
    data = loaded.catalog()
    slow = replace(loaded, reports=tuple(replace(r, seconds=9.0) for r in loaded.reports))
    assert slow.catalog()["digest"] == data["digest"]
    kept, slower = Catalog.from_json(data), Catalog.from_json(slow.catalog())
    assert kept.packs == loaded.reports
    assert slower.digest == kept.digest
    assert Catalog.from_json(kept.to_json()).packs == kept.packs
    other = load(packs, choice=PackChoice({"mine": False}))
    assert Catalog.from_json(other.catalog()).digest != kept.digest


def test_a_name_that_is_no_text_travels_all_the_same(tmp_path: Path) -> None:
    odd = os.fsdecode(b"odd\xff.py")
    try:
        (tmp_path / odd).write_text(NATIVE.format(id="Odd"))
    except OSError:
        pytest.skip("this file system takes text only")
    (report,) = load(tmp_path).reports
    assert (report.name, report.file, report.loaded) == ("odd?", "odd?.py", True)


def test_code_is_what_can_run(tmp_path: Path) -> None:
    for name in ("__init__.py", "web/a.js", "deep/b.py", ".git/c.py", "__pycache__/d.py", "e.json"):
        (tmp_path / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / name).write_text("x")
    before = code_of(tmp_path / "p")
    assert before.size == 3
    for name in (".git/c.py", "__pycache__/d.py", "e.json"):
        (tmp_path / "p" / name).write_text("another")
    assert code_of(tmp_path / "p") == before
    (tmp_path / "p" / "web" / "a.js").write_text("y")
    assert code_of(tmp_path / "p").digest != before.digest
    assert code_of(tmp_path / "p" / "gone.py").size == 0
