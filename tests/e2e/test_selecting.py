"""Selecting: by a box, by a lasso, by kind and along the wires, in a real Chromium."""

from __future__ import annotations

import re

from browser_studio import Studio
from graph_building import Place, box_of, drag, middle, on_wire, place
from playwright.sync_api import Page, expect

SELECTED = ".react-flow__node.selected"


def _chosen(page: Page, *titles: str) -> None:
    """Wait until these are selected and nothing else is."""
    selected = page.locator(SELECTED)
    expect(selected).to_have_count(len(titles))
    for title in titles:
        expect(selected.filter(has=page.locator("header h2", has_text=title))).to_have_count(1)


def _corners(studio: Studio, title: str) -> tuple[Place, Place]:
    """Just outside of a node: above it to the left, below it to the right."""
    box = box_of(studio.node(title))
    left, top = box["x"] - 8, box["y"] - 8
    return (left, top), (left + box["width"] + 16, top + box["height"] + 16)


def test_the_left_button_draws_a_box_where_that_is_wanted(studio: Studio, page: Page) -> None:
    before = place(studio, "KSampler")
    drag(page, (700, 850), (740, 820))
    after = place(studio, "KSampler")
    assert (round(after[0] - before[0]), round(after[1] - before[1])) == (40, -30), "the view moves"
    expect(page.locator(SELECTED)).to_have_count(0)

    page.get_by_role("button", name="Drag selects").click()
    (left, top), _ = _corners(studio, "What to paint")
    _, (right, bottom) = _corners(studio, "What to avoid")
    drag(page, (left, top), (right - 30, bottom))
    _chosen(page, "What to paint", "What to avoid")
    assert place(studio, "KSampler") == after, "the view stays"
    page.keyboard.down("Shift")
    drag(page, *_corners(studio, "Picture size"))
    page.keyboard.up("Shift")
    _chosen(page, "What to paint", "What to avoid", "Picture size")
    drag(page, (700, 850), (780, 870))
    expect(page.locator(SELECTED)).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Drag selects")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_a_click_on_one_of_several_selects_it_alone_a_drag_moves_them_all(
    studio: Studio, page: Page
) -> None:
    page.locator(".react-flow").first.focus()
    page.keyboard.press("Control+a")
    selected = page.locator(SELECTED)
    count = page.locator(".react-flow__node").count()
    expect(selected).to_have_count(count)
    x, y = middle(studio.node("What to avoid").locator("header h2"))
    before = place(studio, "KSampler")
    drag(page, (x, y), (x + 40, y + 40))
    expect(selected).to_have_count(count)
    assert place(studio, "KSampler") != before, "all of them move"
    page.mouse.click(*middle(studio.field("KSampler", "steps")))
    expect(selected).to_have_count(count)  # a field of one of them was wanted
    page.mouse.click(x + 40, y + 40)
    _chosen(page, "What to avoid")


def test_a_lasso_takes_what_it_surrounds_and_is_put_away(studio: Studio, page: Page) -> None:
    page.keyboard.press("l")
    lasso = page.get_by_role("button", name=re.compile("lasso"))
    expect(lasso).to_have_attribute("aria-pressed", "true")
    (left, top), (right, bottom) = _corners(studio, "KSampler")
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in ((right, top), (right, bottom), (left, bottom)):
        page.mouse.move(*corner, steps=5)
    page.mouse.up()
    _chosen(page, "KSampler")
    expect(lasso).to_have_attribute("aria-pressed", "false")

    lasso.click()
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(right, bottom, steps=5)
    page.keyboard.press("Escape")
    expect(lasso).to_have_attribute("aria-pressed", "false")
    page.mouse.up()
    _chosen(page, "KSampler")


def test_nodes_of_a_type_and_those_before_and_after(studio: Studio, page: Page) -> None:
    studio.node("What to paint").locator("header").click()
    page.keyboard.press("Shift+t")
    _chosen(page, "What to paint", "What to avoid")
    page.keyboard.press("Shift+d")
    _chosen(page, "What to paint", "What to avoid", "KSampler", "VAE Decode", "Save Image")
    page.keyboard.press("Control+i")
    _chosen(page, "Load Checkpoint", "Picture size")
    studio.node("KSampler").locator("header").click()
    page.keyboard.press("Shift+u")
    _chosen(page, "KSampler", "What to paint", "What to avoid", "Picture size", "Load Checkpoint")
    page.keyboard.press("Control+a")
    expect(page.locator(SELECTED)).to_have_count(7)
    page.keyboard.press("Escape")
    expect(page.locator(SELECTED)).to_have_count(0)


def test_a_wire_is_selected_deleted_and_brought_back(studio: Studio, page: Page) -> None:
    wire = studio.wire("VAE Decode IMAGE", "Save Image images")
    page.mouse.click(*on_wire(studio, "VAE Decode IMAGE", "Save Image images"))
    expect(page.locator(".react-flow__edge.selected")).to_have_count(1)
    page.keyboard.press("Delete")
    expect(wire).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(wire).to_have_count(1)
