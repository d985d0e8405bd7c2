"""Context menus, keys that reach every part, the tour, text size, fingers, languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser_studio import PATIENCE, Studio, new_window
from graph_building import box_of, middle
from playwright.sync_api import Browser, Locator, Page, expect


def _focused(page: Page) -> Locator:
    return page.locator(":focus")


def test_a_right_click_asks_for_what_can_be_done_there(studio: Studio) -> None:
    page = studio.page
    node = studio.node("What to avoid")
    node.locator("header").click(button="right")
    menu = page.get_by_role("menu", name="Node")
    expect(menu.get_by_role("menuitemcheckbox", name="Mute")).to_contain_text("Ctrl M")
    menu.get_by_role("menuitem", name="Rename").click()
    expect(_focused(page)).to_have_value("What to avoid")
    page.keyboard.type("Negative")
    page.keyboard.press("Enter")
    expect(studio.node("Negative")).to_be_visible()

    page.locator("[data-canvas]").click(button="right", position={"x": 300, "y": 20})
    page.get_by_role("menu", name="Canvas").get_by_role("menuitem", name="Add a note").click()
    expect(page.get_by_role("textbox", name="Text of the note")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator(".react-flow__node-note").click(button="right")
    expect(page.get_by_role("menu", name="Note")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)


def test_the_menu_key_asks_for_the_selection_and_gives_the_focus_back(studio: Studio) -> None:
    page = studio.page
    studio.node("KSampler").locator("header").click()
    page.keyboard.press("Shift+F10")
    expect(page.get_by_role("menu", name="Node")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name=re.compile("Run selected|Sweep"))).to_have_count(2)
    page.keyboard.press("Escape")
    expect(_focused(page)).to_have_attribute("aria-label", re.compile("KSampler"))


def test_keys_go_round_the_parts_of_the_page(studio: Studio) -> None:
    page = studio.page
    page.get_by_role("tab", selected=True).focus()
    page.keyboard.press("F6")
    expect(_focused(page)).to_have_id("library-search")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("tree")).to_be_focused()
    page.keyboard.press("F6")
    expect(_focused(page)).to_have_attribute("data-canvas", "")
    page.keyboard.press("F6")
    expect(page.locator("aside :focus, aside:focus")).to_have_count(1)
    page.keyboard.press("F6")
    expect(_focused(page)).to_have_role("tab")
    page.keyboard.press("Shift+F6")
    page.keyboard.press("Shift+F6")
    expect(_focused(page)).to_have_attribute("data-canvas", "")


def test_words_grow_and_nothing_leaves_the_window(studio: Studio) -> None:
    page = studio.page
    studio.command("Help", "Settings")
    dialog = page.get_by_role("dialog", name="Settings")
    dialog.get_by_label("Text size").fill("1.8")
    dialog.get_by_label("Density").select_option("roomy")
    for part in (dialog, page.locator("header").first, page.locator("aside").first):
        box = box_of(part)
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 1601
        assert box["y"] + box["height"] <= 1001
    page.keyboard.press("Escape")
    assert box_of(page.locator("nav input").first)["height"] > 45


def test_the_tour_has_five_stops_and_comes_once(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address)
    stop = page.get_by_role("dialog")
    expect(stop).to_contain_text("1 of 5")
    for place in range(1, 5):
        expect(stop).to_contain_text(f"{place} of 5")
        expect(stop.get_by_role("button", name="Next")).to_be_focused()
        page.keyboard.press("Enter")
    stop.get_by_role("button", name="Start").click()
    expect(stop).to_have_count(0)
    page.reload()
    expect(page.locator("footer", has_text="connected")).to_be_visible()
    expect(stop).to_have_count(0)

    studio = Studio(page)
    studio.command("Help", "Show the tour")
    for place in range(1, 6):
        expect(stop).to_contain_text(f"{place} of 5")
        expect(stop.get_by_role("button", name="Start" if place == 5 else "Next")).to_be_focused()
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Menu", exact=True)).to_be_focused()

    studio.command("Help", "Show the tour")
    expect(stop).to_contain_text("1 of 5")
    page.get_by_role("button", name="Undo").focus()  # it is in nobody's way
    page.keyboard.press("Escape")
    expect(stop).to_have_count(0)
    context.close()


@pytest.fixture
def tablet(browser: Browser, address: str) -> Iterator[Page]:
    page = new_window(browser, 820, 1180, has_touch=True)
    page.goto(address)
    Studio(page).open_template("Postcard")
    yield page
    page.context.close()


SMALL = """() => [...document.querySelectorAll("header button, [role=menuitem], aside button")]
  .filter(e => e.checkVisibility({ visibilityProperty: true }) && !e.closest('[role=presentation]'))
  .map(e => [e.getBoundingClientRect(), e.ariaLabel ?? e.innerText])
  .filter(([box]) => box.width > 0 && Math.min(box.width, box.height) < 37.5)
  .map(([box, name]) => `${name}: ${box.width} x ${box.height}`)"""
"""What is too small to be tapped. The close buttons of tabs are small; the menu closes tabs too."""


def test_a_finger_finds_panels_and_menus(tablet: Page) -> None:
    session = tablet.context.new_cdp_session(tablet)
    x, y = middle(Studio(tablet).node("KSampler").locator("header h2"))
    touch = {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]}
    session.send("Input.dispatchTouchEvent", touch)
    menu = tablet.get_by_role("menu", name="Node")
    expect(menu).to_be_visible()
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    middle(menu)  # once it has come to rest
    assert tablet.evaluate(SMALL) == []
    menu.get_by_role("menuitem", name="Rename").tap()
    expect(menu).to_have_count(0)

    library = tablet.get_by_role("navigation")
    expect(library).to_be_hidden()
    tablet.get_by_role("button", name="Library").tap()
    library.get_by_role("treeitem", name=re.compile("^Latent")).tap()
    expect(library.get_by_role("treeitem", name=re.compile("Empty"))).to_be_visible()
    tablet.get_by_role("button", name="Activity").tap()
    expect(library).to_be_hidden()
    expect(tablet.get_by_role("complementary")).to_be_visible()


WORDS = {
    "de": ("Ausführen", "Knoten suchen …", "Warteschlange"),
    "zh": ("运行", "查找节点…", "队列"),
    "ja": ("実行", "ノードを検索…", "キュー"),
}


def test_the_page_speaks_what_is_chosen(studio: Studio) -> None:
    page = studio.page
    studio.command("Help", "Settings")
    for language, (run, search, queue) in WORDS.items():
        page.get_by_role("dialog").locator("select").first.select_option(language)
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("header").get_by_text(run, exact=False).first).to_be_visible()
        expect(page.locator("#library-search")).to_have_attribute("placeholder", search)
        expect(page.locator("aside").first).to_contain_text(queue)
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
