"""Drags that are given up, ends of wires that lie below others, and what stays in sight."""

from __future__ import annotations

import pytest
from browser_studio import Studio
from graph_building import box_of, drag, middle, place
from playwright.sync_api import Page, expect

COVERED = """end => {
  const { x: left, y: top, width } = end.getBoundingClientRect();
  const [x, y] = [Math.ceil(left), Math.ceil(top)];  // what pointers say is in whole pixels
  const own = end.closest(".react-flow__edge");
  for (let down = 1; down < width; down++)
    for (let right = 1; right < width; right++) {
      if (Math.hypot(right - width / 2, down - width / 2) > width / 2 - 1) continue;
      const found = document.elementFromPoint(x + right, y + down);
      const isCourse = found?.matches(".react-flow__edge-interaction, .react-flow__edge-path");
      if (isCourse && !own.contains(found))
        return [x + right, y + down];
    }
  return null;
}"""
"""A point of a wire's end that lies below another wire."""


def test_escape_puts_a_dragged_node_back(studio: Studio, page: Page) -> None:
    before = place(studio, "KSampler")
    x, y = middle(studio.node("KSampler").locator("header h2"))
    drag(page, (x, y), (x + 90, y + 180), hold=True)
    assert place(studio, "KSampler") != before
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Undo").first).to_be_disabled()
    assert place(studio, "KSampler") == pytest.approx(before)
    page.mouse.move(x + 120, y + 220, steps=3)
    page.mouse.up()
    assert place(studio, "KSampler") == pytest.approx(before)
    expect(page.get_by_role("button", name="Undo").first).to_be_disabled()

    drag(page, (x, y), (x + 90, y + 180))
    after = place(studio, "KSampler")
    assert after[1] > before[1] + 100
    expect(page.get_by_role("button", name="Undo").first).to_be_enabled()


def test_escape_lets_go_of_a_wire_that_is_drawn(studio: Studio, page: Page) -> None:
    wires = page.locator(".react-flow__edge")
    count = wires.count()
    drawn = page.locator(".react-flow__connection")
    drag(
        page, middle(studio.node("VAE Decode").get_by_label("IMAGE: IMAGE")), (900, 900), hold=True
    )
    expect(drawn).to_have_count(1)
    page.keyboard.press("Escape")
    expect(drawn).to_have_count(0)
    page.mouse.move(920, 910, steps=3)
    page.mouse.up()
    menu = page.get_by_role("dialog", name="Add a node")
    expect(menu).to_have_count(0)

    end = studio.wire("KSampler LATENT", "VAE Decode samples")
    drag(page, middle(end.locator(".react-flow__edgeupdater-target")), (1000, 900), hold=True)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(wires).to_have_count(count)  # it is where it was
    expect(page.get_by_role("button", name="Undo").first).to_be_disabled()

    drag(page, middle(studio.node("VAE Decode").get_by_label("IMAGE: IMAGE")), (900, 900))
    expect(menu).to_be_visible()


def test_escape_gives_a_pulled_node_its_size_back(studio: Studio, page: Page) -> None:
    node = studio.node("KSampler")
    node.hover(position={"x": 60, "y": 20})
    before = box_of(node)
    x, y = middle(node.locator(".react-flow__resize-control"))
    drag(page, (x, y), (x + 90, y + 60), hold=True)
    expect(page.get_by_role("button", name="Undo").first).to_be_enabled()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Undo").first).to_be_disabled()
    page.mouse.move(x + 120, y + 90, steps=3)
    page.mouse.up()
    expect(page.get_by_role("button", name="Undo").first).to_be_disabled()
    assert box_of(node) == pytest.approx(before)
    drag(page, middle(node.locator(".react-flow__resize-control")), (x + 90, y + 60))
    expect(page.get_by_role("button", name="Undo").first).to_be_enabled()


def test_the_end_of_a_wire_is_taken_although_another_wire_passes_over_it(
    studio: Studio, page: Page
) -> None:
    wire = studio.wire("Load Checkpoint MODEL", "KSampler model")
    wires = page.locator(".react-flow__edge").count()
    studio.still()
    covered = wire.locator(".react-flow__edgeupdater-target").evaluate(COVERED)
    assert covered is not None, "no other wire passes there"
    drag(page, (covered[0], covered[1]), (covered[0] + 20, 900))
    expect(wire).to_have_count(0)
    expect(page.locator(".react-flow__edge")).to_have_count(wires - 1)


def test_a_nodes_toolbar_is_below_it_where_there_is_no_room_above(
    studio: Studio, page: Page
) -> None:
    node = studio.node("VAE Decode")
    canvas, box = box_of(page.locator(".react-flow")), box_of(node)
    x, y = canvas["x"] + canvas["width"] - 80, canvas["y"] + canvas["height"] - 120
    page.mouse.move(x, y)
    page.mouse.down(button="middle")
    page.mouse.move(x, y - (box["y"] - canvas["y"] - 8), steps=5)
    page.mouse.up(button="middle")
    node.hover(position={"x": 60, "y": 20})
    bar = node.get_by_role("toolbar")
    expect(bar).to_be_visible()
    shown, moved = box_of(bar), box_of(node)
    assert moved["y"] < canvas["y"] + 30
    assert shown["y"] >= moved["y"] + moved["height"]
