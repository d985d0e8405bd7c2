"""The real server and a real browser, as a person has them. Skipped where there is no Chromium."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

from browser_studio import PATIENCE, Studio, new_window
from chromium import CHROMIUM, launched
from server_process import Server, at_rest

TROUBLE = '''
import os
import time
from pathlib import Path
from wirebrush import Expand, Image, Run, Subgraph, node

@node(id="Trouble", category="trouble", output=True, cache="never")
def trouble() -> None:
    """Ends the worker process, as a driver that crashes does."""
    os._exit(5)

@node(id="Kettle", category="trouble", output=True, cache="never")
def kettle(strength: float = 2.5) -> None:
    """Goes wrong."""
    raise ValueError("The kettle is empty.")

@node(id="Clock", category="trouble", output=True, cache="never")
def clock(*, run: Run) -> None:
    """Ticks for a while."""
    for value in range(60):
        time.sleep(0.05)
        run.step(value + 1, 60)

@node(id="Gate", category="trouble")
def gate(images: Image, until: str = "", *, run: Run) -> Image:
    """Holds pictures back until there is a file."""
    while not Path(until).exists():
        run.step(1, 2)
        time.sleep(0.05)
    return images

@node(id="Unfold", category="trouble", output=True)
def unfold(size: int = 64) -> int | Expand:
    """Shows a picture by way of other nodes."""
    graph = Subgraph()
    graph.node("PreviewImage", images=graph.node("EmptyImage", width=size, height=size))
    return graph.result(size)
'''


class Kept(NamedTuple):
    """The open browser, and all that is closed with it."""

    chromium: Browser
    all_of_it: ExitStack


KEPT = pytest.StashKey[Kept]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(900))
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="there is no Chromium"))


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """What is expected comes at once on an idle machine; a busy one may take its time."""
    expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pack: one node ends its process, one fails, one takes long,
    one waits until it is told, one becomes others."""
    folder: Path = tmp_path_factory.mktemp("packs")
    (folder / "trouble.py").write_text(TROUBLE)
    return folder


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory, packs: Path) -> Iterator[str]:
    """A running studio with an empty data folder and two embeddings: the link that it prints."""
    models: Path = tmp_path_factory.mktemp("models")
    (models / "embeddings").mkdir()
    for name in ("misty", "blurry"):
        (models / "embeddings" / f"{name}.safetensors").write_bytes(b"")
    with Server(tmp_path_factory.mktemp("studio"), packs, models) as server:
        yield server.link


@pytest.fixture(scope="module")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    """The same for all files, as starting one takes seconds; what they open in it is their own."""
    kept = pytestconfig.stash.get(KEPT, None)
    if kept is None or not kept.chromium.is_connected():
        _close(pytestconfig)
        with ExitStack() as stack:
            playwright = stack.enter_context(sync_playwright())
            chromium = launched(playwright.chromium)
            stack.callback(chromium.close)
            kept = pytestconfig.stash[KEPT] = Kept(chromium, stack.pop_all())
    yield kept.chromium
    for context in kept.chromium.contexts:
        context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, None, None]:
    """While the browser is open, no event loop of other tests can run in this thread."""
    try:
        return (yield)
    finally:
        if nextitem is None or Path(__file__).parent not in nextitem.path.parents:
            _close(item.config)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Also after tests that were broken off."""
    _close(session.config)


def _close(config: pytest.Config) -> None:
    if KEPT in config.stash:
        config.stash[KEPT].all_of_it.close()
        del config.stash[KEPT]


@pytest.fixture
def studio(address: str, browser: Browser) -> Iterator[Studio]:
    """The page on a fresh copy of the postcard; the test fails if the console has errors."""
    at_rest(address)
    page = new_window(browser)
    complaints: list[str] = []
    page.on("console", lambda message: _note(complaints, message))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    studio = Studio(page)
    studio.open_postcard()
    yield studio
    page.context.close()
    meant = tuple(studio.forgiven)
    assert [text for text in complaints if not (meant and text.endswith(meant))] == []


def _note(complaints: list[str], message: ConsoleMessage) -> None:
    if message.type in ("error", "warning"):
        complaints.append(message.text)


@pytest.fixture
def page(studio: Studio) -> Page:
    return studio.page
