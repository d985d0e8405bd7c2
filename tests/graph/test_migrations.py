from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from wirebrush.events import Problem
from wirebrush.graph.migrations import LATEST, MIGRATIONS, migrate
from wirebrush.graph.workflow_format import load_workflow


def test_every_earlier_version_has_its_step() -> None:
    assert sorted(MIGRATIONS) == list(range(1, LATEST))


def rename(data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "title": data["name"]}


def number(data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "number": 3}


def test_steps_are_taken_in_order_and_keep_what_they_do_not_know() -> None:
    data = {"format": "wirebrush/1", "name": "x", "more": 1}
    lifted = migrate(data, {1: rename, 2: number}, latest=3)
    assert lifted == {
        "format": "wirebrush/3",
        "name": "x",
        "title": "x",
        "more": 1,
        "number": 3,
    }
    assert data == {"format": "wirebrush/1", "name": "x", "more": 1}
    assert migrate({"format": "wirebrush/3"}, {}, latest=3) == {"format": "wirebrush/3"}


@pytest.mark.parametrize("written", ["wirebrush/2", "wirebrush/999", 999])
def test_a_newer_version_is_refused_clearly(written: object) -> None:
    found = load_workflow({"format": written, "nodes": {"shape": "unknown"}})
    assert isinstance(found, list)
    assert found[0].code == "newer_format"
    assert "newer Wirebrush" in found[0].message
    assert found[0].hint == "Update Wirebrush to open it."


@pytest.mark.parametrize(
    "name",
    ["wirebrush/0", "wirebrush/", "wirebrush/1.5", "other/1", "", "wirebrush/" + "9" * 99, 1, 2.5],
)
def test_other_formats_are_not_known(name: object) -> None:
    found = migrate({"format": name})
    assert isinstance(found, Problem)
    assert found.code == "wrong_format"
