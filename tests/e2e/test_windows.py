"""One document in two windows: each learns what the other did, and neither overwrites it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from accessibility import Examiner
from browser_studio import Studio
from playwright.sync_api import Page, Route, expect

TOLD = "was changed in another window"


@contextmanager
def _beside(studio: Studio) -> Iterator[Studio]:
    """Another window of the same browser, on the same document."""
    page = studio.page.context.new_page()
    page.goto(studio.page.url)
    there = Studio(page)
    expect(there.field("KSampler", "steps")).to_be_visible()
    expect(page.locator("[role=tab][aria-selected=true]")).to_have_text(studio.name)
    yield there
    page.close()


def test_a_window_is_told_what_another_saved_and_can_show_it(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "11")
    studio.save()
    told = page.get_by_role("status").filter(has_text=TOLD)
    with _beside(studio) as there:
        there.set_number("KSampler", "steps", "12")
        there.save()
        examiner = Examiner.of(page)
        examiner.look_at(told, "what another window saved")
        assert examiner.faults == {}
        expect(studio.field("KSampler", "steps")).to_have_value("11")  # nothing moves by itself
        told.get_by_role("button", name="Show it here").click()
        expect(told).to_have_count(0)
        expect(studio.field("KSampler", "steps")).to_have_value("12")
        expect(page.get_by_role("tab", selected=True)).to_have_accessible_name(studio.name)

        studio.set_number("KSampler", "steps", "13")  # it goes on from there, without a conflict
        studio.save()
        expect(page.get_by_role("alertdialog")).to_have_count(0)
        expect(there.page.get_by_role("status").filter(has_text=TOLD)).to_be_visible()
    for value in ("12", "11"):
        page.keyboard.press("Control+z")
        expect(studio.field("KSampler", "steps")).to_have_value(value)


def test_a_window_is_told_of_edits_and_of_a_first_save(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "11")
    studio.kept()
    told = page.get_by_role("status").filter(has_text=TOLD)
    with _beside(studio) as there:
        there.set_number("KSampler", "steps", "12")
        there.kept()
        expect(told).to_be_visible()
        told.get_by_role("button", name="Show it here").click()
        expect(studio.field("KSampler", "steps")).to_have_value("12")
        studio.kept()
        there.set_number("KSampler", "steps", "14")
        there.kept()
        # What is shown here is what was written there: that is no news to anybody.
        expect(there.page.get_by_role("status").filter(has_text=TOLD)).to_have_count(0)
        expect(there.page.get_by_role("alertdialog")).to_have_count(0)
        there.save()
        expect(told).to_be_visible()
        told.get_by_role("button", name="Show it here").click()
        expect(studio.field("KSampler", "steps")).to_have_value("14")
        studio.set_number("KSampler", "steps", "15")
        studio.save()  # it knows the file that was made there
        expect(page.get_by_role("tab", selected=True)).to_have_accessible_name(studio.name)


def test_a_window_that_opens_before_an_edit_is_sent_asks_nobody(studio: Studio, page: Page) -> None:
    """It shows the edit and sends it too, as the one of the other window that it is."""
    held: list[Route] = []
    page.route(
        "**/v1/drafts/*",
        lambda route: held.append(route) if route.request.method == "PUT" else route.fallback(),
    )
    with page.expect_request(lambda told: told.method == "PUT"):
        studio.set_number("KSampler", "steps", "11")
    with _beside(studio) as there:
        expect(there.field("KSampler", "steps")).to_have_value("11")
        there.kept()
        page.unroute_all()  # what was held is on its way now
        studio.kept()
        told = there.page.get_by_role("status").filter(has_text=TOLD)
        expect(told).to_have_count(0)
        studio.set_number("KSampler", "steps", "12")
        studio.kept()
        told.get_by_role("button", name="Show it here").click()
        expect(there.field("KSampler", "steps")).to_have_value("12")
        for window in (page, there.page):
            expect(window.get_by_role("alertdialog")).to_have_count(0)


@contextmanager
def _both_edit(studio: Studio, page: Page) -> Iterator[Studio]:
    """Another window changes the steps to 12, this one to 13 without looking at that."""
    studio.set_number("KSampler", "steps", "11")
    studio.kept()
    with _beside(studio) as there:
        there.set_number("KSampler", "steps", "12")
        there.kept()
        studio.forgiven.append("412 (Precondition Failed)")
        studio.set_number("KSampler", "steps", "13")
        expect(page.get_by_role("alertdialog")).to_contain_text("edited in another window")
        yield there


def test_two_windows_ask_before_one_overwrites_the_other(studio: Studio, page: Page) -> None:
    with _both_edit(studio, page):
        page.get_by_role("button", name="Take theirs").click()
        expect(studio.field("KSampler", "steps")).to_have_value("12")
        page.keyboard.press("Control+z")
        expect(studio.field("KSampler", "steps")).to_have_value("13")


def test_two_windows_can_both_go_on(studio: Studio, page: Page) -> None:
    with _both_edit(studio, page):
        before = studio.tabs.count()
        page.get_by_role("button", name="Keep both").click()
        expect(studio.tabs).to_have_count(before + 1)
        expect(studio.field("KSampler", "steps")).to_have_value("13")
        studio.tabs.nth(before - 1).click()
        expect(studio.field("KSampler", "steps")).to_have_value("12")


def test_ones_own_edit_can_win_and_both_can_be_compared(studio: Studio, page: Page) -> None:
    with _both_edit(studio, page) as there:
        page.get_by_role("button", name="Compare").click()
        compared = page.get_by_role("dialog", name="was changed in two windows")
        expect(compared.get_by_role("list", name="Differences")).to_contain_text("steps")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Keep mine").click()
        studio.kept()
        expect(studio.field("KSampler", "steps")).to_have_value("13")
        told = there.page.get_by_role("status").filter(has_text=TOLD)
        told.get_by_role("button", name="Show it here").click()
        expect(there.field("KSampler", "steps")).to_have_value("13")
