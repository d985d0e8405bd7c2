"""Every command by its name or its keys, which can be changed; settings that are found by words."""

from __future__ import annotations

import re

from browser_studio import Studio
from playwright.sync_api import Locator, Page, expect


def _find(page: Page, words: str) -> Locator:
    """Ask the palette."""
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find anything").fill(words)
    return page.get_by_role("dialog", name="Find anything").get_by_role("option")


def test_the_palette_finds_commands_nodes_and_types(studio: Studio, page: Page) -> None:
    studio.node("KSampler").locator("header").click()
    expect(_find(page, "bypass").first).to_contain_text("Ctrl B")
    page.keyboard.press("Enter")
    expect(studio.state("KSampler")).to_have_text("bypassed")
    page.keyboard.press("Control+z")

    _find(page, "Go to Save Image").first.click()
    expect(studio.node("Save Image")).to_have_class(re.compile("selected"))
    expect(_find(page, "invert image").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(studio.node("Invert Image")).to_have_count(1)
    expect(_find(page, "no such thing")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_keys_are_changed_clashes_are_told_and_all_goes_back(studio: Studio, page: Page) -> None:
    page.keyboard.press("Shift+?")
    panel = page.get_by_role("dialog", name="Shortcuts")
    panel.get_by_role("searchbox").fill("collapse")
    key = panel.get_by_role("button", name=re.compile("^Collapse"))
    key.click()
    page.keyboard.press("Control+b")
    expect(panel.get_by_role("alert")).to_contain_text("Bypass")
    key.click()
    page.keyboard.press("Alt+q")
    expect(key).to_contain_text("Alt Q")
    expect(panel.get_by_role("alert")).to_have_count(0)
    page.keyboard.press("Escape")

    page.reload()
    studio.node("KSampler").locator("header").click()
    page.keyboard.press("Alt+c")
    expect(studio.field("KSampler", "steps")).to_have_count(1)
    page.keyboard.press("Alt+q")
    expect(studio.field("KSampler", "steps")).to_have_count(0)
    page.keyboard.press("Shift+?")
    panel.get_by_role("button", name="All back to the usual").click()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    studio.node("KSampler").locator("header").click()
    page.keyboard.press("Alt+c")
    expect(studio.field("KSampler", "steps")).to_have_count(1)


def test_settings_are_found_by_words_and_kept(studio: Studio, page: Page) -> None:
    studio.command("Help", "Settings")
    panel = page.get_by_role("dialog", name="Settings")
    panel.get_by_role("searchbox").fill("contr")
    expect(panel.get_by_label("Theme")).to_have_count(0)
    panel.get_by_label("Contrast").select_option("high")
    panel.get_by_role("searchbox").fill("no such setting")
    expect(panel).to_contain_text("No setting has to do with “no such setting”.")
    panel.get_by_role("searchbox").fill("")
    panel.get_by_label("Theme").select_option("light")
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "light")
    page.reload()
    expect(root).to_have_attribute("data-theme", "light")
    expect(root).to_have_attribute("data-contrast", "high")
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")

    studio.command("Help", "Settings")
    panel.get_by_role("button", name="Back to the usual").click()
    expect(root).to_have_attribute("data-contrast", "normal")
    panel.get_by_label("Theme").select_option("system")
    page.emulate_media(color_scheme="light")
    expect(root).to_have_attribute("data-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-theme", "dark")
