"""Frames, guides, tidying, the knife, knots and insertion into wires, in a real Chromium."""

from __future__ import annotations

import re
import time

from browser_studio import Studio
from graph_building import box_of, drag, drop, middle, on_wire, place
from playwright.sync_api import Page, expect

NEAR = 1.5
"""Pixels that places may differ by."""


def test_a_frame_is_made_named_carries_its_nodes_and_goes(studio: Studio, page: Page) -> None:
    _box_around(studio, page, "What to paint", "What to avoid")
    expect(page.locator(".react-flow__node.selected")).to_have_count(2)
    page.keyboard.press("Control+g")
    page.keyboard.type("Prompts")
    page.keyboard.press("Enter")
    frame = page.locator(".react-flow__node-frame", has_text="Prompts")
    expect(frame).to_be_visible()

    before, other = place(studio, "What to paint"), place(studio, "KSampler")
    x, y = middle(frame.locator("header"))
    drag(page, (x, y), (x + 40, y - 90))
    after = place(studio, "What to paint")
    assert abs(after[0] - before[0] - 40) < 12
    assert abs(after[1] - before[1] + 90) < 12
    assert place(studio, "KSampler") == other
    page.keyboard.press("Control+z")
    assert place(studio, "What to paint") == before

    frame.locator("header").dblclick()
    page.keyboard.type("Words")
    page.keyboard.press("Enter")
    expect(page.locator(".react-flow__node-frame", has_text="Words")).to_be_visible()
    page.keyboard.press("Alt+g")
    expect(page.locator(".react-flow__node-frame")).to_have_count(0)
    expect(studio.node("What to paint")).to_be_visible()


def test_a_note_is_written_and_shown_without_its_danger(studio: Studio, page: Page) -> None:
    page.keyboard.press("Shift+n")
    note = page.get_by_label("Text of the note")
    note.fill("# Try\n\n[this](https://example.org) <b>or</b> [that](javascript:alert(1))")
    note.press("Escape")
    shown = page.locator(".react-flow__node-note")
    expect(shown.get_by_role("heading", name="Try")).to_be_visible()
    expect(shown.get_by_role("link", name="this")).to_have_attribute("rel", "noopener noreferrer")
    expect(shown.locator("a[href^=javascript]")).to_have_count(0)
    expect(shown.locator("b")).to_have_count(0)
    page.keyboard.press("Delete")
    expect(shown).to_have_count(0)


def test_what_is_dragged_catches_on_guides(studio: Studio, page: Page) -> None:
    size, prompt = place(studio, "Picture size"), place(studio, "What to paint")
    assert abs(size[0] - prompt[0]) < NEAR
    x, y = middle(studio.node("Picture size").locator("header"))
    drag(page, (x, y), (x + 60, y + 60), hold=True)
    page.mouse.move(x + 3, y + 70, steps=3)  # nearly below the prompt
    expect(page.locator("[data-guide=x]").first).to_be_attached()
    page.mouse.up()
    expect(page.locator("[data-guide]")).to_have_count(0)
    assert abs(place(studio, "Picture size")[0] - prompt[0]) < NEAR


def test_nodes_are_aligned_and_tidied_in_one_step(studio: Studio, page: Page) -> None:
    titles = ("Load Checkpoint", "KSampler", "VAE Decode")
    before = [place(studio, title) for title in titles]
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Menu", exact=True).click()
    for name in ("Arrange", "Align", "Align top edges"):
        page.get_by_role("menuitem", name=name, exact=True).click()
    expect(page.get_by_role("menu")).to_have_count(0)
    tops = {round(place(studio, title)[1]) for title in titles}
    assert len(tops) == 1
    page.keyboard.press("Control+z")
    assert [place(studio, title) for title in titles] == before

    x, y = middle(studio.node("KSampler").locator("header"))
    drag(page, (x, y), (x - 200, y + 60))
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+l")
    expect(page.get_by_text("Tidied up")).to_be_attached()
    page.keyboard.press("f")
    studio.still()
    for left, right in (("Load Checkpoint", "KSampler"), ("KSampler", "VAE Decode")):
        assert place(studio, left)[0] < place(studio, right)[0]


def test_nodes_are_spaced_out_evenly(studio: Studio, page: Page) -> None:
    titles = ("Load Checkpoint", "KSampler", "VAE Decode")
    for title in titles:
        studio.node(title).locator("header").click(modifiers=["Control"])
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find anything").fill("Space out across")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^Undo"))).to_be_enabled()
    boxes = [box_of(studio.node(title)) for title in titles]
    first, second, third = ((box["x"], box["width"]) for box in boxes)
    gaps = [second[0] - sum(first), third[0] - sum(second)]
    assert abs(gaps[0] - gaps[1]) < 12, "as even as the grid allows"


def test_a_stroke_cuts_wires_and_knots_bend_them(studio: Studio, page: Page) -> None:
    wire = studio.wire("KSampler LATENT", "VAE Decode samples")
    x, y = on_wire(studio, "KSampler LATENT", "VAE Decode samples")
    page.keyboard.down("Control")
    drag(page, (x, y - 60), (x, y + 200))
    page.keyboard.up("Control")
    expect(wire).to_have_count(0)
    expect(page.get_by_text(re.compile("wires? cut"))).to_be_attached()
    page.keyboard.press("Control+z")
    expect(wire).to_have_count(1)

    bent = ("VAE Decode IMAGE", "Save Image images")
    x, y = on_wire(studio, *bent)
    page.keyboard.down("Alt")
    page.mouse.click(x, y)
    page.keyboard.up("Alt")
    knot = page.locator("[data-knot]")
    expect(knot).to_have_count(1)
    drag(page, middle(knot), (x + 20, y - 150))
    assert abs(middle(knot)[1] - y + 150) < 12
    expect(studio.wire(*bent)).to_have_count(1)
    knot.dblclick()
    expect(knot).to_have_count(0)


def test_a_knot_is_moved_and_taken_away_by_keyboard(studio: Studio, page: Page) -> None:
    x, y = on_wire(studio, "VAE Decode IMAGE", "Save Image images")
    page.keyboard.down("Alt")
    page.mouse.click(x, y)
    page.keyboard.up("Alt")
    knot = page.get_by_role("button", name="Knot 1")
    knot.focus()
    before = middle(knot)
    page.clock.set_fixed_time(time.time())  # a busy machine may pause between the presses
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("ArrowRight")
    after = middle(knot)
    assert after[1] < before[1]
    assert after[0] > before[0]
    page.keyboard.press("Control+z")
    expect(knot).to_have_count(1)
    assert abs(middle(knot)[1] - before[1]) < 1, "keys that follow each other are one step"
    knot.focus()
    page.keyboard.press("Delete")
    expect(knot).to_have_count(0)


def test_far_out_a_wire_is_dropped_on_a_painted_node(studio: Studio, page: Page) -> None:
    decode, save = studio.node("VAE Decode"), studio.node("Save Image")
    wire = studio.wire("VAE Decode IMAGE", "Save Image images")
    save.locator("header").click()
    page.keyboard.press("Shift+x")
    expect(wire).to_have_count(0)
    near, goal = box_of(decode.locator("header")), middle(save.locator("header"))
    page.mouse.move(*middle(decode.get_by_label("IMAGE: IMAGE")))
    page.mouse.down()
    page.mouse.move(goal[0], goal[1] - 100, steps=4)
    for _ in range(6):
        page.keyboard.press("Control+-")
        studio.still()
    expect(save).to_have_count(0)
    far = box_of(decode.locator("header"))
    scale = far["width"] / near["width"]
    page.mouse.move(
        far["x"] + (goal[0] - near["x"]) * scale, far["y"] + (goal[1] - near["y"]) * scale, steps=4
    )
    studio.still()
    page.mouse.up()
    expect(decode).to_have_count(0)  # it is painted again once the wire is drawn
    page.keyboard.press("f")
    expect(wire).to_have_count(1)


def test_a_type_dropped_on_a_wire_goes_into_it(studio: Studio, page: Page) -> None:
    at = on_wire(studio, "KSampler LATENT", "VAE Decode samples")
    tree = page.get_by_role("tree", name="Library")
    tree.get_by_role("treeitem", name="Latent").click()
    row = tree.get_by_role("treeitem", name="Upscale Latent", exact=False).first
    drop(page, row.locator("[draggable]"), at)
    expect(studio.wire("KSampler LATENT", "Upscale Latent samples")).to_have_count(1)
    expect(studio.wire("Upscale Latent LATENT", "VAE Decode samples")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(studio.wire("KSampler LATENT", "VAE Decode samples")).to_have_count(1)
    expect(studio.node("Upscale Latent")).to_have_count(0)


def _box_around(studio: Studio, page: Page, first: str, last: str) -> None:
    """Draw a box around two nodes, one above the other."""
    top, bottom = box_of(studio.node(first)), box_of(studio.node(last))
    page.keyboard.down("Shift")
    start = (top["x"] - 8, top["y"] - 12)
    drag(page, start, (bottom["x"] + bottom["width"] - 20, bottom["y"] + bottom["height"] - 5))
    page.keyboard.up("Shift")
