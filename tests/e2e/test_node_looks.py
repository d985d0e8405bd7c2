"""A node's size, colour and name, folded or open, left out or passed by, in a real Chromium."""

from __future__ import annotations

import re

from browser_studio import SLOW, Studio
from dropping import postcard
from graph_building import box_of, drag, middle, place
from playwright.sync_api import Locator, Page, expect

EDGES = """input => {
  for (let box = input; box; box = box.parentElement) {
    const { clipPath, boxShadow } = getComputedStyle(box, "::before");
    if (clipPath !== "none") return [boxShadow, getComputedStyle(box).boxShadow];
  }
}"""
"""The edge of how full a field is, and that of the field."""


def _size(node: Locator) -> tuple[float, float]:
    box = box_of(node)
    return box["width"], box["height"]


def test_a_node_is_pulled_larger_and_smaller_in_one_step_each(studio: Studio, page: Page) -> None:
    node = studio.node("What to paint")
    node.locator("header").click()
    before, corner = _size(node), place(studio, "What to paint")
    grip = node.locator(".react-flow__resize-control")
    x, y = middle(grip)
    drag(page, (x, y), (x + 90, y + 60))
    larger = _size(node)
    assert abs(larger[0] - before[0] - 90) < 24
    assert abs(larger[1] - before[1] - 60) < 24
    assert place(studio, "What to paint") == corner
    text = _size(studio.field("What to paint", "text"))
    assert text[0] > 0.8 * larger[0], "the field grows with it"

    x, y = middle(grip)
    drag(page, (x, y), (x - 600, y - 600))
    smallest = _size(node)
    assert smallest[0] < before[0]
    assert smallest[1] < before[1]
    page.keyboard.press("Control+z")
    assert _size(node) == larger
    page.keyboard.press("Control+z")
    assert _size(node) == before
    expect(page.get_by_role("button", name=re.compile("^Undo"))).to_be_disabled()


def test_a_node_is_folded_keeps_its_wires_and_unfolds(studio: Studio, page: Page) -> None:
    node = studio.node("KSampler")
    wires = len(postcard()["wires"])
    expect(page.locator(".react-flow__edge")).to_have_count(wires)
    before = _size(node)
    node.locator("header").click()
    page.keyboard.press("Alt+c")
    expect(studio.field("KSampler", "steps")).to_have_count(0)
    assert _size(node)[1] < before[1] / 3
    expect(page.locator(".react-flow__edge")).to_have_count(wires)
    expect(studio.wire("KSampler LATENT", "VAE Decode samples")).to_have_count(1)
    studio.kept()
    page.reload()
    expect(node).to_be_visible()
    expect(studio.field("KSampler", "steps")).to_have_count(0)
    node.locator("header").click()
    page.keyboard.press("Alt+c")
    expect(studio.field("KSampler", "steps")).to_have_value("20")


def test_a_node_gets_a_colour_and_a_name(studio: Studio, page: Page) -> None:
    node = studio.node("VAE Decode")
    node.locator("header").click()
    page.keyboard.press("Shift+c")
    page.get_by_role("menuitem", name="Teal").click()
    page.keyboard.press("F2")
    page.keyboard.type("Develop")
    page.keyboard.press("Enter")
    named = studio.node("Develop")
    expect(named).to_be_visible()
    strip = named.locator("header").locator("xpath=preceding-sibling::div")
    expect(strip).to_have_count(1)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(named).to_have_count(0)
    expect(node.locator("header").locator("xpath=preceding-sibling::div")).to_have_count(0)


def test_nodes_are_left_out_and_passed_by(studio: Studio, page: Page) -> None:
    page.mouse.dblclick(700, 850)
    page.get_by_role("combobox", name="Add a node").fill("invert image")
    page.keyboard.press("Enter")
    invert = studio.node("Invert Image")
    ports = (("VAE Decode", "IMAGE: IMAGE"), ("Invert Image", "image: IMAGE"))
    start, end = (studio.node(title).get_by_label(port).first for title, port in ports)
    studio.draw_wire(start, end)
    page.mouse.up()
    studio.draw_wire(
        invert.get_by_label("IMAGE: IMAGE", exact=True),
        studio.node("Save Image").get_by_label("images: IMAGE"),
    )
    page.mouse.up()
    expect(studio.wire("Invert Image IMAGE", "Save Image images")).to_have_count(1)
    invert.locator("header").click()
    page.keyboard.press("Control+b")
    expect(studio.state("Invert Image")).to_have_text("bypassed")
    studio.set_number("KSampler", "steps", "1")
    studio.run()
    expect(studio.node("Save Image").locator("img")).to_be_visible(timeout=SLOW)

    studio.node("Save Image").locator("header").click()
    page.keyboard.press("Control+m")
    expect(studio.state("Save Image")).to_have_text("muted")
    expect(page.get_by_text("Nothing to run")).to_be_visible()
    page.keyboard.press("Control+m")
    expect(studio.state("Save Image")).not_to_have_text("muted")


def test_a_nodes_toolbar_stays_inside_the_canvas(studio: Studio, page: Page) -> None:
    node = studio.node("What to paint")
    canvas, box = box_of(page.locator(".react-flow")), box_of(node)
    # Pan until little of the node is left at the canvas's left edge.
    x, y = canvas["x"] + canvas["width"] - 80, canvas["y"] + canvas["height"] - 120
    page.mouse.move(x, y)
    page.mouse.down(button="middle")
    page.mouse.move(x - (box["x"] + box["width"] - canvas["x"] - 60), y, steps=5)
    page.mouse.up(button="middle")
    page.mouse.move(canvas["x"] + 30, box["y"] + box["height"] / 2)
    bar = node.get_by_role("toolbar")
    expect(bar).to_be_visible()
    shown, moved = box_of(bar), box_of(node)
    assert moved["x"] < canvas["x"]
    assert moved["x"] + moved["width"] < shown["x"] + shown["width"]
    assert shown["x"] >= canvas["x"]


def test_how_full_a_field_is_does_not_cover_its_edge(studio: Studio, page: Page) -> None:
    denoise = studio.field("KSampler", "denoise")
    denoise.focus()
    denoise.fill("7")
    expect(denoise).to_have_attribute("aria-invalid", "true")
    inner, outer = denoise.evaluate(EDGES)
    assert "inset" in outer
    assert inner == outer
