"""A LoRA is trained in the page: how far it is, how it goes, and what came of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from browser_studio import SLOW, WATCH, Studio
from dropping import drop_workflow
from playwright.sync_api import Page, expect

TEMPLATE = Path(__file__).parents[2] / "workflows" / "lora-training.json"
STEPS = 30
"""So many that a page with little time sees some of them."""
NEEDED = {"1", "2", "3", "4", "5", "6"}
"""The nodes up to the training and the picture of its loss; nothing is kept or painted."""


def test_a_short_training_says_how_far_it_is_and_shows_its_loss(studio: Studio, page: Page) -> None:
    drop_workflow(page, _short_training())
    train = studio.node("Train").last
    expect(train).to_be_visible()
    state = train.locator("header span")
    state.evaluate(WATCH)
    page.keyboard.press("Control+Enter")
    expect(studio.node("How it went").locator("img")).to_be_visible(timeout=SLOW)
    steps = [re.fullmatch(rf"(\d+) / {STEPS}", words) for words in studio.seen()]
    assert max(int(step[1]) for step in steps if step) >= 2
    expect(state).to_have_text(re.compile(r"^[\d.]+ m?s$"))
    assert studio.colours(studio.node("How it went").locator("img")) > 3
    train.locator("header").click()
    said = page.get_by_text(re.compile(rf"{STEPS} steps: the loss went from [\d.]+ to [\d.]+\."))
    expect(said.first).to_be_visible()


def _short_training() -> dict[str, Any]:
    workflow = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    nodes = {name: node for name, node in workflow["nodes"].items() if name in NEEDED}
    nodes["5"]["values"] |= {"steps": STEPS, "batch_size": 1, "rank": 2, "sample_every": 0}
    wires = [wire for wire in workflow["wires"] if {wire["from"][0], wire["to"][0]} <= NEEDED]
    return {**workflow, "nodes": nodes, "wires": wires, "frames": [], "notes": []}
