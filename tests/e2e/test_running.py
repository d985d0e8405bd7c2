"""Ways to run, and what the page says before, during and after, in a real Chromium."""

from __future__ import annotations

import re

from browser_studio import SLOW, Studio
from graph_building import open_empty
from playwright.sync_api import Page, expect

PLAN = "[data-known=true]"

MADE = """async () => {
  const { jobs } = await (await fetch("/v1/jobs?state=succeeded&limit=3")).json();
  return jobs.flatMap(({ outputs }) =>
    outputs.filter(({ kind }) => kind === "output").map(({ asset }) => asset));
}"""
"""The pictures of the last three jobs."""


def _settled(page: Page) -> None:
    """Wait until the server has said what a run would compute."""
    expect(page.locator(PLAN)).to_be_visible(timeout=SLOW)


def test_before_a_run_the_page_says_what_it_computes(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "3")
    studio.field("What to paint", "text").fill("a green boat on the sea by day")
    _settled(page)
    expect(page.locator(PLAN)).to_have_text(re.compile(r"Will compute \d of 7"))
    expect(studio.state("KSampler")).to_have_text("stale")
    studio.run()
    expect(studio.jobs("succeeded").first).to_be_visible(timeout=SLOW)
    expect(studio.state("VAE Decode")).to_have_text(re.compile(r"^[\d.]+ m?s$"))
    _settled(page)
    expect(page.locator(PLAN)).to_have_text(re.compile(r"Will compute 3 of 7 · about [\d.]+ m?s"))
    expect(studio.state("Load Checkpoint")).not_to_have_text("stale")

    studio.field("What to paint", "text").fill("a green boat on the sea at night")
    expect(page.locator(PLAN)).to_have_text(re.compile("Will compute 4 of 7"), timeout=SLOW)
    expect(studio.state("What to paint")).to_have_text("stale")
    expect(studio.state("What to avoid")).not_to_have_text("stale")


def test_only_what_is_selected_is_computed(studio: Studio, page: Page) -> None:
    studio.field("What to paint", "text").fill("a red house in the desert by day")
    studio.node("What to paint").locator("header").click()
    page.keyboard.press("Alt+Enter")
    expect(studio.jobs("succeeded").first).to_be_visible(timeout=SLOW)
    expect(studio.state("What to paint")).to_have_text(re.compile(r"cached|^[\d.]+ m?s$"))
    expect(studio.node("Save Image").locator("img")).to_have_count(0)


def test_a_batch_makes_different_pictures_unless_all_seeds_are_fixed(
    studio: Studio, page: Page
) -> None:
    studio.set_number("KSampler", "steps", "2")
    _settled(page)
    before = studio.jobs("succeeded").count()
    page.get_by_label("Number of runs").fill("3")
    studio.run()
    expect(studio.jobs("succeeded")).to_have_count(before + 3, timeout=SLOW)
    assets = page.evaluate(MADE)
    assert len(set(assets)) == 3
    for asset in assets:
        expect(page.locator(f'aside li[data-asset="{asset}"]')).to_be_visible()

    studio.node("KSampler").get_by_role("button", name=re.compile("Keep the seed")).click()
    studio.run()
    expect(page.get_by_text("Every seed is fixed").last).to_be_visible()
    expect(studio.jobs("succeeded")).to_have_count(before + 4, timeout=SLOW)


def test_a_change_runs_by_itself_and_stops_the_run_that_is_out_of_date(
    studio: Studio, page: Page
) -> None:
    studio.set_number("KSampler", "steps", "3000")
    _settled(page)
    before = studio.jobs("cancelled").count()
    page.get_by_role("button", name="Other ways to run").click()
    page.get_by_role("menuitemcheckbox", name="Run on change").click()
    expect(studio.jobs("running")).to_have_count(1, timeout=SLOW)
    studio.set_number("KSampler", "steps", "2")
    expect(studio.jobs("cancelled")).to_have_count(before + 1, timeout=SLOW)
    expect(studio.jobs("succeeded").first).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Other ways to run").click()
    page.get_by_role("menuitemcheckbox", name="Run on change").click()


def test_during_a_run_the_page_says_how_far_it_is(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "3000")
    studio.run()
    header = page.locator("header").first
    expect(header.get_by_label("Progress of the run")).to_be_visible(timeout=SLOW)
    expect(header).to_contain_text(re.compile(r"KSampler \d+ / 3000 · about .* left"), timeout=SLOW)
    row = studio.jobs("running")
    expect(row).to_contain_text(re.compile(r"left · cpu-0"))
    page.get_by_role("button", name="Cancel", exact=True).first.click()
    expect(studio.jobs("cancelled").first).to_be_visible(timeout=SLOW)


def test_a_run_that_another_window_asked_for_is_shown(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "2")
    studio.kept()
    ask = """async () => {
      const { document: id } = document.querySelector("[data-document]").dataset;
      const { workflow } = await (await fetch(`/v1/drafts/${id}`)).json();
      const headers = { "Content-Type": "application/json" };
      await fetch("/v1/jobs", { method: "POST", body: JSON.stringify({ workflow }), headers });
    }"""
    page.evaluate(ask)
    expect(studio.node("Save Image").locator("img")).to_be_visible(timeout=SLOW)


def test_what_a_node_expands_into_is_shown_on_it(studio: Studio, page: Page) -> None:
    open_empty(page)
    page.keyboard.press("Tab")
    page.get_by_role("combobox", name="Add a node").fill("unfold")
    page.keyboard.press("Enter")
    node = studio.node("Unfold")
    expect(node).to_have_count(1)
    studio.run()
    expect(node.locator("img")).to_be_visible(timeout=SLOW)
    expect(studio.state("Unfold")).to_have_text(re.compile(r"\d s$|ms$"))
    studio.kept()
    page.reload()
    expect(node.locator("img")).to_be_visible(timeout=SLOW)
    expect(studio.jobs("succeeded")).to_have_count(1)
    studio.run()
    expect(studio.jobs("succeeded")).to_have_count(2, timeout=SLOW)
    expect(studio.state("Unfold")).to_have_text("cached")
    expect(node.locator("img")).to_be_visible()
