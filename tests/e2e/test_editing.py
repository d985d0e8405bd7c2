"""Building and changing a graph by mouse and keyboard, in a real Chromium."""

from __future__ import annotations

import re
from pathlib import Path

from browser_studio import SLOW, Studio
from dropping import drop_workflow, postcard
from graph_building import box_of
from PIL import Image
from playwright.sync_api import Page, expect


def test_nodes_are_added_wired_copied_and_all_of_it_undone(studio: Studio, page: Page) -> None:
    nodes, wires = page.locator(".react-flow__node"), page.locator(".react-flow__edge")
    before = (len(postcard()["nodes"]), len(postcard()["wires"]))
    expect(nodes).to_have_count(before[0])
    expect(wires).to_have_count(before[1])

    page.mouse.dblclick(700, 900)
    page.get_by_role("combobox", name="Add a node").fill("invert image")
    page.keyboard.press("Enter")
    expect(nodes).to_have_count(before[0] + 1)

    decode, invert = studio.node("VAE Decode"), studio.node("Invert Image")
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
    refusal = "IMAGE does not fit MODEL."
    expect(page.get_by_role("main").get_by_text(refusal)).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text=refusal)).to_be_attached()
    fitting = studio.node("Save Image").get_by_label("images: IMAGE")
    expect(fitting).to_have_class(re.compile("_fit_"))
    expect(studio.node("KSampler").get_by_label("positive: ")).to_have_class(re.compile("_unfit_"))
    page.mouse.up()
    expect(wires).to_have_count(count)
    expect(fitting).not_to_have_class(re.compile("fit_"))


def test_a_number_is_scrubbed_and_a_text_keeps_the_browsers_undo(
    studio: Studio, page: Page
) -> None:
    steps = studio.field("KSampler", "steps")
    box = box_of(steps)
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


def test_a_picture_dropped_on_the_page_opens_its_workflow(studio: Studio, page: Page) -> None:
    words = "a white house on a meadow by day"
    studio.field("What to paint", "text").fill(words)
    studio.set_number("KSampler", "steps", "2")
    studio.run()
    picture = studio.node("Save Image").locator("img")
    expect(picture).to_be_visible(timeout=SLOW)
    made = page.locator("[data-document]").get_attribute("data-document") or ""
    source = picture.get_attribute("src") or ""
    studio.open_template("Postcard")
    expect(studio.field("What to paint", "text")).not_to_have_value(words)

    page.evaluate(
        """async source => {
          const blob = await (await fetch(source)).blob();
          const transfer = new DataTransfer();
          transfer.items.add(new File([blob], "boat.png", { type: "image/png" }));
          document.querySelector("[data-document]").dispatchEvent(
            new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }""",
        source,
    )
    expect(studio.field("What to paint", "text")).to_have_value(words)
    expect(page.locator("[data-document]")).not_to_have_attribute("data-document", made)


def test_a_picture_of_ones_own_is_uploaded_to_a_node(
    studio: Studio, page: Page, tmp_path: Path
) -> None:
    Image.linear_gradient("L").convert("RGB").resize((60, 40)).save(tmp_path / "mine.png")
    page.mouse.dblclick(700, 900)
    page.get_by_role("combobox", name="Add a node").fill("load image")
    page.keyboard.press("Enter")
    node = studio.node("Load Image")
    node.locator("input[type=file]").set_input_files(tmp_path / "mine.png")
    expect(node.get_by_label("image", exact=True)).to_contain_text("mine.png")
    assert studio.colours(node.locator("img")) > 10


def test_what_undo_takes_away_is_not_selected_any_more(studio: Studio, page: Page) -> None:
    wire = studio.wire("KSampler LATENT", "VAE Decode samples").locator("path").first
    related = wire.evaluate("path => getComputedStyle(path).strokeOpacity")
    page.mouse.dblclick(700, 900)
    page.get_by_role("combobox", name="Add a node").fill("empty latent")
    page.keyboard.press("Enter")
    expect(wire).not_to_have_css("stroke-opacity", related)
    expect(page.get_by_role("dialog", name="Add a node")).to_have_count(0)  # it takes keys
    page.keyboard.press("Control+z")
    expect(wire).to_have_css("stroke-opacity", related)


def test_what_is_added_under_a_resting_pointer_is_in_sight(studio: Studio, page: Page) -> None:
    page.mouse.move(800, 500)
    page.keyboard.press("Alt+n")
    expect(page.locator(".react-flow__node")).to_have_count(0)
    studio.still()
    page.locator("[data-canvas]").focus()
    page.keyboard.press("Tab")
    page.get_by_role("combobox", name="Add a node").fill("EmptyLatentImage")
    page.keyboard.press("Enter")
    expect(page.locator(".react-flow__node")).to_be_visible()
    box = box_of(page.locator(".react-flow__node"))
    assert box["x"] > 300, "it is in the middle of the canvas"
    assert box["y"] > 100


def test_what_is_added_the_moment_a_document_opens_lies_where_it_was_put(
    studio: Studio, page: Page
) -> None:
    workflow = postcard()
    for node in workflow["nodes"].values():
        node["at"] = [node["at"][0] + 9_000, node["at"][1] - 4_000]
    drop_workflow(page, workflow)
    page.mouse.dblclick(700, 850)
    page.get_by_role("combobox", name="Add a node").fill("invert image")
    page.keyboard.press("Enter")
    box = box_of(studio.node("Invert Image"))
    assert abs(box["x"] - 700) < 24
    assert abs(box["y"] - 850) < 24
    expect(studio.node("KSampler")).to_be_visible()


def test_a_workflow_with_all_undone_is_the_saved_one(studio: Studio, page: Page) -> None:
    studio.save()
    tab = page.get_by_role("tab", selected=True)
    for keys in ("Delete", "Control+Shift+G"):
        studio.node("KSampler").locator("header").click()
        page.keyboard.press(keys)
        expect(studio.node("KSampler")).to_have_count(0)
        expect(tab).to_have_accessible_name(f"{studio.name}, not saved")
        page.keyboard.press("Control+z")
        expect(studio.node("KSampler")).to_be_visible()
        expect(tab).to_have_accessible_name(studio.name)
