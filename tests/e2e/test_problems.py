"""What is wrong is said while one edits, where it is, with what mends it."""

from __future__ import annotations

import re
from typing import Any

from browser_studio import SLOW, Studio
from dropping import drop_workflow, postcard
from graph_building import box_of
from playwright.sync_api import Page, expect

ALL_TICKS = re.compile(r"^(([3-9]|\d\d)\.\d s|\d+ min \d\d s)$")
"""What the clock took, which ticks for three seconds."""


def test_a_problem_shows_on_its_node_while_one_edits(studio: Studio, page: Page) -> None:
    _open(studio, unwired="2")
    encode = studio.node("What to paint")
    expect(studio.state("What to paint")).to_have_text("1 problem")
    expect(encode.locator("[role=alert]")).to_have_count(0)  # nobody asked for a run yet
    encode.locator("header").click()
    expect(encode.locator("[role=note]")).to_contain_text("clip")
    expect(page.locator("footer").last).to_contain_text("clip")

    loader = studio.node("Load Checkpoint")
    studio.draw_wire(loader.get_by_label("CLIP: CLIP"), encode.get_by_label("clip: CLIP"))
    page.mouse.up()
    expect(encode.locator("[role=note]")).to_have_count(0)
    expect(studio.state("What to paint")).not_to_contain_text("problem")
    page.keyboard.press("Control+z")
    expect(studio.state("What to paint")).to_have_text("1 problem")


def test_the_list_leads_to_the_field(studio: Studio, page: Page) -> None:
    _open(studio, checkpoint="gone")
    page.locator("footer").last.get_by_role("button", name=re.compile("gone")).click()
    problems = page.get_by_role("region", name="Problems")
    row = problems.get_by_role("listitem").filter(has_text="Load Checkpoint · ckpt name")
    expect(row).to_contain_text("Put it into models/checkpoints")
    row.get_by_role("button").first.click()
    field = studio.node("Load Checkpoint").get_by_role("combobox", name="ckpt name")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Enter")
    page.get_by_role("option", name=re.compile("postcards")).click()
    expect(problems).to_contain_text("Nothing is wrong.")
    page.keyboard.press("Control+Shift+m")
    expect(problems).to_have_count(0)


def test_f8_goes_to_the_next_problem_also_inside_a_subgraph(studio: Studio, page: Page) -> None:
    _open(studio, checkpoint="gone", inside=True)
    expect(page.locator("footer").last).to_contain_text("gone")
    expect(studio.node("Load Checkpoint")).to_have_count(0)
    page.keyboard.press("F8")
    field = studio.node("Load Checkpoint").get_by_role("combobox", name="ckpt name")
    expect(field).to_be_focused()


def test_a_warning_can_be_dismissed_for_its_workflow(studio: Studio, page: Page) -> None:
    _open(studio, extra={"type": "ImageInvert", "at": [0, 600], "values": {}})
    page.locator("footer").last.get_by_role("button", name=re.compile("ImageInvert")).click()
    problems = page.get_by_role("region", name="Problems")
    row = problems.get_by_role("listitem")
    expect(row).to_have_count(1)
    row.hover()
    row.get_by_role("button", name="Do not show this again").click()
    expect(row).to_have_count(0)
    page.reload()
    expect(studio.node("Save Image")).to_be_visible()
    page.keyboard.press("Control+Shift+m")
    problems.get_by_role("button", name="Show 1 dismissed warning").click()
    expect(row).to_have_count(1)


def test_what_a_run_refuses_stands_on_the_node_until_it_is_mended(
    studio: Studio, page: Page
) -> None:
    _open(studio, checkpoint="gone")
    loader = studio.node("Load Checkpoint")
    expect(studio.state("Load Checkpoint")).to_have_text("1 problem")
    studio.run()
    expect(loader.locator("[role=alert]")).to_contain_text("gone")
    expect(studio.state("Load Checkpoint")).to_have_text("error")
    loader.get_by_role("combobox", name="ckpt name").click()
    page.get_by_role("option", name=re.compile("postcards")).click()
    expect(loader.locator("[role=alert]")).to_have_count(0)
    studio.set_number("KSampler", "steps", "1")
    studio.run()
    expect(studio.node("Save Image").locator("img")).to_be_visible(timeout=SLOW)


def test_what_went_wrong_is_still_told_after_a_reload(studio: Studio, page: Page) -> None:
    nodes = {"1": {"type": "Kettle", "at": [0, 0], "values": {}}}
    drop_workflow(page, {**postcard(), "nodes": nodes, "wires": [], "frames": [], "notes": []})
    expect(studio.node("Kettle")).to_be_visible()
    studio.run()
    expect(studio.state("Kettle")).to_have_text("error", timeout=SLOW)
    page.reload()
    expect(studio.state("Kettle")).to_have_text("error")
    page.keyboard.press("Control+Shift+m")
    details = page.get_by_role("region", name="Problems").locator("details")
    details.get_by_text("Technical details").click()
    expect(details.locator("pre")).to_contain_text("ValueError: The kettle is empty.")
    expect(details.locator("pre")).to_contain_text("strength = 2.5")
    studio.set_number("Kettle", "strength", "3")
    page.reload()  # the node is another one now: nobody knows yet what it will do
    expect(studio.state("Kettle")).to_have_text("stale")


def test_what_goes_wrong_is_said_at_once_and_its_details_when_asked_for(
    studio: Studio, page: Page
) -> None:
    nodes = {
        "1": {"type": "Kettle", "at": [0, 0], "values": {}},
        "2": {"type": "Clock", "at": [400, 0], "values": {}},
    }
    drop_workflow(page, {**postcard(), "nodes": nodes, "wires": [], "frames": [], "notes": []})
    expect(studio.node("Kettle")).to_be_visible()
    studio.run()
    alert = studio.node("Kettle").locator("[role=alert]")
    expect(alert).to_contain_text("The kettle is empty.", timeout=SLOW)
    expect(studio.state("Kettle")).to_have_text("error")
    assert "Traceback" not in page.locator("body").inner_text()

    page.keyboard.press("Control+Shift+m")
    details = page.get_by_role("region", name="Problems").locator("details")
    expect(details.locator("pre")).to_be_hidden()
    details.get_by_text("Technical details").click()
    expect(details.locator("pre")).to_contain_text("ValueError: The kettle is empty.")
    expect(details.locator("pre")).to_contain_text("strength = 2.5")
    studio.node("Kettle").locator("header").click()
    inspected = page.get_by_role("complementary", name="Activity").locator("details")
    expect(inspected.locator("pre")).to_be_hidden()
    inspected.get_by_text("Technical details").click()
    expect(inspected.locator("pre")).to_be_visible()
    # A long line is scrolled in its box; the panel stays as wide as it is.
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    side = box_of(page.get_by_role("complementary", name="Activity"))
    box = box_of(inspected.locator("pre"))
    assert box["x"] + box["width"] <= side["x"] + side["width"]
    # Every run computes it, so that it is no news that the next one will: it says what it took.
    expect(page.locator("[data-known=true]")).to_be_visible(timeout=SLOW)
    expect(studio.state("Clock")).to_have_text(ALL_TICKS, timeout=SLOW)  # it went on all the same
    expect(studio.state("Kettle")).to_have_text("error")


def _open(
    studio: Studio,
    checkpoint: str = "postcards",
    extra: dict[str, Any] | None = None,
    inside: bool = False,
    unwired: str = "",
) -> None:
    """The postcard with something wrong, dropped on the page; `inside` puts it into a subgraph."""
    workflow = postcard()
    workflow["nodes"]["1"]["values"]["ckpt_name"] = checkpoint
    wires = workflow["wires"]
    workflow["wires"] = [wire for wire in wires if wire["to"][0] != unwired]
    if extra:
        workflow["nodes"]["99"] = extra
    if inside:
        graph = {key: workflow.pop(key) for key in ("nodes", "wires")}
        definition = {"name": "All of it", "inputs": [], "outputs": [], **graph}
        workflow |= {"nodes": {"1": {"type": "subgraph:s", "at": [0, 0]}}, "wires": []}
        workflow["subgraphs"] = {"s": definition}
    drop_workflow(studio.page, workflow)
