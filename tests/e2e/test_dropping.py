"""Files that come into the page and go out of it, good ones and others, in a real Chromium."""

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
    expect(page.get_by_text("“broken.json” cannot be opened:").last).to_be_visible()
    expect(studio.tabs).to_have_count(tabs + 1)
    drop_files(page, {"list.json": "[1, 2]"})
    expect(page.get_by_text("“list.json” cannot be opened:").last).to_be_visible()
    expect(studio.tabs).to_have_count(tabs + 1)


def test_a_document_is_exported_and_imported_again(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "17")
    with page.expect_download() as download:
        page.keyboard.press("Control+Shift+E")
    assert download.value.suggested_filename == f"{studio.name}.json"
    file = download.value.path()
    assert json.loads(file.read_text(encoding="utf-8"))["format"].startswith("wirebrush/")
    studio.open_template("Postcard")
    expect(studio.field("KSampler", "steps")).to_have_value("20")
    with page.expect_file_chooser() as chooser:
        studio.command("File", "Import")
    chooser.value.set_files(file)
    expect(studio.field("KSampler", "steps")).to_have_value("17")
