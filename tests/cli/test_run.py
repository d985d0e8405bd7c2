"""`wirebrush run` as a person or a script calls it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, PngImagePlugin

if TYPE_CHECKING:
    from conftest import Home

Graph = Callable[[int], dict[str, Any]]
KEYS = {"status", "outputs", "executed", "cached", "seconds", "error"}


def test_a_prompt_runs_and_leaves_its_picture(home: Home, tiny_graph: Graph) -> None:
    file = home.write("p.json", tiny_graph(7))
    out = home.root / "out"
    first = home.run("run", file, "--out", str(out), "--json")
    assert first.returncode == 0, first.stderr
    result = json.loads(first.stdout)
    assert set(result) == KEYS
    assert (result["status"], result["error"], result["executed"]) == ("succeeded", None, 2)
    (output,) = result["outputs"]
    assert (output["node"], output["width"], output["height"]) == ("2", 1, 1)
    assert Path(output["path"]).read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in out.iterdir()] == [Path(output["path"]).name]

    again = home.run("run", file, "--out", str(out), "--set", "TinyNumber.value=8")
    assert again.returncode == 0, again.stderr
    assert Path(again.stdout.strip()).is_file()
    assert len(list(out.iterdir())) == 2, "another picture never replaces one"
    assert "nodes run" in again.stderr


def test_names_of_pictures_are_filled_in(home: Home) -> None:
    node = {
        "class_type": "Tiny",
        "inputs": {"value": 3, "name": "%TinyNumber.value%/%width%_%date:yyyy%"},
    }
    number = {"class_type": "TinyNumber", "inputs": {"value": 5}}
    file = home.write("p.json", {"1": number, "2": node})
    ran = home.run("run", file, "--out", str(home.root / "out"))
    assert ran.returncode == 0, ran.stderr
    path = Path(ran.stdout.strip())
    assert path.parent.name == "5"
    assert re.match(r"1_20\d\d_", path.name)


def test_a_workflow_on_stdin_runs_and_is_changed_by_title(home: Home) -> None:
    workflow = {
        "format": "wirebrush/1",
        "id": "x",
        "name": "w",
        "nodes": {
            "1": {"type": "TinyNumber", "at": [0, 0], "title": "The v1.0 number"},
            "2": {"type": "Tiny", "at": [9, 0]},
        },
        "wires": [{"from": ["1", "INT"], "to": ["2", "value"]}],
    }
    ran = home.run(
        *("run", "-", "--json", "--out", str(home.root / "o")),
        *("--set", "The v1.0 number.value=200"),
        stdin=json.dumps(workflow),
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(json.loads(ran.stdout)["outputs"]) == 1


COMFY: dict[str, Any] = {
    "nodes": [
        {
            "id": 1,
            "type": "TinyNumber",
            "widgets_values": [9],
            "outputs": [{"name": "INT", "type": "INT"}],
        },
        {"id": 2, "type": "Tiny", "inputs": [{"name": "value", "type": "INT", "link": 4}]},
    ],
    "links": [[4, 1, 0, 2, 0, "INT"]],
    "extra": {"seen": float("nan")},
}


def test_a_file_of_comfyui_is_imported_on_the_way(home: Home, tiny_graph: Graph) -> None:
    picture = home.root / "old.png"
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", json.dumps(tiny_graph(9)))
    info.add_text("workflow", json.dumps(COMFY))
    Image.new("RGB", (4, 4)).save(picture, pnginfo=info)
    for file in (home.write("ui.json", COMFY), str(picture)):
        ran = home.run("run", file, "--set", "TinyNumber.value=3", "--out", str(home.root / "o"))
        assert ran.returncode == 0, ran.stderr
        said = f"{file}: a workflow of ComfyUI, 2 nodes and 1 wires imported"
        assert ran.stderr.splitlines()[0] == said
        assert Path(ran.stdout.strip()).is_file()


def test_what_a_file_of_comfyui_lacks_is_said_before_it_is_refused(home: Home) -> None:
    stranger = {"id": 7, "type": "Stranger", "widgets_values": [1]}
    file = home.write("ui.json", COMFY | {"nodes": [*COMFY["nodes"], stranger]})
    ran = home.run("run", file)
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[0].endswith("3 nodes and 1 wires imported; missing: 1 node type")
    assert '"Stranger"' in ran.stderr


def test_a_node_that_fails_is_exit_code_one(home: Home, tiny_graph: Graph) -> None:
    graph = tiny_graph(1)
    graph["1"] = {"class_type": "TinyBroken", "inputs": {"value": 1}}
    ran = home.run("run", home.write("p.json", graph), "--json")
    assert ran.returncode == 1
    result = json.loads(ran.stdout)
    assert result["status"] == "failed"
    assert "this node is broken" in result["error"]
    assert "Traceback" not in ran.stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not json", "JSON"),
        ("{}", "no nodes"),
        ('{"nodes": [], "links": []}', "no nodes"),
        ('{"nodes": [], "links": 3, "a": 1, "a": 2}', "twice"),
        ("[1]", "list"),
    ],
)
def test_a_file_that_is_no_graph_is_exit_code_two(home: Home, content: str, words: str) -> None:
    for flags in ([], ["--json"]):
        ran = home.run("run", home.write("x.json", content), *flags)
        assert ran.returncode == 2
        assert words in ran.stdout + ran.stderr
        if flags:
            assert json.loads(ran.stdout)["status"] == "invalid"


def test_a_missing_file_and_a_strange_option_are_sentences(home: Home) -> None:
    ran = home.run("run", "nothing.json")
    assert ran.returncode == 2
    assert "nothing.json cannot be read" in ran.stderr
    ran = home.run("run", "nothing.json", "--set", "seed")
    assert ran.returncode == 2
    assert "NODE.INPUT=VALUE" in ran.stderr


def test_problems_of_a_graph_are_told_with_their_places(home: Home, tiny_graph: Graph) -> None:
    graph = tiny_graph(1)
    graph["1"]["inputs"]["value"] = "three"
    ran = home.run("run", home.write("p.json", graph))
    assert ran.returncode == 2
    assert "node 1, input value" in ran.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_cancels_before_the_work_begins(home: Home, tiny_graph: Graph) -> None:
    graph = tiny_graph(1) | {"1": {"class_type": "TinySlow", "inputs": {"value": 1}}}
    command = home.command("run", home.write("p.json", graph), "--json")
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not any(home.data.glob("logs/run-*.log")):  # the worker is just being started
        assert running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    out, told = running.communicate(timeout=300)
    assert running.returncode == 1
    assert json.loads(out)["status"] == "cancelled"
    assert "Traceback" not in told


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_cancels(home: Home) -> None:
    graph = {
        "1": {"class_type": "TinySlow", "inputs": {"value": 1}},
        "2": {"class_type": "Tiny", "inputs": {"value": ["1", 0]}},
    }
    command = home.command("run", home.write("slow.json", graph), "--json")
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not any("slow node runs" in log.read_text() for log in home.data.glob("logs/run-*.log")):
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=300)
    assert running.returncode == 1
    assert json.loads(out)["status"] == "cancelled"
