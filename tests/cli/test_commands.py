"""validate, nodes, pack, doctor, and what all commands share."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wirebrush.cli.main import COMMANDS, main
from wirebrush.cli.scaffold import BadName, make_pack

if TYPE_CHECKING:
    from conftest import Home

Graph = Callable[[int], dict[str, Any]]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "usage: wirebrush" in said
    summary = COMMANDS[command]
    assert f"{summary[0].upper()}{summary[1:]}." in said


def test_an_unknown_command_names_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["paint"])
    assert ended.value.code == 2
    assert "serve" in capsys.readouterr().err


def test_a_mistake_in_an_option_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "x.json", "--packs", "/nothing/here"]) == 2
    assert "Create it" in capsys.readouterr().err


def test_validate_and_nodes_and_packs(
    home: Home, tiny_graph: Graph, capsys: pytest.CaptureFixture[str]
) -> None:
    """One worker start, for the first command; the others use the catalog that it leaves."""
    good, bad = home.write("good.json", tiny_graph(1)), tiny_graph(1)
    assert main(["validate", good, *home.places]) == 0
    assert "can run" in capsys.readouterr().out

    bad["2"]["inputs"]["value"] = ["9", 0]
    assert main(["validate", home.write("bad.json", bad), *home.places]) == 2
    told = capsys.readouterr().err
    assert "bad.json, node 2, input value" in told

    assert main(["validate", home.write("bad.json", bad), "--json", *home.places]) == 2
    result = json.loads(capsys.readouterr().out)
    assert not result["valid"]
    assert result["problems"][0]["code"] == "dangling_link"

    assert main(["nodes", "Tiny", *home.places]) == 0
    told = capsys.readouterr().out
    assert "Save a picture of one pixel." in told
    assert "Its grey." in told
    assert main(["nodes", "tinyn", *home.places]) == 0
    assert "TinyNumber" in capsys.readouterr().out
    assert main(["nodes", "TinyNmber", *home.places]) == 1
    assert "Did you mean TinyNumber" in capsys.readouterr().err
    assert main(["nodes", "--json", *home.places]) == 0
    assert len(json.loads(capsys.readouterr().out)["nodes"]) >= 4

    assert main(["pack", "list", *home.places]) == 0
    assert ["tiny", "Wirebrush", "on"] in [row[:3] for row in words(capsys.readouterr().out)]


def test_a_new_pack_passes_its_own_test(tmp_path: Path) -> None:
    folder = make_pack("my-nodes", tmp_path)
    assert folder.name == "my_nodes"
    for command in (["-m", "pytest", "-q", "-p", "no:cacheprovider"], ["-m", "ruff", "check"]):
        ran = subprocess.run(
            [sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=300
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_new_pack_is_loaded_as_it_is(home: Home) -> None:
    ran = home.run("pack", "new", "fresh_nodes", "--in", str(home.root / "packs"))
    assert ran.returncode == 0, ran.stderr
    assert "mv " not in ran.stdout, "it is in its place already"
    ran = home.run("nodes", "FreshNodesTint", "--fresh")
    assert ran.returncode == 0, ran.stderr
    assert "Make the colours" in ran.stdout
    assert "pack fresh_nodes" in ran.stdout


@pytest.mark.parametrize("name", ["", "1a", "a", "../x", "class", "torch", "a b", "x" * 60])
def test_a_pack_needs_a_name_that_python_takes(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadName):
        make_pack(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_pack_never_overwrites(tmp_path: Path) -> None:
    make_pack("mine", tmp_path)
    with pytest.raises(BadName, match="exists already"):
        make_pack("mine", tmp_path)


def words(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines()]


def test_the_doctor_looks_at_everything(home: Home) -> None:
    (home.root / "packs" / "sick.py").write_text("import no_such_module")
    paths = home.root / "paths.yaml"
    paths.write_text("a:\n  loras: packs\n  vae: gone\n")
    options = ("--models", str(home.root / "none"), "--extra-model-paths", str(paths))
    ran = home.run("doctor", "--port", "0", "--json", *options)
    assert ran.returncode == 1
    findings = {item["what"]: item for item in json.loads(ran.stdout)["findings"]}
    for what in ("Python", "torch", "Devices", "Data folder", "Disk", "Port", "Worker"):
        assert findings[what]["ok"], findings[what]
    assert findings["More loras"]["ok"]
    assert "extra_model_paths.yaml" in findings["More vae"]["mend"]
    assert not findings["Pack sick"]["ok"]
    assert "no_such_module" in findings["Pack sick"]["state"]


def test_a_pack_that_ends_the_process_stops_no_command(home: Home, tiny_graph: Graph) -> None:
    (home.root / "packs" / "boom.py").write_text("import os; os._exit(7)")
    listed = home.run("pack", "list")
    assert listed.returncode == 1, "as for every pack that fails"
    assert ["tiny", "Wirebrush", "on"] in [row[:3] for row in words(listed.stdout)]
    assert ["boom", "Wirebrush", "off", "by", "itself", "-"] in words(listed.stdout)
    assert "boom: Importing it ended the worker process (exit code 7). It is left" in listed.stdout

    ran = home.run("run", home.write("p.json", tiny_graph(7)), "--out", str(home.root / "out"))
    assert ran.returncode == 0, ran.stderr
    assert Path(ran.stdout.strip()).is_file()
