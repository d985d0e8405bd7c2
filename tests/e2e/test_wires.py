"""Wires: moved to other ports, unplugged, gone into, cut and refused, in a real Chromium."""

from __future__ import annotations

from browser_studio import Studio
from graph_building import box_of, drag, middle, on_wire
from playwright.sync_api import Page, expect

POSITIVE = ("What to paint CONDITIONING", "KSampler positive")
NEGATIVE = ("What to avoid CONDITIONING", "KSampler negative")


def test_either_end_of_a_wire_is_moved_to_another_port(studio: Studio, page: Page) -> None:
    wires = page.locator(".react-flow__edge")
    count = wires.count()
    sampler = studio.node("KSampler")
    end = studio.wire(*NEGATIVE).locator(".react-flow__edgeupdater-target")
    drag(page, middle(end), middle(sampler.get_by_label("positive: CONDITIONING")))
    expect(studio.wire("What to avoid CONDITIONING", "KSampler positive")).to_have_count(1)
    expect(studio.wire(*NEGATIVE)).to_have_count(0)
    expect(wires).to_have_count(count - 1)  # a port takes one wire: the one that was there went
    page.keyboard.press("Control+z")
    expect(studio.wire(*POSITIVE)).to_have_count(1)
    expect(studio.wire(*NEGATIVE)).to_have_count(1)

    start = studio.wire(*POSITIVE).locator(".react-flow__edgeupdater-source")
    other = studio.node("What to avoid").get_by_label("CONDITIONING: CONDITIONING")
    drag(page, middle(start), middle(other))
    expect(studio.wire("What to avoid CONDITIONING", "KSampler positive")).to_have_count(1)
    expect(studio.wire(*POSITIVE)).to_have_count(0)
    expect(wires).to_have_count(count)


def test_an_end_that_is_let_go_of_unplugs_and_one_that_does_not_fit_stays(
    studio: Studio, page: Page
) -> None:
    wire = studio.wire("KSampler LATENT", "VAE Decode samples")
    end = wire.locator(".react-flow__edgeupdater-target")
    vae = studio.node("VAE Decode").get_by_label("vae: VAE")
    drag(page, middle(end), middle(vae))
    expect(wire).to_have_count(1)
    expect(studio.wire("Load Checkpoint VAE", "VAE Decode vae")).to_have_count(1)
    drag(page, middle(end), (1000, 900))
    expect(wire).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(wire).to_have_count(1)


def test_a_circle_and_a_second_wire_of_the_same_kind_are_not_made(
    studio: Studio, page: Page
) -> None:
    wires = page.locator(".react-flow__edge")
    count = wires.count()
    page.mouse.dblclick(700, 850)
    page.get_by_role("combobox", name="Add a node").fill("upscale latent by")
    page.keyboard.press("Enter")
    added = page.locator(".react-flow__node.selected")
    expect(added).to_have_count(1)
    sampler = studio.node("KSampler")
    studio.draw_wire(sampler.get_by_label("LATENT: LATENT"), added.get_by_label("samples: LATENT"))
    page.mouse.up()
    expect(wires).to_have_count(count + 1)
    studio.draw_wire(
        added.get_by_label("LATENT: LATENT", exact=True),
        sampler.get_by_label("latent image: LATENT"),
    )
    expect(page.get_by_role("main").get_by_text("That would make a circle")).to_be_visible()
    page.mouse.up()
    for _ in range(2):
        studio.draw_wire(
            sampler.get_by_label("LATENT: LATENT"), added.get_by_label("samples: LATENT")
        )
        page.mouse.up()
    expect(wires).to_have_count(count + 1)


def test_an_unwired_node_let_go_of_on_a_wire_goes_into_it(studio: Studio, page: Page) -> None:
    page.mouse.dblclick(640, 850)
    page.get_by_role("combobox", name="Add a node").fill("invert image")
    page.keyboard.press("Enter")
    invert = studio.node("Invert Image")
    box = box_of(invert)
    x, y = middle(invert.locator("header h2"))
    to_x, to_y = on_wire(studio, "VAE Decode IMAGE", "Save Image images")
    by = (to_x - box["x"] - box["width"] / 2, to_y - box["y"] - box["height"] / 2)
    drag(page, (x, y), (x + by[0], y + by[1]))
    expect(studio.wire("VAE Decode IMAGE", "Invert Image image")).to_have_count(1)
    expect(studio.wire("Invert Image IMAGE", "Save Image images")).to_have_count(1)
    expect(studio.wire("VAE Decode IMAGE", "Save Image images")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(studio.wire("VAE Decode IMAGE", "Save Image images")).to_have_count(1)
    expect(invert).to_have_count(1)


def test_the_knife_cuts_every_wire_in_its_way(studio: Studio, page: Page) -> None:
    wires = page.locator(".react-flow__edge")
    count = wires.count()
    box = box_of(studio.node("KSampler"))
    left = box["x"] - 14  # where four wires come in and one passes by
    page.keyboard.press("k")
    drag(page, (left, box["y"] - 30), (left, box["y"] + box["height"]))
    expect(page.get_by_text("5 wires cut")).to_be_attached()
    expect(wires).to_have_count(count - 5)
    page.keyboard.press("Control+z")
    expect(wires).to_have_count(count)
