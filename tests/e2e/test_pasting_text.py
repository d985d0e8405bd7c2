"""What other programs put on the clipboard: a workflow opens, anything else is said to be none."""

from __future__ import annotations

import json

import pytest
from browser_studio import Studio
from dropping import postcard
from playwright.sync_api import Page, expect

PROMPT = {"3": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64}}}
COMFY = {
    "version": 0.4,
    "nodes": [{"id": 1, "type": "EmptyLatentImage", "pos": [0, 0], "size": [210, 106]}],
    "links": [],
}
PASTE = """text => {
  const transfer = new DataTransfer();
  transfer.setData("text/plain", text);
  document.body.dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
}"""


@pytest.mark.parametrize("data", [PROMPT, COMFY], ids=["prompt", "comfy"])
def test_a_workflow_opens_in_a_tab(studio: Studio, page: Page, data: dict[str, object]) -> None:
    before = studio.tabs.count()
    page.evaluate(PASTE, json.dumps(data))
    expect(studio.tabs).to_have_count(before + 1)
    expect(page.locator(".react-flow__node").first).to_be_visible()


def test_other_text_is_said_to_be_nothing_to_paste(studio: Studio, page: Page) -> None:
    before = studio.tabs.count()
    page.evaluate(PASTE, "just some words")
    expect(page.get_by_role("main").get_by_text("There is nothing to paste")).to_be_visible()
    page.evaluate(PASTE, json.dumps({"format": 999, "nodes": {}}))
    studio.forgiven.append("(Bad Request)")
    studio.forgiven.append("(Unprocessable Entity)")
    studio.forgiven.append("(Unprocessable Content)")
    notice = page.get_by_role("main").get_by_text("saved by a newer Wirebrush")
    expect(notice).to_be_visible()
    assert studio.tabs.count() == before
    page.evaluate(PASTE, json.dumps(PROMPT))
    expect(studio.tabs).to_have_count(before + 1)
    expect(notice).to_have_count(0)  # what the last paste had to say is over


def test_a_workflow_of_ours_opens_in_a_tab_or_joins_the_canvas_where_that_is_asked(
    studio: Studio, page: Page
) -> None:
    tabs, nodes = studio.tabs.count(), page.locator(".react-flow__node")
    expect(nodes).to_have_count(7)
    text = json.dumps({**postcard(), "name": "From a friend"})
    page.locator("[data-canvas]").focus()
    page.keyboard.down("Shift")
    page.evaluate(PASTE, text)
    page.keyboard.up("Shift")
    expect(nodes).not_to_have_count(7)
    assert studio.tabs.count() == tabs

    page.evaluate(PASTE, text)
    expect(page.get_by_role("main").get_by_text("in a tab of its own")).to_be_visible()
    expect(studio.tabs).to_have_count(tabs + 1)
    expect(nodes).to_have_count(7)
    expect(page.get_by_role("tab", selected=True)).to_have_text("From a friend")
