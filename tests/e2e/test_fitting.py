"""What has little room is left out whole: nothing is cut, and nothing lies over something else."""

from __future__ import annotations

import pytest
from browser_studio import SLOW, STILL, Studio, new_window
from dropping import drop_workflow, postcard
from graph_building import box_of
from playwright.sync_api import Browser, FloatRect, Page, expect

SPEAK = """language => {
  const kept = JSON.parse(localStorage.getItem("wirebrush.settings") ?? "{}");
  localStorage.setItem("wirebrush.settings", JSON.stringify({ ...kept, language }));
}"""
"""What the settings do when somebody chooses a language: heard after a reload."""

SHOWN = """line => {
  const { left, right, top, bottom } = line.getBoundingClientRect();
  const words = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  const [shown, cut] = [[], []];
  while (words.nextNode()) {
    range.selectNodeContents(words.currentNode);
    const box = range.getBoundingClientRect();
    if (box.top >= bottom - 2) continue;
    const fits = box.left >= left - 1 && box.right <= right + 1;
    (fits ? shown : cut).push(words.currentNode.data);
  }
  return [shown.join(""), cut.join("")];
}"""
"""What can be read of a line, and what of it is cut."""

CLIPPED = "all => all.flatMap(it => it.scrollHeight > it.clientHeight + 1 ? it.innerText : [])"
"""Texts of which some lines are not shown."""


@pytest.mark.parametrize(("language", "begins"), [("en", "Will compute"), ("de", "Berechnet")])
@pytest.mark.parametrize("width", [780, 820, 1000])
def test_what_a_run_computes_is_never_cut(
    studio: Studio, page: Page, language: str, begins: str, width: int
) -> None:
    page.evaluate(SPEAK, language)
    page.set_viewport_size({"width": width, "height": 800})
    page.reload()
    for name in ("A long name of a workflow", "Another one that is long", "The last"):
        drop_workflow(page, {**postcard(), "name": name})
    plan = page.locator("[data-known=true]")
    expect(plan).to_contain_text(begins, timeout=SLOW)
    page.evaluate("document.fonts.ready")
    page.evaluate(STILL)
    shown, cut = plan.evaluate(SHOWN)
    assert shown.startswith(begins)
    assert cut == ""
    last = box_of(page.locator("header").first.get_by_role("button").last)
    assert last["x"] + last["width"] <= width
    active = box_of(page.get_by_role("tab", selected=True))
    assert active["x"] + active["width"] <= box_of(plan)["x"]


OUTSIDE = """bar => {
  const { left, right, top, bottom } = bar.getBoundingClientRect();
  const all = [...bar.querySelectorAll(":scope > button, [data-tour] button, [data-tour] input")];
  return all.filter(it => it.checkVisibility()).flatMap(it => {
    const box = it.getBoundingClientRect();
    const inside = box.left >= left && box.right <= right && box.top >= top && box.bottom <= bottom;
    return inside ? [] : it.ariaLabel ?? it.innerText;
  });
}"""
"""Controls that are not within the top bar; tabs are scrolled."""


@pytest.mark.parametrize("width", [740, 768, 820, 900])
def test_fingers_reach_all_of_the_bar_while_something_runs(
    browser: Browser, address: str, width: int
) -> None:
    page = new_window(browser, width, 900, has_touch=True)
    page.goto(address)
    page.evaluate(SPEAK, "de")
    page.reload()
    studio = Studio(page)
    for name in ("A long name of a workflow", "Another one that is long"):
        drop_workflow(page, {**postcard(), "name": name})
    bar = page.locator("header").first
    expect(page.locator("[data-known=true]")).to_be_visible(timeout=SLOW)
    page.evaluate("document.fonts.ready")
    page.evaluate(STILL)
    assert bar.evaluate(OUTSIDE) == []
    studio.set_number("KSampler", "steps", "3000")
    bar.get_by_role("button", name="Ausführen").first.click()
    cancel = bar.get_by_role("button", name="Abbrechen")
    expect(bar).to_contain_text("/ 3000", timeout=SLOW)
    assert bar.evaluate(OUTSIDE) == []
    cancel.click()
    expect(cancel).to_have_count(0, timeout=SLOW)
    page.context.close()


def test_what_a_template_is_for_can_be_read_whole(studio: Studio, page: Page) -> None:
    for width in (820, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        words = studio.open_panel("Templates").locator("p")
        expect(words.first).to_be_visible()
        assert words.count() > 15
        cut = (
            "all => all.filter(it => it.scrollHeight > it.clientHeight + 1).map(it => it.innerText)"
        )
        assert words.evaluate_all(cut) == []
        page.keyboard.press("Escape")
        expect(words).to_have_count(0)


def test_colours_leave_a_nodes_toolbar_in_sight(studio: Studio, page: Page) -> None:
    sampler = studio.node("KSampler")
    sampler.locator("header").click()
    page.keyboard.press("Shift+C")
    colours = box_of(page.get_by_role("menu", name="Colour"))
    assert colours["y"] + colours["height"] <= box_of(sampler.get_by_role("toolbar"))["y"]


def test_facts_stand_below_a_picture_not_on_it(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "1")
    studio.run()
    expect(studio.jobs("succeeded")).to_have_count(1, timeout=SLOW)
    page.set_viewport_size({"width": 820, "height": 900})
    page.keyboard.press("Shift+G")
    gallery = page.get_by_role("dialog", name="All pictures")
    gallery.locator("li[data-asset] button").first.click()
    lightbox = page.get_by_role("dialog", name="Picture", exact=True)
    expect(lightbox.locator("[data-pane] img")).to_be_visible()
    page.keyboard.press("i")
    facts = lightbox.locator("dl")
    expect(facts).to_be_visible()
    picture, told = box_of(lightbox.locator("[data-pane] img")), box_of(facts)
    assert picture["height"] > 100
    assert picture["y"] + picture["height"] <= told["y"] + 1


def test_the_tour_covers_nothing_of_the_top_bar(browser: Browser, address: str) -> None:
    page = new_window(browser, 820, 900)
    page.goto(address)
    Studio(page).command("Help", "Show the tour")
    stop = page.get_by_role("dialog")
    bar = box_of(page.locator("header").first)
    for place in range(1, 6):
        expect(stop).to_contain_text(f"{place} of 5")
        expect(stop.get_by_role("button").last).to_be_focused()
        box = box_of(stop)
        assert box["y"] >= bar["y"] + bar["height"] - 8
        assert _within(box, 820)
        page.keyboard.press("Enter")
    page.context.close()


def test_the_tour_points_at_the_tops_of_panels(studio: Studio, page: Page) -> None:
    studio.command("Help", "Show the tour")
    stop = page.get_by_role("dialog")
    for place in range(1, 6):
        expect(stop).to_contain_text(f"{place} of 5")
        expect(stop.get_by_role("button").last).to_be_focused()
        box = box_of(stop)
        if place in (2, 4):
            tip = box_of(stop.locator("[aria-hidden][data-side]"))
            assert tip["y"] - box["y"] < 40
        page.keyboard.press("Enter")


def _within(box: FloatRect, width: int) -> bool:
    return box["x"] >= 0 and box["x"] + box["width"] <= width
