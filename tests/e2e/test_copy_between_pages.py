"""Copy, cut and paste through the real clipboard, between two pages, in a real Chromium."""

from __future__ import annotations

import re

from browser_studio import Studio
from dropping import postcard
from graph_building import box_of
from playwright.sync_api import Page, expect


def opened_beside(studio: Studio) -> Studio:
    """Another page of the same browser, with an empty document."""
    page = studio.page.context.new_page()
    page.goto(studio.page.url)
    there = Studio(page)
    there.open_postcard()
    page.get_by_role("button", name="New").first.click()
    expect(there.node("KSampler")).to_have_count(0)
    there.still()
    return there


def point_at(page: Page, x: int, y: int) -> None:
    page.mouse.move(x, y)
    page.mouse.move(x + 2, y + 2)


def test_nodes_a_subgraph_and_their_wires_go_to_another_page_and_back(
    studio: Studio, page: Page
) -> None:
    studio.set_number("KSampler", "steps", "17")
    studio.node("VAE Decode").locator("header").click()
    page.keyboard.press("Control+Shift+G")
    studio.node("KSampler").locator("header").click(modifiers=["Control"])
    page.keyboard.press("Control+c")
    studio.kept()  # else the other page would send it too

    there = opened_beside(studio)
    there.page.bring_to_front()
    point_at(there.page, 600, 300)
    there.page.keyboard.press("Control+v")
    expect(there.node("Subgraph")).to_have_count(1)
    expect(there.field("KSampler", "steps")).to_have_value("17")
    expect(there.page.locator(".react-flow__edge")).to_have_count(1)
    box = box_of(there.node("KSampler"))
    assert abs(box["x"] - 600) < 40, "it lands at the pointer"

    there.page.keyboard.press("Control+x")
    expect(there.page.locator(".react-flow__node")).to_have_count(0)
    there.page.keyboard.press("Control+z")
    expect(there.page.locator(".react-flow__node")).to_have_count(2)
    there.page.keyboard.press("Control+z")
    expect(there.page.locator(".react-flow__node")).to_have_count(0)
    expect(there.page.get_by_role("button", name=re.compile("^Undo"))).to_be_disabled()

    page.bring_to_front()
    point_at(page, 700, 850)
    page.keyboard.press("Control+v")
    expect(studio.node("Subgraph")).to_have_count(2)
    page.keyboard.press("Escape")
    studio.node("Subgraph").nth(1).locator("header").click()
    expect(page.get_by_role("region", name=re.compile("^The subgraph"))).to_contain_text(
        "2 instances"
    )


def test_wires_that_come_in_are_kept_where_that_is_asked(studio: Studio, page: Page) -> None:
    wires = page.locator(".react-flow__edge")
    before = len(postcard()["wires"])
    expect(wires).to_have_count(before)
    studio.node("VAE Decode").locator("header").click()
    page.keyboard.press("Control+c")
    point_at(page, 700, 850)
    page.keyboard.press("Control+v")
    expect(wires).to_have_count(before)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+V")
    expect(studio.node("VAE Decode")).to_have_count(2)
    expect(wires).to_have_count(before + 2)
    page.keyboard.press("Control+Shift+D")
    expect(wires).to_have_count(before + 4)


def test_undo_in_a_text_field_is_the_fields_own(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "31")
    text = studio.field("What to avoid", "text")
    text.click()
    page.keyboard.type("fog")
    for _ in range(6):
        page.keyboard.press("Control+z")
    expect(text).to_have_value("")
    expect(studio.field("KSampler", "steps")).to_have_value("31")
    page.keyboard.press("Control+a")
    page.keyboard.type("rain")
    page.keyboard.press("Control+c")
    expect(studio.node("What to avoid")).to_have_count(1)
    page.locator(".react-flow__pane").click(position={"x": 400, "y": 60})
    page.keyboard.press("Control+z")
    expect(text).to_have_value("")
    page.keyboard.press("Control+z")
    expect(studio.field("KSampler", "steps")).to_have_value("20")
