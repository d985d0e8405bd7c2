"""`wirebrush import` and `wirebrush export`, on files that people have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, PngImagePlugin

from wirebrush.catalog import Catalog
from wirebrush.cli.main import main

if TYPE_CHECKING:
    from conftest import Home

SAVE = {"id": 2, "type": "TinyNumber", "widgets_values": [7], "title": "Seven"}
PLACE = {"name": "m.safetensors", "directory": "vae", "url": "https://example.org/m"}
STRANGE = {
    "id": 3,
    "type": "Stranger",
    "widgets_values": [1, 2],
    "properties": {"models": [PLACE]},
}
UI: Mapping[str, Any] = {"nodes": [SAVE, STRANGE], "links": [], "version": 0.4}
PROMPT = {"2": {"class_type": "TinyNumber", "inputs": {"value": 7}}}


def test_import_and_export(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One worker start, for the first command; the others use the catalog that it leaves."""
    out = tmp_path / "ours.json"
    assert main(["import", home.write("ui.json", UI), "-o", str(out), *home.places]) == 0
    told = capsys.readouterr()
    assert told.out == f"{out}: 2 nodes, 0 wires.\n"
    assert '"Stranger"' in told.err
    assert "models/vae/" in told.err
    assert "https://example.org/m" in told.err

    assert main(["export", str(out), *home.places]) == 0
    back = json.loads(capsys.readouterr().out)
    assert [node["widgets_values"] for node in back["nodes"]] == [[7], [1, 2]]
    assert back["nodes"][0]["title"] == "Seven"

    assert main(["export", str(out), "--format", "comfy-api", *home.places]) == 0
    assert json.loads(capsys.readouterr().out)["2"]["inputs"] == {"value": 7}

    picture = tmp_path / "a.png"
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", json.dumps(PROMPT))
    Image.new("RGB", (4, 4)).save(picture, pnginfo=info)
    assert main(["import", str(picture), "--json", *home.places]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["workflow"]["nodes"]["2"]["values"] == {"value": 7}
    assert found["problems"] == []

    Image.new("RGB", (4, 4)).save(picture)
    assert main(["import", str(picture), *home.places]) == 2
    assert "carries no workflow" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "This is not JSON"),
        ("[1]", "A prompt is a JSON object of nodes"),
        ('{"format": "wirebrush/9", "nodes": {}}', "saved by a newer Wirebrush"),
    ],
)
@pytest.mark.parametrize("command", ["import", "export"])
def test_what_holds_no_graph_is_refused(
    home: Home, command: str, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home.data.mkdir()
    Catalog().save(home.data / "catalog.json")
    assert main([command, home.write("bad.json", text), *home.places]) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "nowhere.json", *home.places]) == 2
    assert "nowhere.json cannot be read" in capsys.readouterr().err


def test_export_as_a_script(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.data.mkdir()
    Catalog().save(home.data / "catalog.json")
    out = tmp_path / "script.py"
    graph = home.write("p.json", PROMPT)
    assert main(["export", graph, "--format", "python", "-o", str(out), *home.places]) == 0
    said = "1 nodes through Wirebrush: nothing in it saves a picture."
    assert capsys.readouterr().out == f"{out}: {said}\n"
    compile(out.read_text(), "script.py", "exec")
