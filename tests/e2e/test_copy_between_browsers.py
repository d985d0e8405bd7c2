"""Nodes go from one browser to another as text, with the wires and the subgraph they need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from browser_studio import Studio, new_window
from chromium import launched
from playwright.sync_api import Browser, Page, expect
from server_process import Server

CLIPBOARD = ["clipboard-read", "clipboard-write"]


@contextmanager
def _another_browser(browser: Browser, link: str) -> Iterator[Studio]:
    """A browser process of its own, at a server of its own: nothing but text can get there."""
    with closing(launched(browser.browser_type)) as other:
        page = new_window(other, permissions=CLIPBOARD)
        page.goto(link)
        there = Studio(page)
        there.open_postcard()
        page.get_by_role("button", name="New").first.click()
        expect(page.locator(".react-flow__node")).to_have_count(0)
        yield there


def test_what_was_copied_in_one_browser_is_pasted_in_another(
    studio: Studio, page: Page, browser: Browser, tmp_path: Path
) -> None:
    page.context.grant_permissions(CLIPBOARD)
    studio.set_number("KSampler", "steps", "17")
    studio.node("VAE Decode").locator("header").click()
    page.keyboard.press("Control+Shift+G")
    studio.node("KSampler").locator("header").click(modifiers=["Control"])
    page.keyboard.press("Control+c")
    text = page.evaluate("navigator.clipboard.readText()")
    assert "KSampler" in json.dumps(json.loads(text)), "it is JSON that a person can read"

    with Server(tmp_path) as server, _another_browser(browser, server.link) as there:
        there.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        there.page.mouse.move(600, 300)
        there.page.mouse.move(604, 304)
        there.page.keyboard.press("Control+v")
        expect(there.field("KSampler", "steps")).to_have_value("17")
        expect(there.node("Subgraph")).to_have_count(1)
        expect(there.page.locator(".react-flow__edge")).to_have_count(1)
        there.node("Subgraph").locator("header").dblclick()
        expect(there.node("VAE Decode")).to_be_visible()
        there.page.keyboard.press("Escape")
        there.page.evaluate("navigator.clipboard.writeText('no nodes at all')")
        there.page.keyboard.press("Control+v")
        expect(there.page.locator(".react-flow__node")).to_have_count(2)
