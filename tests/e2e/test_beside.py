"""What is read or chosen beside the page leaves it usable: versions, settings, shortcuts."""

from __future__ import annotations

from browser_studio import Studio
from playwright.sync_api import Page, expect


def test_the_page_can_be_used_while_shortcuts_are_shown(studio: Studio, page: Page) -> None:
    page.keyboard.press("Shift+?")
    shortcuts = page.get_by_role("dialog", name="Shortcuts")
    expect(shortcuts.get_by_role("searchbox")).to_be_focused()
    expect(shortcuts.get_by_role("region", name="Arrange")).to_be_visible()
    page.keyboard.press("Control+a")  # in the dialog it is the field's
    expect(page.locator(".react-flow__node.selected")).to_have_count(0)

    page.locator("[data-canvas]").focus()
    page.keyboard.press("Control+a")
    expect(page.locator(".react-flow__node.selected")).to_have_count(7)
    expect(shortcuts).to_be_visible()
    page.keyboard.press("Escape")
    expect(shortcuts).to_have_count(0)
    expect(page.locator(".react-flow__node.selected")).to_have_count(7)


def test_versions_are_told_apart_and_follow_what_is_done_beside_them(
    studio: Studio, page: Page
) -> None:
    studio.save()
    for steps in ("21", "22"):
        page.wait_for_timeout(1_000)  # they are a second apart, as a person's are
        studio.set_number("KSampler", "steps", steps)
        studio.save()
    studio.command("File", "Versions…")
    versions = page.get_by_role("dialog", name="Versions of")
    rows = versions.locator("ul").first.get_by_role("listitem")
    expect(rows).to_have_count(2)
    assert len(set(rows.all_inner_texts())) == 2
    expect(rows.first).to_contain_text("steps 20 → 21")
    expect(rows.last).to_contain_text("7 nodes")  # what it changed nobody knows any more
    differences = versions.get_by_role("list", name="Differences")
    expect(differences).to_contain_text("22")

    page.locator("[data-canvas]").focus()
    page.keyboard.press("Control+z")
    expect(versions).to_contain_text("It is the same as now.")
    page.keyboard.press("Control+Shift+z")
    expect(differences).to_contain_text("22")
    page.locator("[data-canvas]").focus()
    page.keyboard.press("Control+s")
    expect(rows).to_have_count(2)
