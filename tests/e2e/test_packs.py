"""A pack written for ComfyUI: off at first, turned on in the page, its node runs, turned off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from accessibility import AXE, Examiner
from browser_studio import SLOW, Studio, hear, heard, new_window
from graph_building import open_empty
from playwright.sync_api import Browser, Locator, Page, expect
from server_process import Server

PACK = """
class Shout:
    RETURN_TYPES = ()
    FUNCTION = "shout"
    CATEGORY = "for testing"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"word": ("STRING", {"default": "hello"})}}

    def shout(self, word):
        return {"ui": {"text": [word.upper() + "!"]}}

class Broken:
    RETURN_TYPES = ("INT",)
    FUNCTION = "is_not_there"

NODE_CLASS_MAPPINGS = {"Shout": Shout, "Broken": Broken}
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    packs: Path = tmp_path_factory.mktemp("packs")
    (packs / "Loud Nodes").mkdir()
    (packs / "Loud Nodes" / "__init__.py").write_text(PACK)
    (packs / "boom.py").write_text("import os; os._exit(7)")
    with Server(tmp_path_factory.mktemp("studio"), packs) as server:
        yield server.link


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = new_window(browser, 1280, 800)
    page.goto(address)
    expect(page.locator(".react-flow__node").first).to_be_visible(timeout=SLOW)
    yield page
    page.context.close()


def opened(page: Page) -> Locator:
    Studio(page).command("Help", "Packs")
    return page.get_by_role("dialog", name="Packs")


def row(packs: Locator, name: str) -> Locator:
    heading = packs.page.get_by_role("heading", name=name)
    return packs.get_by_role("listitem").filter(has=heading)


def test_from_off_to_on_to_off(page: Page) -> None:
    packs = opened(page)
    loud = row(packs, "Loud Nodes")
    switch = loud.get_by_role("switch", name="Loud Nodes")
    expect(switch).to_have_accessible_description("Off")
    switch.press("Space")
    consent = loud.get_by_role("group", name="its code runs on this machine")
    expect(consent.get_by_role("button", name="Leave it off")).to_be_focused()
    expect(switch).not_to_be_checked()
    page.keyboard.press("Enter")
    expect(consent).to_have_count(0)
    expect(switch).to_be_focused()
    page.keyboard.press("Space")
    hear(page)
    consent.get_by_role("button", name="Turn on Loud Nodes").click()
    expect(switch).to_be_checked()
    expect(switch).to_be_focused()
    expect(switch).to_have_accessible_description("On", timeout=SLOW)
    heard(page, "Loud Nodes is on: 1 node.")
    loud.get_by_text("1 node cannot be used").click()
    expect(loud).to_contain_text("Broken")
    page.keyboard.press("Escape")

    shouted = _add_shout(page)
    page.get_by_role("button", name="Run", exact=False).first.click()
    expect(shouted).to_contain_text("HELLO!", timeout=SLOW)

    switch = opened(page).get_by_role("switch", name="Loud Nodes")
    switch.click()
    expect(switch).to_have_accessible_description("Off", timeout=SLOW)
    page.keyboard.press("Escape")
    expect(shouted).to_contain_text("in the pack Loud Nodes, which is off. Its values are kept.")
    expect(shouted.get_by_role("textbox", name="word")).to_have_value("hello")
    expect(shouted.get_by_role("note")).to_contain_text("which is off: turn it on")
    page.get_by_role("button", name="Turn on Loud Nodes").click()
    consent = page.get_by_role("group", name="its code runs on this machine")
    expect(consent).to_be_visible()
    page.keyboard.press("Escape")
    opened(page)
    expect(consent).to_have_count(0)


def _add_shout(page: Page) -> Locator:
    expect(page.get_by_role("dialog")).to_have_count(0)
    open_empty(page)
    page.locator("[data-canvas]").focus()
    page.keyboard.press("Tab")
    page.get_by_role("combobox", name="Add a node").fill("Shout")
    page.keyboard.press("Enter")
    added = page.locator(".react-flow__node.selected")
    expect(added).to_have_count(1)
    return added


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
def test_a_pack_that_ended_the_worker_says_so_and_everybody_can_read_it(page: Page) -> None:
    packs = opened(page)
    boom = row(packs, "boom")
    expect(boom).to_contain_text("Turned off by itself", timeout=SLOW)
    expect(boom).to_contain_text("Importing it ended the worker process (exit code 7).")
    expect(boom.get_by_role("switch")).not_to_be_checked()
    row(packs, "Loud Nodes").get_by_role("switch").click()
    examiner = Examiner.of(page)
    examiner.look_at(packs, "packs")
    assert examiner.faults == {}
    packs.get_by_role("searchbox").fill("nothing like it")
    expect(packs).to_contain_text("No pack has to do with “nothing like it”.")
