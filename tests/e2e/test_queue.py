"""The queue as a person handles it: order, pause, cancel, reload; in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_studio import SLOW, Studio
from graph_building import open_empty
from playwright.sync_api import Locator, Page, expect
from server_process import Server


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, packs: Path) -> Iterator[str]:
    """A studio of its own: others would see its pause."""
    with Server(tmp_path_factory.mktemp("queue"), packs) as server:
        yield server.link


def _waiting(page: Page) -> Locator:
    return page.get_by_role("group", name="Waiting").locator("li")


def _places(page: Page) -> list[str]:
    """The jobs that wait, the next one first."""
    rows = _waiting(page)
    return [rows.nth(index).get_attribute("data-job") or "" for index in range(rows.count())]


def _four_wait(studio: Studio, page: Page) -> list[str]:
    """Pause, and let four runs wait."""
    studio.set_number("KSampler", "steps", "2")
    page.get_by_role("button", name="Pause: start nothing new").click()
    expect(page.get_by_text("Paused: nothing new starts.")).to_be_visible()
    expect(page.get_by_role("region", name="Queue").get_by_text("paused")).to_have_count(1)
    page.get_by_label("Number of runs").fill("4")
    studio.run()
    expect(_waiting(page)).to_have_count(4)
    return _places(page)


def test_the_queue_is_paused_ordered_and_goes_on(studio: Studio, page: Page) -> None:
    cancelled, done = studio.jobs("cancelled").count(), studio.jobs("succeeded").count()
    first, second, third, fourth = _four_wait(studio, page)

    handle = _waiting(page).nth(2).get_by_role("button", name=re.compile("Place of"))
    handle.focus()
    page.keyboard.press("ArrowUp")
    expect(_waiting(page).nth(1)).to_have_attribute("data-job", third)
    page.keyboard.press("ArrowDown")
    expect(_waiting(page).nth(2)).to_have_attribute("data-job", third)
    _waiting(page).nth(3).drag_to(_waiting(page).nth(0))
    expect(_waiting(page).nth(0)).to_have_attribute("data-job", fourth)

    page.keyboard.press("Control+Alt+Enter")
    expect(_waiting(page)).to_have_count(8)
    expect(_waiting(page).nth(4)).to_have_attribute("data-job", fourth)
    for left in (7, 6, 5, 4):
        _waiting(page).nth(0).get_by_role("button", name="Cancel").click()
        expect(_waiting(page)).to_have_count(left)

    page.reload()
    expect(_waiting(page)).to_have_count(4)
    assert _places(page) == [fourth, first, second, third]
    _waiting(page).nth(1).get_by_role("button", name="Cancel").click()
    expect(studio.jobs("cancelled")).to_have_count(cancelled + 5)

    page.get_by_role("button", name="Go on").last.click()
    expect(studio.jobs("succeeded")).to_have_count(done + 3, timeout=SLOW)
    again = studio.jobs("cancelled").first.get_by_role("button", name="Run again")
    again.click()
    expect(studio.jobs("succeeded")).to_have_count(done + 4, timeout=SLOW)

    row = studio.jobs("succeeded").first
    row.get_by_role("button", expanded=False).click()
    expect(row).to_contain_text(re.compile(r"\d\d:\d\d · cpu-0 · 7 nodes"))
    page.get_by_role("button", name="Clear what is done").click()
    expect(page.get_by_text("Nothing has run yet.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Nothing has run yet.")).to_be_visible()


def test_everything_is_cancelled_at_once(studio: Studio, page: Page) -> None:
    before = studio.jobs("cancelled").count()
    studio.set_number("KSampler", "steps", "2000")
    page.get_by_label("Number of runs").fill("3")
    studio.run()
    expect(studio.jobs("running")).to_have_count(1, timeout=SLOW)
    page.get_by_role("button", name="Cancel everything").click()
    expect(studio.jobs("cancelled")).to_have_count(before + 3, timeout=SLOW)


def test_a_job_that_ends_its_worker_is_put_aside_and_says_why(studio: Studio, page: Page) -> None:
    open_empty(page)
    page.keyboard.press("Tab")
    page.get_by_role("combobox", name="Add a node").fill("trouble")
    page.keyboard.press("Enter")
    expect(page.locator(".react-flow__node")).to_have_count(1)
    studio.run()
    row = studio.jobs("quarantined")
    expect(row).to_be_visible(timeout=SLOW)
    row.get_by_role("button", expanded=False).click()
    expect(row).to_contain_text("It ended its worker process twice")
    expect(row).to_contain_text("This job is put aside: 2 attempts ended so.")
    row.get_by_role("button", name="Show the node").first.click()
    expect(studio.node("Trouble")).to_have_class(re.compile("selected"))
    expect(row.get_by_role("button", name="Run again")).to_be_visible()
    page.reload()
    expect(row).to_contain_text("crashed the worker twice")
