"""Sweeps: chosen, made, looked at, kept; in a real Chromium."""

from __future__ import annotations

import re
from pathlib import Path

from browser_studio import SLOW, Studio
from PIL import Image
from playwright.sync_api import Page, expect


def _choose_two_values(studio: Studio, page: Page) -> None:
    """Fill in the dialog: steps in columns, cfg in rows."""
    studio.node("KSampler").locator("header").click()
    page.keyboard.press("Control+Alt+g")
    dialog = page.get_by_role("dialog", name="Sweep", exact=True)
    values = dialog.get_by_label("Values: Columns")
    values.fill("2, x")
    expect(dialog).to_contain_text("“x” is not a number.")
    expect(dialog.get_by_role("button", name="Run")).to_be_disabled()
    values.fill("2..4 step 2")
    dialog.get_by_role("button", name="Add rows").click()
    dialog.get_by_label("What varies: Rows").select_option(label="KSampler · cfg")
    dialog.get_by_label("Values: Rows").fill("1, 3")
    expect(dialog).to_contain_text("4 nodes are computed once for all.")
    expect(dialog).to_contain_text("16 node runs instead of 28.")
    dialog.get_by_role("button", name="Make 4 pictures").click()


def test_a_sweep_over_two_values_fills_a_labelled_grid(studio: Studio, page: Page) -> None:
    _choose_two_values(studio, page)
    grid = page.locator("[data-sweep-grid]")
    expect(grid).to_contain_text("steps × cfg")
    expect(grid.get_by_role("columnheader")).to_have_text(["2", "4"])
    expect(grid.get_by_role("rowheader")).to_have_text(["1", "3"])
    pictures = grid.locator("td img")
    expect(pictures).to_have_count(4, timeout=SLOW)
    row = page.locator("li[data-sweep]").first
    expect(row).to_contain_text("4 of 4 pictures")
    page.reload()
    expect(pictures).to_have_count(4)

    pictures.first.click()
    lightbox = page.get_by_role("dialog", name="Picture", exact=True)
    expect(lightbox).to_be_visible()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(lightbox.get_by_role("button", name="Next picture")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(lightbox).to_have_count(0)
    page.keyboard.press("Escape")
    expect(grid).to_have_count(0)
    row.get_by_role("button").click()
    expect(pictures).to_have_count(4)


def test_a_sweep_is_kept_as_one_picture(studio: Studio, page: Page, tmp_path: Path) -> None:
    _choose_two_values(studio, page)
    grid = page.locator("[data-sweep-grid]")
    expect(grid.locator("td img")).to_have_count(4, timeout=SLOW)
    with page.expect_download() as download:
        grid.get_by_role("button", name="Save as one picture").click()
    download.value.save_as(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 2 * 128
        assert sheet.height > 2 * 128
        assert len(sheet.convert("RGB").quantize(256).getcolors() or []) > 40


def test_the_rest_of_a_sweep_is_cancelled(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "steps", "3000")
    studio.node("KSampler").locator("header").click()
    page.keyboard.press("Control+Alt+g")
    dialog = page.get_by_role("dialog", name="Sweep", exact=True)
    dialog.get_by_label("What varies: Columns").select_option(label="KSampler · cfg")
    dialog.get_by_label("Values: Columns").fill("1..6")
    dialog.get_by_role("button", name="Make 6 pictures").click()
    grid = page.locator("[data-sweep-grid]")
    expect(grid.locator("td[data-state=running]")).to_have_count(1, timeout=SLOW)
    expect(grid.locator("td[data-state=running]")).to_have_text(re.compile(r"\d+ / 3000"))
    grid.get_by_role("button", name="Cancel the rest").click()
    expect(grid.locator("td[data-state=cancelled]")).to_have_count(6, timeout=SLOW)
    expect(grid.get_by_role("button", name="Cancel the rest")).to_have_count(0)
