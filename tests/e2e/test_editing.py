"""Building and changing a graph by mouse and keyboard, in a real Chromium."""

from __future__ import annotations

import re

from browser_studio import Studio
from playwright.sync_api import Page, expect


def test_nodes_are_added_wired_copied_and_all_of_it_undone(studio: Studio, page: Page) -> None:
    nodes, wires = page.locator(".react-flow__node"), page.locator(".react-flow__edge")
    before = (nodes.count(), wires.count())

    page.mouse.dblclick(700, 900)
    page.get_by_role("combobox", name="Add a node").fill("invert")
    page.keyboard.press("Enter")
    expect(nodes).to_have_count(before[0] + 1)

    decode, invert = studio.node("VAE Decode"), studio.node("Invert")
    studio.draw_wire(decode.get_by_label("IMAGE: IMAGE"), invert.get_by_label("image: IMAGE").first)
    page.mouse.up()
    expect(wires).to_have_count(before[1] + 1)

    invert.locator("header").click()
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    expect(nodes).to_have_count(before[0] + 2)
    page.keyboard.press("Delete")
    expect(nodes).to_have_count(before[0] + 1)

    for _ in range(5):
        page.keyboard.press("Control+z")
    expect(nodes).to_have_count(before[0])
    expect(wires).to_have_count(before[1])
    expect(page.get_by_role("button", name=re.compile("^Undo"))).to_be_disabled()


def test_a_wire_that_does_not_fit_is_refused_with_the_reason(studio: Studio, page: Page) -> None:
    wires = page.locator(".react-flow__edge")
    count = wires.count()
    picture = studio.node("VAE Decode").get_by_label("IMAGE: IMAGE")
    studio.draw_wire(picture, studio.node("KSampler").get_by_label("model: MODEL"))
    expect(page.get_by_text("IMAGE does not fit MODEL.")).to_be_visible()
    page.mouse.up()
    expect(wires).to_have_count(count)


def test_a_number_is_scrubbed_and_a_text_keeps_the_browsers_undo(
    studio: Studio, page: Page
) -> None:
    steps = studio.field("KSampler", "steps")
    box = steps.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 55, box["y"] + 5, steps=5)
    page.mouse.up()
    expect(steps).to_have_value("30")
    page.keyboard.press("Control+z")
    expect(steps).to_have_value("20")

    text = studio.field("What to avoid", "text")
    text.click()
    page.keyboard.type("trees")
    page.keyboard.press("Control+z")
    expect(text).not_to_have_value("trees")


def test_another_window_cannot_overwrite_silently(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "11")
    studio.saved()
    other = page.context.new_page()
    other.goto(page.url)
    there = Studio(other)
    there.set_number("KSampler", "steps", "12")
    there.saved()
    studio.set_number("KSampler", "steps", "13")
    studio.forgiven.append("412 (Precondition Failed)")
    expect(page.get_by_role("alert")).to_contain_text("changed in another window")
    page.get_by_role("button", name="Take theirs").click()
    expect(studio.field("KSampler", "steps")).to_have_value("12")
    other.close()
