"""The page goes the moment after an edit: every letter is there again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from browser_studio import TOUR_SEEN, Studio
from chromium import CHROMIUM, FLAGS
from playwright.sync_api import Browser, Page, expect

WORDS = "a lighthouse in the rain"


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
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    context.add_init_script(TOUR_SEEN)
    page = context.new_page()
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
            tmp_path, executable_path=CHROMIUM, args=list(FLAGS)
        )
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
