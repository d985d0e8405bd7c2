"""Files let go of over the page, good ones and others, in a real Chromium."""

from __future__ import annotations

import json

from browser_studio import Studio
from dropping import drop_files
from playwright.sync_api import Page, expect


def test_several_files_are_opened_and_a_broken_one_is_named(studio: Studio, page: Page) -> None:
    tabs = studio.tabs.count()
    workflow = {"format": "wirebrush/1", "id": "w", "name": "From a file", "nodes": {}, "wires": []}
    studio.forgiven.append("400 (Bad Request)")  # the server looks at what is not ours, and refuses
    drop_files(page, {"first.json": json.dumps(workflow), "broken.json": "{"})
    expect(studio.tabs).to_have_count(tabs + 1)
    expect(page.get_by_text("“broken.json” cannot be opened:").last).to_be_visible()
    drop_files(page, {"list.json": "[1, 2]"})
    expect(page.get_by_text("“list.json” cannot be opened:").last).to_be_visible()
    expect(studio.tabs).to_have_count(tabs + 1)
