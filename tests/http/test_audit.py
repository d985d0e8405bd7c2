"""The audit log: who changed what, and who was turned away."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from http_studio import WORKFLOW, Studio


def noted(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    lines: list[dict[str, Any]] = [
        json.loads(record.getMessage())
        for record in caplog.records
        if record.name == "wirebrush.audit"
    ]
    return [(line["action"], line["result"]) for line in lines]


async def test_changes_and_refusals_are_noted_and_looking_is_not(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "wirebrush.audit"):
        await studio.ask("GET", "/v1/workflows?secret=1")
        await studio.ask("PUT", "/v1/workflows/cat", json=WORKFLOW)
        await studio.ask("DELETE", "/v1/workflows/dog")
        await studio.ask_bare("GET", "/v1/workflows?secret=1")
    assert noted(caplog) == [
        ("PUT /v1/workflows/cat", "200"),
        ("DELETE /v1/workflows/dog", "404"),
        ("GET /v1/workflows", "401"),
    ]


async def test_what_the_page_does_at_every_keystroke_is_not(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    draft = {"name": "x", "file": None, "base": None, "workflow": WORKFLOW}
    with caplog.at_level(logging.INFO, "wirebrush.audit"):
        first = {"If-None-Match": "*"}
        await studio.ask("PUT", "/v1/drafts/d", json=draft, headers=first)
        for path in ("validate", "plan"):
            await studio.ask("POST", f"/v1/{path}", json={"workflow": WORKFLOW})
        await studio.ask_bare("PUT", "/v1/drafts/d", json=draft, headers=first)
    assert noted(caplog) == [("PUT /v1/drafts/d", "401")]
