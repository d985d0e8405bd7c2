"""Files let go of over the page, good ones and others, in a real Chromium."""

from __future__ import annotations

import json

from browser_studio import Studio
from playwright.sync_api import Page, expect

DROP = """files => {
  const transfer = new DataTransfer();
  for (const [name, text] of files)
    transfer.items.add(new File([text], name, { type: "application/json" }));
  document.querySelector("[data-document]").dispatchEvent(
    new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def test_several_files_are_opened_and_a_broken_one_is_named(studio: Studio, page: Page) -> None:
    tabs = studio.tabs.count()
    workflow = {"format": "wirebrush/1", "id": "w", "name": "From a file", "nodes": {}, "wires": []}
    page.evaluate(DROP, [["first.json", json.dumps(workflow)], ["broken.json", "{"]])
    expect(studio.tabs).to_have_count(tabs + 1)
    expect(page.get_by_text("“broken.json” cannot be opened:").last).to_be_visible()
    page.evaluate(DROP, [["list.json", "[1, 2]"]])
    expect(page.get_by_text("“list.json” cannot be opened:").last).to_be_visible()
    expect(studio.tabs).to_have_count(tabs + 1)
