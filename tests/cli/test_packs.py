"""`wirebrush pack list`, `on` and `off`, alone and beside a studio; `--packs-on`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wirebrush.client import Studio

if TYPE_CHECKING:
    from conftest import Home

FOREIGN = """
from pathlib import Path
Path(__file__).with_name("ran").touch()
class Double:
    RETURN_TYPES = ("INT",)
    FUNCTION = "go"
    CATEGORY = "math"
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 3})}}
    def go(self, value):
        return (value * 2,)
class Unfit:
    RETURN_TYPES = ("INT",)
    FUNCTION = "is_not_there"
NODE_CLASS_MAPPINGS = {"Double": Double, "Unfit": Unfit}
"""
PROMPT = {
    "1": {"class_type": "Double", "inputs": {"value": 4}},
    "2": {"class_type": "Tiny", "inputs": {"value": ["1", 0]}},
}


@pytest.fixture
def foreign(home: Home) -> Path:
    """A pack for ComfyUI among ours; the file that shows that its code ran."""
    folder = home.root / "packs" / "Math Pack"
    folder.mkdir()
    (folder / "__init__.py").write_text(FOREIGN)
    return folder / "ran"


def listed(home: Home, *options: str) -> dict[str, Any]:
    ran = home.run("pack", "list", "--json", *options)
    return {pack["name"]: pack for pack in json.loads(ran.stdout)["packs"]}


def test_on_and_off_without_a_studio(home: Home, foreign: Path) -> None:
    pack = listed(home)["Math Pack"]
    assert (pack["kind"], pack["on"], pack["loaded"]) == ("comfyui", False, False)
    assert not foreign.exists()
    refused = home.run("run", home.write("p.json", PROMPT), "--out", str(home.root))
    assert refused.returncode == 2

    ran = home.run("pack", "on", "Math Pack")
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[1].split() == ["Math", "Pack", "ComfyUI", "on", "1"]
    assert lines[2].startswith("Math Pack: Node Unfit: ")
    assert foreign.exists()
    pack = listed(home)["Math Pack"]
    assert (pack["on"], pack["changed"], pack["nodes"]) == (True, False, ["Double"])
    done = home.run("run", home.write("p.json", PROMPT), "--out", str(home.root / "out"))
    assert done.returncode == 0, done.stderr

    source = foreign.with_name("__init__.py")
    source.write_text(source.read_text() + "\n# a new release\n")
    told = home.run("pack", "list", "--fresh").stdout
    assert "on, changed since" in told
    assert "changed" not in home.run("pack", "on", "Math Pack").stdout
    assert "changed" not in home.run("pack", "list").stdout

    assert home.run("pack", "off", "Math Pack").returncode == 0
    told = home.run("run", home.write("p.json", PROMPT)).stderr
    assert 'It is in the pack "Math Pack", which is off: turn it on.' in told


def test_an_option_holds_once(home: Home, foreign: Path) -> None:
    for option in (["--packs-on", "Math Pack"], ["--all-packs-on"]):
        out = str(home.root / "out")
        ran = home.run("run", home.write("p.json", PROMPT), "--out", out, *option)
        assert ran.returncode == 0, ran.stderr
        assert foreign.exists()
    assert listed(home)["Math Pack"]["on"] is False
    assert not (home.data / "packs.json").exists()


def pack_of(studio: Studio, name: str) -> dict[str, Any]:
    return next(p for p in studio.request("GET", "/v1/packs")["packs"] if p["name"] == name)


def test_a_studio_that_runs_does_it(home: Home, foreign: Path) -> None:
    home.serve()
    with Studio.open(data=home.data) as studio:
        first = studio.submit({"1": {"class_type": "Tiny", "inputs": {"value": 1}}})
        assert first.wait().state == "succeeded", "packs are known from here on"
        ran = home.run("pack", "on", "Math Pack")
        assert (ran.returncode, ran.stdout.strip()) == (
            0,
            "The studio that runs here turns on: Math Pack.",
        ), ran.stderr
        assert home.run("pack", "on", "Meth").returncode == 2
        while "Double" not in {node["id"] for node in studio.request("GET", "/v1/nodes")["nodes"]}:
            studio.receive()
        job = studio.submit(PROMPT)
        assert job.wait().state == "succeeded"
        source = foreign.with_name("__init__.py")
        source.write_text(source.read_text() + "\n# a new release\n")
        assert home.run("pack", "on", "Math Pack").returncode == 0
        while not (pack := pack_of(studio, "Math Pack"))["settled"]:
            studio.receive()
        assert (pack["on"], pack["changed"]) == (True, False)
        assert home.run("pack", "off", "--all").returncode == 0
        packs = {pack["name"]: pack["on"] for pack in studio.request("GET", "/v1/packs")["packs"]}
    assert packs == {"builtin": True, "tiny": False, "Math Pack": False}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["on"], "Name the packs to turn on, or write --all."),
        (["off", "x", "--all"], "Name the packs to turn off, or write --all."),
        (["off", "builtin"], "The built-in pack is always on"),
        (["on", "Meth"], "There is no pack Meth. There are: tiny."),
    ],
)
def test_what_cannot_be_done_is_a_sentence(home: Home, arguments: list[str], words: str) -> None:
    ran = home.run("pack", *arguments)
    assert ran.returncode == 2
    assert words in ran.stderr
