"""What is scrolled into view stays there, and a field that gets the keyboard can be seen."""

from __future__ import annotations

import pytest
from browser_studio import FRAME, Studio
from playwright.sync_api import Locator, Page, expect

SCROLLED = """() => [...document.querySelectorAll("main, main *")]
  .filter(item => item.querySelector(".react-flow__viewport"))
  .map(item => [item.scrollLeft, item.scrollTop]).flat()"""

UNCOVERED = """field => {
  const { left, right, top, bottom } = field.getBoundingClientRect();
  const node = field.closest(".react-flow__node");
  return [left + 2, right - 2].every(x => [top + 2, bottom - 2].every(
    y => node.contains(document.elementFromPoint(x, y))));
}"""
"""Whether nothing lies over a field, and nothing clips it."""


def _zoom(page: Page) -> str:
    style = page.locator(".react-flow__viewport").get_attribute("style") or ""
    return style.rpartition("scale")[2]


def _put(studio: Studio, node: Locator, x: float, y: float) -> None:
    """Move the view so that the upper left of a node is at a place of the canvas."""
    studio.still()
    page = studio.page
    at, canvas = node.bounding_box(), page.locator(".react-flow__pane").bounding_box()
    assert at is not None
    assert canvas is not None
    free = canvas["x"] + canvas["width"] - 60, canvas["y"] + 90
    page.mouse.move(*free)
    page.mouse.down(button="middle")
    by = canvas["x"] + x - at["x"], canvas["y"] + y - at["y"]
    page.mouse.move(free[0] + by[0] / 2, free[1] + by[1] / 2)
    page.mouse.move(free[0] + by[0], free[1] + by[1])
    page.mouse.up(button="middle")
    studio.still()
    moved = node.bounding_box()
    assert moved is not None
    assert abs(moved["x"] - canvas["x"] - x) < 3, "the view did not move there"


@pytest.mark.parametrize(
    ("x", "y"), [(-150, 300), (1040, 200), (300, -230), (300, 800), (-30, 560), (400, 200)]
)
def test_tab_leads_to_fields_that_can_be_seen(
    studio: Studio, page: Page, x: float, y: float
) -> None:
    node = studio.node("KSampler")
    _put(studio, node, x, y)
    zoom, stays = _zoom(page), (x, y) == (400, 200)
    before = node.bounding_box()
    page.evaluate("document.activeElement.blur()")
    first = node.get_by_role("textbox").first
    first.evaluate("field => field.focus({ preventScroll: true })")
    seen: list[str] = []
    for _ in range(5):
        page.evaluate(FRAME)
        focused = node.locator(":focus")
        name = focused.get_attribute("aria-label") or ""
        assert focused.evaluate(UNCOVERED), f"{name} cannot be seen"
        seen.append(name)
        page.keyboard.press("Tab")
    assert len(set(seen)) == 5, seen
    assert _zoom(page) == zoom
    assert set(page.evaluate(SCROLLED)) == {0}
    if stays:
        assert node.bounding_box() == before, "nothing moves that need not"


def test_what_a_tool_scrolls_into_view_stays_there(studio: Studio, page: Page) -> None:
    node = studio.node("KSampler")
    _put(studio, node, 300, 760)
    steps = studio.field("KSampler", "steps")
    zoom = _zoom(page)
    steps.evaluate("field => field.scrollIntoView()")
    studio.still()
    assert steps.evaluate(UNCOVERED)
    assert set(page.evaluate(SCROLLED)) == {0}
    assert _zoom(page) == zoom


def test_a_press_moves_nothing(studio: Studio, page: Page) -> None:
    """A field that is half outside is below the pointer: it stays there."""
    node = studio.node("KSampler")
    steps = studio.field("KSampler", "steps")
    _put(studio, node, -60, 300)
    before = node.bounding_box()
    at = steps.bounding_box()
    assert at is not None
    page.mouse.click(at["x"] + at["width"] - 4, at["y"] + at["height"] / 2)
    expect(steps).to_be_focused()
    studio.still()
    assert node.bounding_box() == before
