"""The library: favourites, packs, what was used last, and what is dragged out of it."""

from __future__ import annotations

import re

from browser_studio import Studio
from graph_building import box_of, drop
from large_page import VIEW
from playwright.sync_api import Locator, Page, expect

TYPE_AND_ENTER = """(search, words) => {
  const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
  set.call(search, words);
  search.dispatchEvent(new InputEvent("input", { bubbles: true }));
  search.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
}"""
"""As fast as keys can be: before anything that was found for the words can be shown."""


def _tree(page: Page) -> Locator:
    return page.get_by_role("tree", name="Library")


def _row(page: Page, title: str) -> Locator:
    """The first row of a type; a favourite has one above its shelf too."""
    return _tree(page).get_by_role("treeitem", name=title).first


def test_favourites_stay_on_top_after_a_reload(studio: Studio, page: Page) -> None:
    page.locator("#library-search").fill("invert image")
    row = _row(page, "Invert Image")
    row.hover()
    row.get_by_role("button", name="Invert Image is a favourite").click()
    page.locator("#library-search").fill("")
    shelf = _tree(page).get_by_role("treeitem", name="Favourites")
    expect(shelf).to_be_visible()
    expect(_row(page, "Invert Image")).to_be_visible()
    page.reload()
    expect(_row(page, "Invert Image")).to_be_visible()
    _tree(page).focus()
    page.keyboard.press("ArrowDown")
    expect(_row(page, "Invert Image")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("*")
    expect(shelf).to_have_count(0)
    assert studio.forgiven == []


def test_one_pack_is_shown_where_there_are_several(studio: Studio, page: Page) -> None:
    library = page.get_by_role("navigation", name="Library")
    shelves = _tree(page).get_by_role("treeitem")
    expect(shelves).not_to_have_count(0)
    before = shelves.count()
    library.get_by_label("Pack").select_option("trouble")
    expect(shelves).to_have_count(1)
    expect(shelves).to_have_text(re.compile("trouble"))
    page.locator("#library-search").fill("ksampler")
    expect(library).to_contain_text("ksampler")
    expect(shelves).to_have_count(0)
    page.locator("#library-search").fill("")
    library.get_by_label("Pack").select_option(label="All packs")
    expect(shelves).to_have_count(before)
    assert studio.forgiven == []


def test_what_was_used_last_is_offered_first(studio: Studio, page: Page) -> None:
    search = page.locator("#library-search")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("invert image")
    expect(_tree(page).get_by_role("treeitem").first).to_contain_text("Invert Image")
    page.keyboard.press("Enter")
    expect(studio.node("Invert Image")).to_have_count(1)
    search.fill("")
    rows = _tree(page).get_by_role("treeitem")
    expect(rows.nth(0)).to_contain_text("Used last")
    expect(rows.nth(1)).to_contain_text("Invert Image")
    rows.nth(1).click()
    expect(studio.node("Invert Image")).to_have_count(2)


def test_who_types_and_enters_at_once_gets_what_was_typed(studio: Studio, page: Page) -> None:
    search = page.locator("#library-search")
    search.fill("ksampler")
    expect(_tree(page).get_by_role("treeitem").first).to_contain_text("KSampler")
    search.evaluate(TYPE_AND_ENTER, "invert image")
    expect(studio.node("Invert Image")).to_have_count(1)
    expect(studio.node("KSampler")).to_have_count(1)


def test_a_drop_near_the_edge_leaves_the_view_alone(studio: Studio, page: Page) -> None:
    page.locator("#library-search").fill("ksampler")
    box = box_of(page.locator(".react-flow__pane"))
    view = page.evaluate(VIEW)
    corner = (box["x"] + box["width"] - 12, box["y"] + box["height"] - 12)
    drop(page, _row(page, "KSampler").locator("[draggable]"), corner)
    added = page.locator(".react-flow__node.selected")
    expect(added).to_have_count(1)
    expect(page.get_by_role("button", name=re.compile("^Undo"))).to_be_enabled()
    place = box_of(added)
    assert abs(place["x"] - corner[0]) < 24
    assert abs(place["y"] - corner[1]) < 24
    for _ in range(3):
        page.keyboard.press("ArrowLeft")  # what is nudged there stays where it is, too
    studio.still()
    assert page.evaluate(VIEW) == view
    assert studio.forgiven == []
