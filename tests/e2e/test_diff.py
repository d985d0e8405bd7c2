"""What differs between two versions of a document, drawn and in words, in a real Chromium."""

from __future__ import annotations

import re

from browser_studio import Studio
from playwright.sync_api import Page, expect


def test_a_version_shows_what_changed_since(studio: Studio, page: Page) -> None:
    studio.save()
    studio.set_number("KSampler", "steps", "31")
    studio.node("Save Image").locator("header").click()
    page.keyboard.press("Delete")
    studio.save()
    expect(page.get_by_role("tab", selected=True)).to_have_accessible_name(studio.name)

    studio.command("File", "Versions…")
    dialog = page.get_by_role("dialog", name=re.compile("^Versions of"))
    dialog.get_by_role("listitem").first.get_by_role("button").click()
    rows = dialog.get_by_role("list", name="Differences").get_by_role("button")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text(re.compile(r"changed\s*KSampler\s*steps\s*20\s*31"))
    expect(rows.filter(has_text="removed")).to_have_count(2)
    drawing = dialog.get_by_role("img", name="Both states in one drawing")
    whole = drawing.get_attribute("viewBox")
    rows.first.click()
    expect(drawing).not_to_have_attribute("viewBox", whole or "")
    dialog.get_by_role("button", name="Show all").click()
    expect(drawing).to_have_attribute("viewBox", whole or "")
