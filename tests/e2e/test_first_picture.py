"""From the open page to the picture: the way of every new user, in a real Chromium."""

from __future__ import annotations

import re

from browser_studio import SLOW, Studio
from playwright.sync_api import Page, expect

STEPS = re.compile(r"^\d+ / \d+$")


def test_a_person_edits_the_prompt_runs_and_gets_the_picture(studio: Studio, page: Page) -> None:
    words = "a blue house in the snow at night with the moon on the right"
    studio.field("What to paint", "text").fill(words)
    studio.set_number("KSampler", "steps", "20*2")
    studio.watch("KSampler")
    studio.run()

    preview = studio.node("KSampler").get_by_alt_text("Preview of")
    expect(preview).to_be_visible(timeout=SLOW)
    picture = studio.node("Save Image").locator("img")
    expect(picture).to_be_visible(timeout=SLOW)
    expect(studio.jobs("succeeded").first).to_be_visible(timeout=SLOW)
    assert any(STEPS.match(state) for state in studio.seen())
    assert studio.colours(picture) > 40
    assert studio.colours(preview) > 10
    expect(page.get_by_role("region", name="Gallery").locator("img").first).to_be_visible()

    studio.kept()
    page.reload()
    expect(studio.field("What to paint", "text")).to_have_value(words)
    expect(studio.field("KSampler", "steps")).to_have_value("40")
    assert studio.colours(studio.node("Save Image").locator("img")) > 40
    expect(studio.state("Load Checkpoint")).to_have_text("cached")
    # With a new seed for each run its result is in no cache: it says what it took.
    expect(studio.state("KSampler")).to_have_text(re.compile(r"\d m?s$"), timeout=SLOW)


def test_a_picture_opens_the_workflow_that_made_it(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "3")
    tabs = studio.tabs.count()
    studio.run()
    studio.node("Save Image").get_by_role("button", name="Open the picture").click(timeout=SLOW)
    lightbox = page.get_by_role("dialog", name="Picture", exact=True)
    lightbox.get_by_role("button", name="Open its workflow").click()
    expect(lightbox).to_have_count(0)
    expect(studio.tabs).to_have_count(tabs + 1)
    expect(studio.field("KSampler", "steps")).to_have_value("3")


def test_a_run_is_cancelled(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "2000")
    studio.run()
    expect(studio.state("KSampler")).to_have_text(STEPS, timeout=SLOW)
    page.get_by_role("button", name="Cancel", exact=True).first.click()
    expect(studio.jobs("cancelled").first).to_be_visible(timeout=SLOW)
    expect(studio.state("KSampler")).to_have_text("stopped")
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)


def test_a_graph_that_cannot_run_says_where_and_why(studio: Studio, page: Page) -> None:
    wire = studio.wire("KSampler LATENT", "VAE Decode samples")
    wire.locator(".react-flow__edge-interaction").dispatch_event("click")
    page.keyboard.press("Delete")
    studio.run()
    node = studio.node("VAE Decode")
    expect(studio.state("VAE Decode")).to_have_text("error")
    expect(node.get_by_role("alert")).to_contain_text("samples")
    expect(studio.jobs("running")).to_have_count(0)

    page.keyboard.press("Control+z")
    expect(wire).to_have_count(1)


def test_the_page_obeys_its_policy_and_needs_nothing_from_elsewhere(
    studio: Studio, page: Page
) -> None:
    origin = page.evaluate("location.origin")
    loaded = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert all(url.startswith((origin, "blob:")) for url in loaded)
    assert "token" not in page.url
    page.wait_for_function("document.fonts.check('13px \"Inter Variable\"')")
    assert studio.name.startswith("Postcard")
