"""A window as narrow as a telephone, or large text: everything in the top bar can be reached."""

from __future__ import annotations

import pytest
from browser_studio import SLOW, Studio
from graph_building import box_of
from playwright.sync_api import Page, expect

ENLARGE = """size => {
  const kept = JSON.parse(localStorage.getItem("wirebrush.settings") ?? "{}");
  localStorage.setItem("wirebrush.settings", JSON.stringify({ ...kept, textSize: size }));
}"""
"""What the settings do when somebody wants larger text: seen after a reload."""


@pytest.mark.parametrize(
    ("width", "size"),
    [(360, 1.0), (400, 1.0), (640, 1.0), (820, 1.5), (820, 1.8), (1040, 1.6), (1100, 1.8)],
)
def test_everything_in_the_bar_is_within_the_window(
    studio: Studio, page: Page, width: int, size: float
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    if size != 1.0:
        page.evaluate(ENLARGE, size)
        page.reload()
    # All is there that comes into it.
    expect(page.locator("[data-known=true]")).to_be_attached(timeout=SLOW)
    page.evaluate("document.fonts.ready")
    bar = page.locator("header").first
    run = bar.get_by_role("button", name="Run", exact=False).first
    batch = bar.get_by_role("textbox").first
    for control in (bar.get_by_role("button").first, run, batch, bar.get_by_role("button").last):
        box = box_of(control)
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= 84 * size, "it is in a third row"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
