"""Subgraphs: made, opened, published, nested, run and kept, in a real Chromium."""

from __future__ import annotations

import re
from pathlib import Path

from browser_studio import SLOW, Studio, hear, heard
from dropping import drop_workflow, gated_postcard
from graph_building import box_of, drop
from playwright.sync_api import Locator, Page, expect


def choose(studio: Studio, *titles: str) -> None:
    """Select these nodes."""
    for place, title in enumerate(titles):
        studio.node(title).locator("header").click(modifiers=["Control"] if place else [])


def make(studio: Studio, page: Page, *titles: str) -> None:
    """A subgraph of these nodes."""
    choose(studio, *titles)
    page.keyboard.press("Control+Shift+G")
    expect(studio.node(titles[-1])).to_have_count(0)


def enter(studio: Studio, page: Page, title: str) -> None:
    """Open an instance by a double click on its title."""
    studio.node(title).locator("header").dblclick()
    expect(studio.node("Inputs")).to_be_visible()
    studio.still()


def path(page: Page) -> Locator:
    """Where one is, from the document on."""
    return page.get_by_role("navigation", name="Open subgraph").get_by_role("listitem")


def panel(page: Page) -> Locator:
    """The ports of the subgraph at hand."""
    return page.get_by_role("region", name=re.compile("^The subgraph"))


def test_a_part_becomes_a_subgraph_that_computes_the_same_and_can_be_unpacked(
    studio: Studio, page: Page
) -> None:
    nodes, wires = page.locator(".react-flow__node"), page.locator(".react-flow__edge")
    expect(studio.node("KSampler")).to_be_visible()
    before = (nodes.count(), wires.count())
    make(studio, page, "KSampler", "VAE Decode")
    expect(nodes).to_have_count(before[0] - 1)
    expect(panel(page).get_by_label(re.compile("^Name of the port"))).to_have_count(6)
    # What the next run would do with it, as every node says it.
    expect(studio.state("Subgraph")).to_have_text("stale", timeout=SLOW)

    studio.run()
    expect(studio.state("Save Image")).to_have_text(re.compile(r"s$"), timeout=SLOW)
    expect(studio.state("Subgraph")).to_have_text(re.compile(r"s$"))

    enter(studio, page, "Subgraph")
    expect(path(page).last).to_have_text("Subgraph")
    expect(studio.state("KSampler")).to_have_text(re.compile(r"s$"))
    page.keyboard.press("Escape")
    expect(studio.node("Subgraph")).to_be_visible()

    page.keyboard.press("Control+Shift+U")
    expect(nodes).to_have_count(before[0])
    expect(wires).to_have_count(before[1])
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(studio.node("KSampler")).to_have_count(1)
    expect(page.get_by_role("button", name=re.compile("^Undo"))).to_be_disabled()


def test_a_subgraph_shows_the_picture_and_the_steps_that_are_made_inside_it(
    studio: Studio, page: Page, tmp_path: Path
) -> None:
    """A gate inside holds the picture back until its preview was looked at."""
    opened = tmp_path / "opened"
    drop_workflow(page, gated_postcard(opened))
    make(studio, page, "KSampler", "VAE Decode", "Gate", "Save Image")
    node = studio.node("Subgraph")
    expect(node).to_contain_text("The picture appears here")
    before = box_of(node)
    studio.run()
    expect(node.get_by_alt_text("Preview of")).to_be_visible(timeout=SLOW)
    expect(node.locator("footer")).to_contain_text(re.compile("left|cpu"))
    opened.touch()
    picture = node.get_by_role("button", name="Open the picture").locator("img")
    expect(picture).to_be_visible(timeout=SLOW)
    assert studio.colours(picture) > 50
    expect(node.locator("footer")).to_contain_text("128 × 128")
    after = box_of(node)
    assert (after["width"], after["height"]) == (before["width"], before["height"])


def test_a_field_is_published_by_a_wire_and_each_instance_may_say_its_own(
    studio: Studio, page: Page
) -> None:
    make(studio, page, "KSampler", "VAE Decode")
    enter(studio, page, "Subgraph")
    free = studio.node("Inputs").get_by_label("+: *")
    studio.node("KSampler").locator("header").hover()
    studio.draw_wire(free, studio.node("KSampler").get_by_label("steps: INT"))
    page.mouse.up()
    name = panel(page).get_by_label("Name of the port steps")
    expect(name).to_be_visible()
    name.fill("quality")
    name.press("Enter")
    page.locator(".react-flow__pane").click(position={"x": 500, "y": 60})
    page.keyboard.press("u")

    expect(studio.field("Subgraph", "quality")).to_have_value("20")
    choose(studio, "Subgraph")
    page.keyboard.press("Control+d")
    expect(studio.node("Subgraph")).to_have_count(2)
    twin = studio.node("Subgraph").nth(1).get_by_role("textbox", name="quality", exact=True)
    twin.focus()
    twin.fill("33")
    twin.press("Enter")
    page.keyboard.press("Shift+Enter")
    studio.set_number("KSampler", "steps", "25")
    page.locator("body").press("Escape")
    page.keyboard.press("u")
    fields = page.get_by_role("textbox", name="quality", exact=True)
    expect(fields.first).to_have_value("25")
    expect(fields.nth(1)).to_have_value("33")


def test_subgraphs_nest_and_an_error_inside_leads_there(studio: Studio, page: Page) -> None:
    make(studio, page, "KSampler", "VAE Decode")
    make(studio, page, "Subgraph", "Save Image")
    enter(studio, page, "Subgraph 2")
    enter(studio, page, "Subgraph")
    expect(path(page)).to_have_text([re.compile("."), "Subgraph 2", "Subgraph"])
    page.mouse.dblclick(800, 800)
    page.get_by_role("combobox", name="Add a node").fill("Subgraph 2")
    hear(page)
    page.keyboard.press("Enter")
    heard(page, 'The subgraph "Subgraph 2" cannot be put into itself.')
    expect(page.get_by_role("dialog", name="Add a node")).to_have_count(0)
    page.get_by_label("Inputs latent_image → KSampler latent_image", exact=True).click(force=True)
    page.keyboard.press("Delete")
    page.get_by_role("navigation", name="Open subgraph").get_by_role("button").first.click()

    studio.run()
    studio.forgiven.append("(Bad Request)")
    link = studio.node("Subgraph 2").get_by_role("button", name="See it inside").first
    expect(link).to_be_visible()
    link.click()
    expect(path(page)).to_have_text([re.compile("."), "Subgraph 2", "Subgraph"])
    expect(studio.node("KSampler").get_by_role("alert")).to_contain_text("latent_image")


def test_a_kept_subgraph_is_in_the_library_of_other_documents(studio: Studio, page: Page) -> None:
    make(studio, page, "KSampler", "VAE Decode")
    name = panel(page).get_by_label("Name of the subgraph")
    name.fill("Painter")
    name.press("Enter")
    choose(studio, "Painter")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find anything").fill("Add to the library")
    page.keyboard.press("Enter")
    shelf = page.get_by_role("region", name="Saved subgraphs")
    expect(shelf.get_by_role("button", name="Painter", exact=True)).to_be_visible()

    page.get_by_role("button", name="New").first.click()
    expect(studio.node("Save Image")).to_have_count(0)
    shelf.get_by_role("button", name="Painter", exact=True).click()
    expect(studio.node("Painter")).to_have_count(1)
    shelf.get_by_role("button", name="Painter", exact=True).click()
    expect(studio.node("Painter")).to_have_count(2)
    expect(panel(page)).to_contain_text("2 instances")

    page.get_by_role("button", name="New").first.click()
    expect(studio.node("Painter")).to_have_count(0)
    surface = page.locator("[data-document]")
    opened = surface.get_attribute("data-document") or ""
    page.reload()
    expect(surface).to_have_attribute("data-document", opened)
    kept = shelf.get_by_role("button", name="Painter", exact=True)
    drop(page, kept, (700, 500))
    expect(studio.node("Painter")).to_have_count(1)
    enter(studio, page, "Painter")
    expect(studio.node("KSampler")).to_be_visible()
    shelf.get_by_role("button", name="Take Painter out of the library").click()
    expect(shelf).to_have_count(0)
