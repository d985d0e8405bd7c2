"""The server goes and comes back while the page is open, in a real Chromium."""

from __future__ import annotations

import re
from pathlib import Path

from accessibility import Examiner
from browser_studio import SLOW, Studio, new_window
from playwright.sync_api import Browser, expect
from server_process import Server

STEPS = re.compile(r"^\d+ / \d+$")


def test_a_killed_server_loses_neither_the_run_nor_an_edit(
    browser: Browser, tmp_path: Path
) -> None:
    with Server(tmp_path) as server:
        page = new_window(browser, 1400, 900)
        page.goto(server.link)
        studio = Studio(page)
        studio.open_template("Postcard")
        studio.set_number("KSampler", "steps", "200")
        page.get_by_label("Number of runs").fill("2")
        studio.run()
        expect(studio.state("KSampler")).to_have_text(STEPS, timeout=SLOW)

        server.kill()
        lost = page.get_by_text("The connection is lost.")
        examiner = Examiner.of(page)
        examiner.look_at(lost.locator(".."), "a lost connection")
        assert examiner.faults == {}
        queue = page.get_by_role("region", name="Queue")
        expect(queue.get_by_role("group", name="Running")).to_have_count(0)
        expect(queue.get_by_text("no word from the server")).to_have_count(2)
        words = "a yellow house in the desert"
        studio.field("What to paint", "text").fill(words)
        expect(page.get_by_text("kept in this browser")).to_be_visible()

        server.start()
        expect(page.get_by_text("2 runs go on.").last).to_be_visible()
        expect(lost).to_be_hidden()
        studio.kept()
        expect(studio.jobs("succeeded")).to_have_count(2, timeout=2 * SLOW)
        assert studio.colours(studio.node("Save Image").locator("img")) > 40
        expect(studio.state("Save Image")).to_have_text("stale")

        page.reload()
        expect(studio.field("What to paint", "text")).to_have_value(words)
        page.context.close()
