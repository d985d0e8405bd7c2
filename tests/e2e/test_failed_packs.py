"""A pack that cannot be loaded is said where everybody looks, with the line that says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_studio import SLOW, new_window
from playwright.sync_api import Browser, Page, Route, expect
from server_process import Server

BROKEN = "import a_module_that_is_not_there\n"
NO_NODES = {
    "digest": "0",
    "nodes": [],
    "failures": [
        {"pack": "builtin", "error": "ModuleNotFoundError: No module named 'x'", "traceback": ""}
    ],
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A studio with the built-in nodes and a pack that cannot be imported."""
    packs: Path = tmp_path_factory.mktemp("broken")
    (packs / "sketchy.py").write_text(BROKEN)
    with Server(tmp_path_factory.mktemp("studio"), packs) as server:
        yield server.link


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = new_window(browser, 1280, 800)
    yield page
    page.context.close()


def test_one_pack_of_several(page: Page, broken: str) -> None:
    page.goto(broken)
    told = page.locator("footer").get_by_role("button", name="1 pack could not be loaded")
    told.click(timeout=SLOW)
    failures = page.get_by_role("region", name="Packs that could not be loaded")
    expect(failures).to_contain_text("sketchy")
    expect(failures).to_contain_text("No module named 'a_module_that_is_not_there'")
    expect(failures).to_contain_text("look again in the list of packs")
    failures.get_by_role("button", name="Packs").click()
    packs = page.get_by_role("dialog", name="Packs")
    expect(packs.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator(".react-flow__node").first).to_be_visible()


def test_no_pack_at_all(page: Page, broken: str) -> None:
    def answer(route: Route) -> None:
        route.fulfill(json=NO_NODES)

    page.route("**/v1/nodes", answer)
    page.goto(broken)
    failures = page.get_by_role("region", name="Packs that could not be loaded")
    expect(failures).to_contain_text("No module named 'x'")
    expect(page.get_by_text("A worker is loading the node types")).to_have_count(0)
