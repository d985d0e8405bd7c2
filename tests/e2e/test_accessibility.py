"""Every panel, overlay and menu in both themes: axe finds nothing serious."""

from __future__ import annotations

import pytest
from accessibility import AXE, grave_faults
from browser_studio import Studio
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")

OVERLAYS = {
    "Control+k": "Find anything",
    "Control+Comma": "Settings",
    "Control+o": "Open a workflow",
    "Control+Shift+s": "Save as",
    "Shift+?": "Shortcuts",
    "Shift+G": "All pictures",
    "Control+Alt+g": "Sweep",
    "Tab": "Add a node",
}


@pytest.fixture(params=["dark", "light"])
def themed(request: pytest.FixtureRequest, studio: Studio) -> Studio:
    studio.command("Help", "Settings")
    dialog = studio.page.get_by_role("dialog", name="Settings")
    dialog.get_by_label("Theme").select_option(request.param)
    studio.page.keyboard.press("Escape")
    return studio


def _to_canvas(page: Page) -> None:
    page.locator("[data-canvas]").focus()


def test_the_page_its_nodes_and_its_menus(themed: Studio) -> None:
    page = themed.page
    themed.run()
    expect(themed.node("Save Image").locator("img").first).to_be_visible(timeout=60_000)
    themed.node("KSampler").locator("header").click()
    assert grave_faults(page) == []
    page.keyboard.press("Shift+F10")
    expect(page.get_by_role("menu", name="Node")).to_be_visible()
    assert grave_faults(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("menuitem", name="Edit").click()
    assert grave_faults(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator("aside img").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert grave_faults(page) == []


def test_everything_that_lies_over_the_page(themed: Studio) -> None:
    page = themed.page
    for keys, name in OVERLAYS.items():
        _to_canvas(page)
        page.keyboard.press(keys)
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        assert grave_faults(page) == [], name
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
