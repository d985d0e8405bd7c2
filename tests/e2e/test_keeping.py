"""Tabs, drafts, files and versions: whatever happens, nothing that was done is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from browser_studio import PATIENCE, TOUR_SEEN, Studio
from chromium import CHROMIUM, START
from playwright.sync_api import Browser, Error, Page, expect
from server_process import Server


def test_each_tab_keeps_its_document_and_comes_back(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "11")
    studio.open_template("Postcard")
    studio.set_number("KSampler", "steps", "12")
    studio.kept()
    names = studio.tabs.all_inner_texts()
    assert len(names) == len(set(names)) >= 2

    studio.tabs.nth(-2).click()
    expect(studio.field("KSampler", "steps")).to_have_value("11")
    page.keyboard.press("Control+z")
    expect(studio.field("KSampler", "steps")).to_have_value("20")
    page.keyboard.press("Control+Shift+z")
    studio.kept()

    page.reload()
    expect(studio.tabs).to_have_text(names)
    expect(studio.tabs.nth(-2)).to_have_attribute("aria-selected", "true")
    expect(studio.field("KSampler", "steps")).to_have_value("11")

    page.keyboard.press("Alt+w")
    expect(studio.tabs).to_have_count(len(names) - 1)
    page.keyboard.press("Alt+Shift+w")
    expect(studio.tabs).to_have_count(len(names))
    expect(studio.field("KSampler", "steps")).to_have_value("11")


def test_saving_keeps_versions_and_any_can_come_back(studio: Studio, page: Page) -> None:
    expect(studio.tabs.last).not_to_have_accessible_name("not saved")
    studio.set_number("KSampler", "steps", "21")
    studio.save()
    studio.set_number("KSampler", "steps", "22")
    expect(page.get_by_role("tab", selected=True)).to_have_accessible_name(
        f"{studio.name}, not saved"
    )
    studio.save()
    expect(page.get_by_role("tab", selected=True)).to_have_accessible_name(studio.name)

    studio.command("File", "Versions…")
    panel = page.get_by_role("dialog", name="Versions of")
    panel.get_by_role("listitem").first.get_by_role("button").click()
    panel.get_by_role("button", name="Go back to this").click()
    expect(panel).to_be_hidden()
    expect(studio.field("KSampler", "steps")).to_have_value("21")
    page.keyboard.press("Control+z")
    expect(studio.field("KSampler", "steps")).to_have_value("22")


def test_files_have_folders_and_a_deleted_one_comes_back(studio: Studio, page: Page) -> None:
    page.keyboard.press("Control+Shift+s")
    page.get_by_role("dialog", name="Save as").get_by_label("Name").fill("boats/red")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("tab", selected=True)).to_have_text("red")

    folder = studio.open_panel("boats")
    expect(folder.get_by_text("red", exact=True)).to_be_visible()
    folder.get_by_role("button", name="More for red").click()
    page.get_by_role("menuitem", name="Rename or move").click()
    folder.get_by_label("Name, with folders").fill("boats/old/blue")
    page.keyboard.press("Enter")
    moved = page.get_by_role("dialog").get_by_role("region", name="boats/old")
    moved.get_by_role("button", name="More for blue").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(moved).to_be_hidden()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(moved.get_by_role("button", name="blue", exact=True).first).to_be_visible()


def test_a_name_that_is_taken_is_asked_for_again(studio: Studio, page: Page) -> None:
    studio.save()
    taken = studio.name
    studio.open_template("Postcard")
    name = studio.name
    page.keyboard.press("Control+Shift+s")
    panel = page.get_by_role("dialog", name="Save as")
    panel.get_by_label("Name").fill(taken)
    page.keyboard.press("Enter")
    studio.forgiven.append("412 (Precondition Failed)")
    expect(panel.get_by_role("alert")).to_contain_text(f"“{taken}” exists already")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert studio.name == name, "it is called what it was called before"


WORDS = "a blue boat by night"

JOURNALLED = """words => new Promise(done => {
  indexedDB.open("wirebrush").onsuccess = ({ target: { result } }) => {
    const read = result.transaction(["edits", "since"]);
    const all = ["edits", "since"].map(name => read.objectStore(name).getAll());
    read.oncomplete = () => {
      result.close();
      done(JSON.stringify(all.map(request => request.result)).includes(words));
    };
  };
})"""
"""Whether this browser has written an edit down."""


def test_edits_survive_a_dead_server_and_a_closed_browser(browser: Browser, tmp_path: Path) -> None:
    with Server(_folder(tmp_path / "data")) as server:
        with _window(browser, tmp_path / "profile") as page:
            page.goto(server.link)
            studio = Studio(page)
            studio.open_template("Postcard")
            expect(studio.field("What to paint", "text")).to_be_visible()
            server.kill()
            studio.field("What to paint", "text").fill(WORDS)
            expect(page.get_by_text("kept in this browser")).to_be_visible()
        server.start()
        with _window(browser, tmp_path / "profile") as page:
            page.goto(server.link)
            expect(Studio(page).field("What to paint", "text")).to_have_value(WORDS)
            Studio(page).kept()


def test_a_browser_killed_right_after_an_edit_loses_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    """Tab list and edit are a moment old; the server never hears of them."""
    profile = tmp_path / "profile"
    with Server(_folder(tmp_path / "data")) as server:
        with _window(browser, profile) as page:
            page.goto(server.link)
            studio = Studio(page)
            studio.open_template("Postcard")
            expect(studio.field("What to paint", "text")).to_be_visible()
            server.kill()
            studio.field("What to paint", "text").fill(WORDS)
            # `wait_for_function` would take a promise for a yes.
            for _ in range(3000):
                if page.evaluate(JOURNALLED, WORDS):
                    break
                page.wait_for_timeout(20)
            _kill(profile)
        server.start()
        with _window(browser, profile) as page:
            page.goto(server.link)
            expect(Studio(page).field("What to paint", "text")).to_have_value(WORDS)
            Studio(page).kept()


@contextmanager
def _window(browser: Browser, profile: Path) -> Iterator[Page]:
    """A browser with a profile of its own, which outlives it."""
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"], timeout=START
    )
    context.set_default_timeout(PATIENCE)
    context.add_init_script(TOUR_SEEN)
    yield context.new_page()
    with suppress(Error):  # killed already
        context.close()


def _kill(profile: Path) -> None:
    """Kill all processes of a browser at once, as a power cut does."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
            if f"--user-data-dir={profile}" in command:
                os.kill(int(folder.name), signal.SIGKILL)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
