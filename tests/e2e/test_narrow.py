"""A window as narrow as a telephone: everything in the top bar can be reached."""

from __future__ import annotations

import pytest
from browser_studio import Studio
from playwright.sync_api import Page


@pytest.mark.parametrize("width", [360, 400, 640])
def test_everything_in_the_bar_is_within_the_window(studio: Studio, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    bar = page.locator("header").first
    run = bar.get_by_role("button", name="Run", exact=False).first
    batch = bar.get_by_role("textbox").first
    for control in (bar.get_by_role("button").first, run, batch, bar.get_by_role("button").last):
        box = control.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= 84, "it is in a third row"
