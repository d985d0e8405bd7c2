"""What the page has to say over the canvas stands side by side: nothing covers another thing."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from browser_studio import TOUR_SEEN, Studio
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect
from server_process import Server

SIZES = ((820, 1180), (1280, 800), (1920, 1080))


def test_banner_conflict_problems_and_notice_never_cover_one_another(
    browser: Browser, tmp_path: Path
) -> None:
    with Server(tmp_path) as server:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_init_script(TOUR_SEEN)
        page = context.new_page()
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
            page.keyboard.press("Control+s")
            _apart(said(page))
        context.close()


def said(page: Page) -> list[Locator]:
    """What is told at this moment; the last is what Ctrl+S has to say without a server."""
    main = page.get_by_role("main")
    notice = main.get_by_text("The server cannot be reached.")
    expect(notice).to_be_visible()
    return [
        page.get_by_text("The connection is lost.").locator(".."),
        page.get_by_role("alertdialog"),
        page.get_by_role("region", name="Problems"),
        page.get_by_role("toolbar", name="Tools"),
        notice,
    ]


def _apart(things: list[Locator]) -> None:
    boxes: list[FloatRect] = []
    for thing in things:
        expect(thing).to_be_visible()
        box = thing.bounding_box()
        assert box is not None
        boxes.append(box)
    for a, b in combinations(boxes, 2):
        beside = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
        above = a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]
        assert beside or above, (a, b)
