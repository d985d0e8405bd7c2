"""Files that are moved or deleted while their documents are open, in a real Chromium."""

from __future__ import annotations

from browser_studio import Studio
from playwright.sync_api import Locator, Page, expect


def saved_as(studio: Studio, page: Page, folder: str) -> Locator:
    """The document's card in the panel of files, after it was saved as `red` in a folder."""
    page.keyboard.press("Control+Shift+s")
    page.get_by_role("dialog", name="Save as").get_by_label("Name").fill(f"{folder}/red")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    section = studio.open_panel(folder)
    section.get_by_role("button", name="More for red").click()
    return section


def steps_and_save(studio: Studio, page: Page, steps: str) -> None:
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    studio.field("KSampler", "steps").fill(steps)
    page.keyboard.press("Enter")
    studio.save()


def test_a_document_goes_along_when_its_file_is_moved(studio: Studio, page: Page) -> None:
    section = saved_as(studio, page, "moved")
    page.get_by_role("menuitem", name="Rename or move").click()
    section.get_by_label("Name, with folders").fill("moved/blue")
    page.keyboard.press("Enter")
    expect(section.get_by_role("button", name="More for blue")).to_be_visible()
    steps_and_save(studio, page, "7")
    expect(page.get_by_role("tab", selected=True)).to_have_text("blue")
    section = studio.open_panel("moved")
    expect(section.get_by_role("button", name="More for blue")).to_be_visible()
    expect(section.get_by_role("button", name="More for red")).to_have_count(0)


def test_a_document_whose_file_was_deleted_is_saved_anew(studio: Studio, page: Page) -> None:
    section = saved_as(studio, page, "deleted")
    page.get_by_role("menuitem", name="Delete").click()
    expect(section).to_be_hidden()
    studio.forgiven.extend(["412 (Precondition Failed)", "404 (Not Found)"])
    steps_and_save(studio, page, "8")
    expect(page.get_by_role("tab", selected=True)).to_have_text("red")
    section = studio.open_panel("deleted")
    expect(section.get_by_role("button", name="More for red")).to_be_visible()
