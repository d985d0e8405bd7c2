"""The gallery and the lightbox over many pictures, in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_studio import Studio
from graph_building import box_of, middle
from picture_gallery import fill_elsewhere
from playwright.sync_api import Locator, Page, expect
from server_process import Server

COUNT = 330


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A studio whose gallery has more pictures than one page of its list."""
    data: Path = tmp_path_factory.mktemp("gallery")
    fill_elsewhere(data, COUNT)
    with Server(data) as server:
        yield server.link


def _gallery(page: Page) -> Locator:
    page.get_by_role("button", name="All pictures").click()
    gallery = page.get_by_role("dialog", name="All pictures")
    expect(gallery.locator("li[data-asset]").first).to_be_visible()
    return gallery


def test_all_pictures_are_looked_through_searched_and_narrowed(studio: Studio, page: Page) -> None:
    gallery = _gallery(page)
    tiles = gallery.locator("li[data-asset]")
    expect(gallery).to_contain_text(f"{COUNT} pictures")
    assert tiles.count() < 150, "only what is in sight is in the page"
    scroller = gallery.locator("[aria-busy]")
    last = gallery.locator(f"[data-index='{COUNT - 1}']")
    page.wait_for_function(
        """([scroller, last]) => {
          scroller.scrollTo(0, scroller.scrollHeight);
          return scroller.querySelector(`[data-index="${last}"]`) !== null;
        }""",
        arg=[scroller.element_handle(), COUNT - 1],
    )
    expect(last).to_be_visible()
    assert tiles.count() < 150

    search = gallery.get_by_role("searchbox")
    search.fill("boat")
    expect(tiles.first.get_by_role("button").first).to_have_attribute("title", "a boat at sea")
    search.fill("no such thing")
    expect(gallery.get_by_text("No picture is like that.")).to_be_visible()
    expect(gallery).to_contain_text(f"0 of {COUNT}")
    gallery.get_by_role("button", name="Show all").click()
    expect(search).to_have_value("")
    expect(gallery).to_contain_text(f"{COUNT} pictures")
    gallery.get_by_label("Model", exact=True).select_option(index=1)
    expect(tiles.first).to_be_visible()
    gallery.get_by_label("Model", exact=True).select_option(index=0)
    expect(gallery).to_contain_text(f"{COUNT} pictures")
    gallery.get_by_label("Day", exact=True).select_option(index=1)
    expect(gallery).to_contain_text(re.compile(rf"\d+\+? of {COUNT}"))
    expect(tiles.first).to_be_visible()
    assert studio.forgiven == []


def test_pictures_are_starred_deleted_and_brought_back(studio: Studio, page: Page) -> None:
    gallery = _gallery(page)
    tiles = gallery.locator("li[data-asset]")
    kept = tiles.nth(4).get_attribute("data-asset")
    tiles.nth(4).hover()
    tiles.nth(4).get_by_role("button", name="Star", exact=True).click()
    starred = gallery.get_by_role("button", name="Only starred")
    expect(starred).to_contain_text("1")  # the server knows it
    starred.click()
    expect(tiles).to_have_count(1)
    expect(tiles.first).to_have_attribute("data-asset", kept or "")
    starred.click()
    expect(tiles.nth(5)).to_be_visible()

    tiles.nth(0).get_by_role("button").first.focus()
    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ ")
    expect(gallery.get_by_role("toolbar", name="3 chosen")).to_be_visible()
    gone = tiles.nth(1).get_attribute("data-asset") or ""
    page.keyboard.press("Delete")
    undo = page.get_by_role("main").get_by_role("button", name="Undo", exact=True)
    undo.focus()  # as long as it has the keyboard, the notice stays
    expect(page.get_by_role("main").get_by_text("3 pictures are in the trash.")).to_be_visible()
    expect(gallery.locator(f"[data-asset='{gone}']")).to_have_count(0)
    expect(gallery).to_contain_text(f"{COUNT - 3} pictures")
    undo.click()
    expect(gallery.locator(f"[data-asset='{gone}']")).to_have_count(1)
    expect(gallery).to_contain_text(f"{COUNT} pictures")


def test_the_lightbox_zooms_reads_pixels_and_compares(studio: Studio, page: Page) -> None:
    gallery = _gallery(page)
    gallery.locator("[data-index='3'] button").first.click()
    lightbox = page.get_by_role("dialog", name="Picture", exact=True)
    picture = lightbox.locator("[data-pane] img")
    expect(lightbox).to_contain_text("a snowy forest")
    expect(lightbox).to_contain_text("32 × 24")
    expect(picture).to_have_js_property("naturalWidth", 32)  # before, it has no colours
    before = box_of(picture)
    page.mouse.move(before["x"] + 40, before["y"] + 40)
    expect(lightbox.locator("[data-probe]")).to_contain_text(
        re.compile(r"x \d+, y \d+.*#[0-9a-f]{6} · \d+ \d+ \d+")
    )
    where = lightbox.locator("[data-probe]").inner_text().split("#")[0]
    scale = lightbox.locator("footer span").last
    fitted = scale.inner_text()
    page.mouse.wheel(0, -400)
    expect(scale).not_to_have_text(fitted)
    page.mouse.move(before["x"] + 40.5, before["y"] + 40)
    after = box_of(picture)
    assert after["width"] > before["width"] * 1.5
    expect(lightbox.locator("[data-probe]")).to_contain_text(where.strip())
    page.keyboard.press("0")
    page.keyboard.press("ArrowRight")
    expect(lightbox).to_contain_text("a boat at sea")

    page.keyboard.press("c")
    slider = lightbox.get_by_role("slider")
    expect(picture).to_have_count(2)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuenow", "48")
    lightbox.get_by_role("button", name="Difference").click()
    expect(picture.nth(1)).to_have_css("mix-blend-mode", "difference")
    lightbox.get_by_role("button", name="Side by side").click()
    expect(lightbox.locator("[data-pane]")).to_have_count(2)
    lightbox.get_by_role("button", name="Open its workflow").click()
    expect(lightbox.get_by_text("does not say which workflow made it")).to_be_visible()
    page.keyboard.press("Escape")
    expect(lightbox).to_have_count(0)


def test_a_picture_is_dragged_onto_the_canvas_and_onto_a_node(studio: Studio, page: Page) -> None:
    strip = page.get_by_role("region", name="Gallery").locator("li[data-asset]")
    first, second = (strip.nth(index).get_attribute("data-asset") for index in range(2))
    nodes = page.locator(".react-flow__node")
    count = nodes.count()
    surface = page.locator("[data-document]")
    strip.nth(0).drag_to(surface, target_position={"x": 500, "y": 700})
    expect(nodes).to_have_count(count + 1)
    node = studio.node("Load Image")
    expect(node.locator("img").first).to_have_attribute("src", re.compile(first or "-"))
    strip.nth(1).drag_to(node)
    expect(nodes).to_have_count(count + 1)
    expect(node.locator("img").first).to_have_attribute("src", re.compile(second or "-"))

    gallery = _gallery(page)
    x, y = middle(gallery.locator("[data-index='2'] button").first)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y + 10, steps=2)
    expect(gallery).to_have_css("pointer-events", "none")  # it has made way
    page.mouse.move(500, 700, steps=3)
    page.mouse.up()
    expect(nodes).to_have_count(count + 2)
