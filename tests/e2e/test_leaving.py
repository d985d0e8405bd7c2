"""The page goes the moment after an edit: every letter is there again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from browser_studio import PATIENCE, TOUR_SEEN, Studio, new_window
from chromium import CHROMIUM, FLAGS, START
from dropping import drop_workflow, postcard
from playwright.sync_api import Browser, Error, Page, Route, expect

WORDS = "a lighthouse in the rain"

IN_JOURNAL = """steps => new Promise(done => {
  const opening = indexedDB.open("wirebrush");
  opening.onsuccess = () => {
    const entries = opening.result.transaction("edits").objectStore("edits").getAll();
    entries.onsuccess = () => {
      opening.result.close();
      const texts = entries.result.map(({ text }) => text.replaceAll(" ", ""));
      done(texts.some(text => text.includes(`"steps":${steps}`)));
    };
  };
})"""
"""Whether the browser's journal has an entry with so many steps."""


def _reload(page: Page) -> Page:
    page.reload()
    return page


def _close(page: Page) -> Page:
    context = page.context
    page.close(run_before_unload=False)
    return context.new_page()


@pytest.fixture
def left(address: str, browser: Browser) -> Studio:
    """The page with a prompt that the server has."""
    page = new_window(browser)
    page.goto(address)
    studio = Studio(page)
    studio.open_postcard()
    studio.set_number("KSampler", "steps", "33")
    studio.kept()
    return studio


@pytest.mark.parametrize("leave", [_reload, _close])
@pytest.mark.parametrize("pause", [0, 150])
def test_every_letter_is_there(
    left: Studio, address: str, leave: Callable[[Page], Page], pause: int
) -> None:
    prompt = left.node("What to paint").get_by_role("textbox")
    prompt.click()
    left.page.keyboard.press("Control+a")
    left.page.keyboard.type(WORDS)
    left.page.wait_for_timeout(pause)

    page = leave(left.page)
    page.goto(address)
    again = Studio(page)
    expect(again.node("What to paint").get_by_role("textbox")).to_have_value(WORDS)
    again.kept()
    expect(page.get_by_text("was changed in two windows")).to_have_count(0)
    page.context.close()


@pytest.mark.parametrize("leave", [_reload, _close])
@pytest.mark.parametrize("key", ["Enter", ""])
def test_a_number_is_there_whether_it_was_entered_or_only_typed(
    left: Studio, address: str, leave: Callable[[Page], Page], key: str
) -> None:
    steps = left.field("KSampler", "steps")
    steps.focus()
    steps.fill("44")
    if key:
        steps.press(key)

    page = leave(left.page)
    page.goto(address)
    again = Studio(page)
    expect(again.field("KSampler", "steps")).to_have_value("44")
    page.context.close()


def test_a_browser_that_is_closed_keeps_every_letter(
    address: str, browser: Browser, tmp_path: Path
) -> None:
    """Closed as a whole, a browser tells its pages nothing."""

    def opened() -> Studio:
        context = browser.browser_type.launch_persistent_context(
            tmp_path, executable_path=CHROMIUM, args=list(FLAGS), timeout=START
        )
        context.set_default_timeout(PATIENCE)
        context.add_init_script(TOUR_SEEN)
        context.pages[0].goto(address)
        return Studio(context.pages[0])

    studio = opened()
    studio.open_postcard()
    prompt = studio.node("What to paint").get_by_role("textbox")
    prompt.click()
    studio.page.keyboard.press("Control+a")
    studio.page.keyboard.type(WORDS)
    studio.page.context.close()

    again = opened()
    expect(again.node("What to paint").get_by_role("textbox")).to_have_value(WORDS)
    again.page.context.close()


def test_a_page_that_was_hidden_and_crashes_later_loses_nothing(
    studio: Studio, page: Page, address: str
) -> None:
    """A long document, whose text is not written down with every edit, while the server is away."""
    long = postcard()
    text = next(node for node in long["nodes"].values() if node["type"] == "CLIPTextEncode")
    text["values"]["text"] = "rain, " * 20_000
    drop_workflow(page, long)
    studio.set_number("KSampler", "steps", "33")
    studio.kept()
    studio.forgiven.append("net::ERR_FAILED")
    page.route("**/v1/drafts/*", lambda route: route.abort())
    studio.set_number("KSampler", "steps", "34")
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
    studio.set_number("KSampler", "steps", "35")
    page.wait_for_function(IN_JOURNAL, arg=35)
    with pytest.raises(Error, match="crash"):
        page.goto("chrome://crash")

    again = Studio(page.context.new_page())
    again.page.goto(address)
    expect(again.field("KSampler", "steps")).to_have_value("35")


def _held(page: Page, method: str, *, arrive: bool) -> list[Route]:
    """From now on, the page hears nothing when it writes a draft; the server may get it or not.

    What comes after it in its tab is another window, and is heard.
    """
    held: list[Route] = []
    windows: list[str] = []

    def meet(route: Route) -> None:
        if route.request.method != method:
            return route.fallback()
        windows.append(route.request.headers.get("draft-turns", "").split("=")[0])
        if windows[-1] != windows[0]:
            return route.fallback()
        if arrive:
            assert route.fetch().ok
        held.append(route)

    page.route("**/v1/drafts/*", meet)
    return held


def _until(page: Page, held: list[Route], count: int) -> None:
    for _ in range(2400):
        if len(held) >= count:
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"{len(held)} requests of {count} were made")


def _opened_again(studio: Studio, steps: str, *, late: bool = False) -> None:
    """It is all there, and nobody is asked about it. `late`: what was held is on its way again."""
    if late:
        studio.page.unroute_all()
    studio.page.reload()
    studio.page.unroute_all()
    expect(studio.field("KSampler", "steps")).to_have_value(steps)
    studio.kept()
    studio.set_number("KSampler", "steps", "50")
    studio.kept()
    expect(studio.page.get_by_role("alertdialog")).to_have_count(0)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("fate", ["arrived", "late", "lost"])
def test_the_page_goes_before_the_server_answers(
    studio: Studio, page: Page, fate: str, first: bool
) -> None:
    """The server may have the edit before the last one, and the page does not know it."""
    if not first:
        studio.set_number("KSampler", "steps", "33")
        studio.kept()
    held = _held(page, "PUT", arrive=fate == "arrived")
    studio.set_number("KSampler", "steps", "34")
    _until(page, held, 1)
    studio.set_number("KSampler", "steps", "35")
    _opened_again(studio, "35", late=fate == "late")


def test_undone_before_the_server_answers(studio: Studio, page: Page) -> None:
    """Back to what is saved, there is no draft, though the page does not know of the one there."""
    studio.save()
    held = _held(page, "PUT", arrive=True)
    studio.set_number("KSampler", "steps", "34")
    _until(page, held, 1)
    held.pop().abort()
    page.unroute_all()
    with page.expect_response(lambda told: told.request.method == "DELETE") as deleted:
        page.keyboard.press("Control+z")
    assert deleted.value.ok
    studio.forgiven.append("net::ERR_FAILED")
    name = studio.name
    page.reload()
    expect(page.get_by_role("tab", selected=True)).to_have_accessible_name(name)
    expect(studio.field("KSampler", "steps")).to_have_value("20")


@pytest.mark.parametrize("change", [True, False])
def test_saved_again_because_no_answer_came(studio: Studio, page: Page, change: bool) -> None:
    """The first time it was saved after all: nobody else was there."""
    lost: list[Route] = []

    def lose(route: Route) -> None:
        if route.request.method != "PUT":
            return route.fallback()
        assert route.fetch().ok
        route.abort()
        lost.append(route)

    studio.forgiven.append("net::ERR_FAILED")
    studio.set_number("KSampler", "steps", "34")
    for time in (1, 2):  # a new file, then that file
        page.route("**/v1/workflows/*", lose)
        page.keyboard.press("Control+s")
        _until(page, lost, time)
        page.unroute_all()
        if change:
            studio.set_number("KSampler", "steps", str(40 + time))
        studio.save()
        expect(page.get_by_role("tab", selected=True)).to_have_accessible_name(studio.name)
        expect(page.get_by_role("alertdialog")).to_have_count(0)
        studio.set_number("KSampler", "steps", str(50 + time))


def test_a_page_that_goes_while_it_opens_forgets_no_tab(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "34")
    studio.kept()
    names = studio.tabs.all_inner_texts()
    assert len(names) == 2
    studio.tabs.first.click()  # whatever other tests saved last
    expect(studio.tabs.first).to_have_attribute("aria-selected", "true")

    held = _held(page, "GET", arrive=False)
    page.reload()
    _until(page, held, 1)  # the tab in front is there, the other on its way
    page.unroute_all()
    page.reload()
    expect(studio.tabs).to_have_text(names)
    studio.tabs.last.click()
    expect(studio.field("KSampler", "steps")).to_have_value("34")


def test_the_tab_that_was_in_front_comes_before_the_others(studio: Studio, page: Page) -> None:
    """Nobody points at, or types into, a document that gives way to another."""
    studio.set_number("KSampler", "steps", "34")
    studio.kept()
    names = studio.tabs.all_inner_texts()
    assert len(names) == 2
    asked: list[Route] = []

    def first_only(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            route.fallback()

    page.route("**/v1/drafts", first_only)
    page.reload()
    _until(page, asked, 2)  # the other tab is on its way
    expect(studio.tabs).to_have_text(names[1:])
    expect(studio.field("KSampler", "steps")).to_have_value("34")
    page.unroute_all()
    expect(studio.tabs).to_have_text(names)
    expect(studio.tabs.last).to_have_attribute("aria-selected", "true")
    expect(studio.field("KSampler", "steps")).to_have_value("34")


def test_a_tab_that_is_opened_by_hand_before_it_came_is_one(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "34")
    studio.kept()
    name = studio.name
    studio.open_postcard()
    studio.set_number("KSampler", "steps", "35")
    studio.kept()
    names = studio.tabs.all_inner_texts()
    asked: list[Route] = []

    def all_but_the_second(route: Route) -> None:
        asked.append(route)
        if len(asked) != 2:
            route.fallback()

    page.route("**/v1/drafts", all_but_the_second)
    page.reload()
    _until(page, asked, 2)
    drafts = studio.open_panel("Not saved yet")
    drafts.get_by_role("button", name=name, exact=True).first.click()
    expect(studio.field("KSampler", "steps")).to_have_value("34")
    asked[1].continue_()
    expect(studio.tabs).to_have_count(len(names))
    expect(studio.field("KSampler", "steps")).to_have_value("34")
    assert sorted(studio.tabs.all_inner_texts()) == sorted(names)


def test_what_the_server_did_not_give_is_asked_for_again_where_it_was(
    studio: Studio, page: Page
) -> None:
    """The tab that was in front, between two others."""
    studio.set_number("KSampler", "steps", "34")
    studio.kept()
    lost = page.locator("[data-document]").get_attribute("data-document")
    studio.open_postcard()
    studio.set_number("KSampler", "steps", "35")
    studio.kept()
    studio.tabs.nth(1).click()
    expect(studio.field("KSampler", "steps")).to_have_value("34")
    names = studio.tabs.all_inner_texts()
    assert len(names) == 3

    studio.forgiven.append("net::ERR_FAILED")
    page.route(f"**/v1/drafts/{lost}", lambda route: route.abort())
    page.reload()
    expect(studio.tabs).to_have_text([names[0], names[2]])
    studio.kept()
    page.unroute_all()
    page.reload()
    expect(studio.tabs).to_have_text(names)
    expect(studio.tabs.nth(1)).to_have_attribute("aria-selected", "true")
    expect(studio.field("KSampler", "steps")).to_have_value("34")
