"""What the page has to say over the canvas stands side by side: nothing covers another thing."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from browser_studio import Studio, new_window
from graph_building import box_of
from playwright.sync_api import Browser, FloatRect, Page, expect
from server_process import Server

BOXES = """things => {
  const told = [...document.querySelectorAll("main p")]
    .find(words => words.textContent.includes("The server cannot be reached."));
  return told && [told, ...things].map(thing => thing.getBoundingClientRect().toJSON());
}"""
"""Where a notice is, as soon as there is one, and all that stays: it goes by itself."""

SIZES = ((820, 1180), (1280, 800), (1920, 1080))


def test_banner_conflict_problems_and_notice_never_cover_one_another(
    browser: Browser, tmp_path: Path
) -> None:
    with Server(tmp_path) as server:
        page = new_window(browser, 1280, 800)
        page.goto(server.link)
        studio = Studio(page)
        studio.open_postcard()
        studio.set_number("KSampler", "steps", "21")
        studio.kept()
        studio.edit_elsewhere()
        studio.set_number("KSampler", "cfg", "5")
        expect(page.get_by_role("alertdialog")).to_be_visible()
        page.keyboard.press("Control+Shift+m")
        server.kill()
        expect(page.get_by_text("The connection is lost.")).to_be_visible()
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            _apart(_boxes(page))
        page.context.close()


def _boxes(page: Page) -> list[FloatRect]:
    """Where that is which is told, all at one moment."""
    stays = [
        page.get_by_text("The connection is lost.").locator(".."),
        page.get_by_role("alertdialog"),
        page.get_by_role("region", name="Problems"),
        page.get_by_role("toolbar", name="Tools"),
    ]
    for thing in stays:
        box_of(thing)
    things = [thing.element_handle() for thing in stays]
    page.keyboard.press("Control+s")
    boxes = list(page.wait_for_function(BOXES, arg=things).json_value())
    assert all(box["width"] and box["height"] for box in boxes), "it cannot be seen"
    return boxes


def _apart(boxes: list[FloatRect]) -> None:
    for a, b in combinations(boxes, 2):
        beside = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
        above = a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]
        assert beside or above, (a, b)
