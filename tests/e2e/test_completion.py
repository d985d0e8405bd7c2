"""Names of embeddings are completed while a prompt is written, in a real Chromium."""

from __future__ import annotations

from browser_studio import Studio
from playwright.sync_api import Page, expect


def test_an_embedding_is_completed_by_key_and_by_mouse(studio: Studio, page: Page) -> None:
    text = studio.field("What to avoid", "text")
    text.press_sequentially("a house, embedding:")
    names = page.get_by_role("listbox", name="Embeddings")
    for name in ("blurry", "misty"):
        expect(names.get_by_role("option", name=name)).to_be_visible()
    page.keyboard.type("y")
    expect(names.get_by_role("option")).to_have_text(["blurry", "misty"])
    page.keyboard.press("ArrowDown")
    expect(names.get_by_role("option", selected=True)).to_have_text("misty")
    page.keyboard.press("Enter")
    expect(text).to_have_value("a house, embedding:misty")
    expect(names).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(text).to_have_value("a house, embedding:y")

    text.fill("")
    text.press_sequentially("embedding:bl")
    names.get_by_role("option", name="blurry").click()
    expect(text).to_have_value("embedding:blurry")
    expect(text).to_be_focused()
    page.keyboard.type(", embedding:nothing like it")
    expect(names).to_have_count(0)
    text.fill("embedding:")
    expect(names).to_be_visible()
    page.keyboard.press("Escape")
    expect(names).to_have_count(0)
