"""Fingers on a tablet: pan, pinch, tap and long press, on nodes and on the painted graph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from browser_studio import FRAME, SLOW, STILL, new_window
from dropping import drop_workflow, postcard
from graph_building import box_of, middle
from large_page import VIEW
from playwright.sync_api import Browser, CDPSession, Locator, Page, expect

Point = tuple[float, float]

REACH = """(thing, axis) => {
  const { x, y, width, height } = thing.getBoundingClientRect();
  const middle = [x + width / 2, y + height / 2];
  const gets = by => {
    const at = axis === "x" ? [middle[0] + by, middle[1]] : [middle[0], middle[1] + by];
    return thing.contains(document.elementFromPoint(...at));
  };
  let [before, after] = [0, 0];
  while (before < 40 && gets(-before - 0.5)) before += 0.5;
  while (after < 40 && gets(after + 0.5)) after += 0.5;
  return before + after;
}"""


@dataclass(frozen=True)
class Fingers:
    """Touches of the screen, as the browser gets them from a device."""

    page: Page
    device: CDPSession

    def put(self, *places: Point) -> None:
        self._send("touchStart", places)

    def move(self, *places: Point) -> None:
        self._send("touchMove", places)

    def lift(self) -> None:
        self._send("touchEnd", ())

    def slide(self, *ways: tuple[Point, Point], steps: int = 8) -> None:
        """Each finger from one place to another, all at once."""
        self.put(*(start for start, _ in ways))
        for step in range(2, steps + 1):  # at first far enough, or it were a long press
            part = step / steps
            self.move(
                *((a + (c - a) * part, b + (d - b) * part) for (a, b), (c, d) in ways),
            )
            self.page.evaluate(FRAME)
        self.lift()
        self.page.evaluate(STILL)

    def press(self, place: Point, menu: str) -> None:
        """Hold a finger down until a menu comes."""
        self.put(place)
        expect(self.page.get_by_role("menu", name=re.compile(menu))).to_be_visible()
        self.lift()

    def _send(self, kind: str, places: tuple[Point, ...]) -> None:
        points = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(places)]
        self.device.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.fixture
def fingers(address: str, browser: Browser) -> Iterator[Fingers]:
    page = new_window(browser, 820, 1180, has_touch=True)
    page.goto(address)
    expect(page.get_by_text("connected").first).to_be_attached()
    drop_workflow(page, postcard())
    expect(page.locator(".react-flow__node", has_text="KSampler")).to_be_visible(timeout=SLOW)
    page.evaluate(STILL)
    yield Fingers(page, page.context.new_cdp_session(page))
    page.context.close()


def test_one_finger_pans_and_two_zoom(fingers: Fingers) -> None:
    page = fingers.page
    zoom, x, y = page.evaluate(VIEW)
    fingers.slide(((400, 1000), (460, 940)))
    after = page.evaluate(VIEW)
    assert after[0] == pytest.approx(zoom)
    assert after[1:] == pytest.approx([x + 60, y - 60], abs=12)

    fingers.slide(((380, 900), (300, 900)), ((420, 900), (500, 900)))
    assert page.evaluate(VIEW)[0] > 2 * zoom


def test_a_long_press_opens_the_menu_of_what_is_there(fingers: Fingers) -> None:
    page = fingers.page
    header = page.locator(".react-flow__node header", has_text="KSampler")
    fingers.press(middle(header), "Node")
    menu = page.get_by_role("menu", name="Node")
    expect(menu).to_be_visible()
    expect(menu.get_by_role("menuitem", name="Delete")).to_be_in_viewport(ratio=1)
    assert menu.evaluate("it => it.scrollHeight <= it.clientHeight"), "it is cut"
    page.keyboard.press("Escape")
    fingers.press((400, 1050), "Canvas")
    expect(page.get_by_role("menu", name="Canvas")).to_be_visible()


def test_the_painted_graph_is_touched_like_nodes(fingers: Fingers) -> None:
    page = fingers.page
    box = box_of(page.locator(".react-flow__node", has_text="KSampler").first)
    top = (box["x"] + box["width"] / 2, box["y"] + 10)
    for _ in range(4):
        if page.evaluate(VIEW)[0] < 0.38:
            break
        fingers.slide(
            ((top[0] - 160, top[1]), (top[0] - 60, top[1])),
            ((top[0] + 160, top[1]), (top[0] + 60, top[1])),
        )
    expect(page.locator("canvas[data-overview]")).to_be_visible()

    before = page.evaluate(VIEW)
    fingers.slide((top, (top[0] + 50, top[1] + 40)))
    after = page.evaluate(VIEW)
    assert after[1] == pytest.approx(before[1] + 50, abs=12)  # a finger pans over nodes too
    fingers.slide(((top[0] + 50, top[1] + 40), top))

    fingers.press(top, "Node")
    expect(page.get_by_role("menu", name=re.compile("Node"))).to_be_visible()


def test_side_panels_are_put_away_with_escape(fingers: Fingers) -> None:
    page = fingers.page
    page.get_by_role("button", name="Library", exact=True).click()
    search = page.locator("#library-search")
    search.fill("latent")
    search.press("Escape")
    expect(search).to_have_value("")
    expect(search).to_be_visible()
    search.press("Escape")
    expect(search).to_be_hidden()
    button = page.get_by_role("button", name="Activity", exact=True)
    button.click()
    queue = page.get_by_role("region", name="Queue")
    expect(queue).to_be_visible()
    page.keyboard.press("Escape")
    expect(queue).to_be_hidden()
    expect(button).to_be_focused()


def test_what_is_tapped_on_a_node_is_large_enough_at_any_zoom(fingers: Fingers) -> None:
    page = fingers.page
    page.evaluate(STILL)
    zoom = page.evaluate(VIEW)[0]
    assert zoom < 0.8
    sampler = page.locator(".react-flow__node", has_text="KSampler").first
    die = sampler.get_by_role("button", name=re.compile("^seed"))
    chooser = sampler.get_by_role("combobox", name="sampler name")
    assert _reach(die, "x") >= 23
    row = 30 * zoom  # from one field to the next
    assert _reach(die, "y") >= min(23, row - 1)
    assert _reach(chooser, "y") >= min(23, row - 1)
    assert _reach(sampler.get_by_label("LATENT: LATENT"), "x") >= 23


def _reach(thing: Locator, axis: str) -> float:
    """How many pixels around its middle, along an axis, a tap gets to a thing."""
    return float(thing.evaluate(REACH, axis))
