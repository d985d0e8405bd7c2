"""`wirebrush export` of files that are not whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wirebrush.cli.main import main

if TYPE_CHECKING:
    from conftest import Home


def _subgraph(ident: str, inside: str) -> dict[str, Any]:
    """A definition that holds two nodes of a type."""
    return {
        "id": ident,
        "name": ident,
        "nodes": [{"id": 1, "type": inside}, {"id": 2, "type": inside}],
        "links": [],
        "inputs": [],
        "outputs": [],
    }


def _workflow(*subgraphs: dict[str, Any]) -> dict[str, Any]:
    nodes = [{"id": 1, "type": subgraphs[0]["id"]}]
    return {
        "version": 0.4,
        "nodes": nodes,
        "links": [],
        "definitions": {"subgraphs": list(subgraphs)},
    }


LEVELS = [_subgraph(f"level-{n}", f"level-{n + 1}") for n in range(24)]


WRONG = (
    (_workflow(_subgraph("a", "a")), 'The subgraph "a" contains itself'),
    (_workflow(*LEVELS, _subgraph("level-24", "TinyNumber")), "at most 20,000 are run"),
)


def test_what_is_wrong_is_said(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One worker start, for the first command; the others use the catalog that it leaves."""
    node = {"id": 1, "type": "TinyNumber", "widgets_values": [7]}
    graph = home.write("graph.json", {"version": 0.4, "nodes": [node, node], "links": []})
    assert main(["export", graph, "-o", str(tmp_path / "out.json"), *home.places]) == 0
    assert 'Two nodes have the id "1"; the first is kept.' in capsys.readouterr().err

    for wanted in ("comfy-api", "python"):
        for data, sentence in WRONG:
            graph = home.write("graph.json", data)
            assert main(["export", graph, "--format", wanted, *home.places]) == 2
            told = capsys.readouterr()
            assert told.out == ""
            assert f"cannot be exported as {wanted}." in told.err
            assert sentence in told.err
