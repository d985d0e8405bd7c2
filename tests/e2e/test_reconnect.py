"""The server goes and comes back while the page is open, in a real Chromium."""

from __future__ import annotations

from pathlib import Path

from accessibility import Examiner
from browser_studio import SLOW, Studio, hear, heard, new_window
from dropping import drop_workflow, gated_postcard
from playwright.sync_api import Browser, expect
from server_process import Server


def test_a_killed_server_loses_neither_the_run_nor_an_edit(
    browser: Browser, packs: Path, tmp_path: Path
) -> None:
    """Two runs wait at a gate while the server is killed."""
    opened = tmp_path / "opened"
    with Server(tmp_path, packs) as server:
        page = new_window(browser, 1400, 900)
        page.goto(server.link)
        studio = Studio(page)
        studio.open_template("Postcard")
        drop_workflow(page, gated_postcard(opened))
        page.get_by_label("Number of runs").fill("2")
        studio.run()
        expect(studio.state("Gate")).to_have_text("1 / 2", timeout=SLOW)
        expect(studio.jobs("queued")).to_have_count(1)

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

        hear(page)
        server.start()
        heard(page, "2 runs go on.")
        opened.touch()
        expect(lost).to_be_hidden()
        studio.kept()
        expect(studio.jobs("succeeded")).to_have_count(2, timeout=2 * SLOW)
        assert studio.colours(studio.node("Save Image").locator("img")) > 40
        expect(studio.state("Save Image")).to_have_text("stale")

        page.reload()
        expect(studio.field("What to paint", "text")).to_have_value(words)
        page.context.close()
