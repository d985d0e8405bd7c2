"""A workflow of two thousand nodes: what is in the page, what is drawn anew, and that all works."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import page_probe
import pytest
from browser_studio import SLOW, new_window
from graph_building import box_of
from large_graph import TICKER_PACK, large_workflow
from large_page import LargePage, upload_pictures
from playwright.sync_api import Browser, expect
from server_process import Server

TICKS = 1200
"""A minute's worth: it is stopped before."""


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("large")
    packs: Path = folder / "packs"
    packs.mkdir()
    (packs / "ticker.py").write_text(TICKER_PACK)
    (folder / "data").mkdir()
    with Server(folder / "data", packs) as server:
        upload_pictures(server.link)
        yield server.link


@pytest.fixture(scope="module")
def opened(link: str, browser: Browser) -> Iterator[LargePage]:
    """One page for all: opening is the dear part, and every test starts from the whole graph."""
    page = new_window(browser)
    page_probe.install(page.context)
    page.goto(link)
    expect(page.get_by_text("connected").first).to_be_visible()
    workflow = large_workflow()
    workflow["nodes"]["ticker"]["values"]["count"] = TICKS
    yield LargePage.open(page, workflow)
    page.context.close()


@pytest.fixture
def large(opened: LargePage) -> LargePage:
    opened.page.keyboard.press("Escape")
    opened.fit()
    expect(opened.overview).to_be_visible()
    return opened


def test_the_whole_graph_is_painted_and_no_node_is_in_the_page(large: LargePage) -> None:
    expect(large.mounted).to_have_count(0)
    large.coloured(20)  # pictures among them


def test_near_by_only_what_is_seen_is_in_the_page(large: LargePage) -> None:
    large.come_near("100-first")
    expect(large.overview).to_be_hidden()
    for _ in range(5):
        large.pan((-240, -60), steps=6)
        large.still()
        assert large.strays() == 0
        assert 0 < large.mounted.count() < 40


def test_an_edit_draws_no_other_node(large: LargePage) -> None:
    large.come_near("100-positive")
    text = large.node("100-positive").get_by_role("textbox")
    large.planned()
    with large.unplanned():
        text.press("x")  # what stands below is stale from now on, and says so once
        with page_probe.watched(large.page) as counts:
            text.press_sequentially("boat")
    assert set(counts["renders"]) == {"node 100-positive"}
    assert counts["mounts"] == {}


def test_a_drag_draws_only_what_moves(large: LargePage) -> None:
    large.come_near("100-decode")
    large.planned()
    title = large.node("100-decode").locator("header")
    title.click()
    box = box_of(title)
    with page_probe.watched(large.page) as counts:
        large.drag((box["x"] + 20, box["y"] + 8), (44, 66), steps=12)
    moved = {name for name in counts["renders"] if name.startswith("node ")}
    wires = {name for name in counts["renders"] if name.startswith("wire ")}
    assert moved == {"node 100-decode"}
    assert wires <= {"wire 100-decode\nsamples", "wire 100-decode\nvae", "wire 100-save\nimages"}
    large.page.keyboard.press("Control+z")


def test_progress_costs_one_commit_for_each_event(large: LargePage) -> None:
    large.come_near("ticker")
    large.node("ticker").locator("header").click()
    state = large.node("ticker").locator("header span")
    large.planned()
    large.page.keyboard.press("Alt+Enter")
    expect(state).to_contain_text(f"/ {TICKS}", timeout=SLOW)
    before = large.page.evaluate("probe.messages.length")
    started = time.monotonic()
    with page_probe.watched(large.page) as counts:
        large.page.wait_for_function("count => probe.messages.length > count", arg=before + 20)
    seconds = time.monotonic() - started
    events = len(counts["messages"]) - before
    assert events > 10
    others = {name for name in counts["renders"] if name != "node ticker"}
    assert others == set()
    # Two clocks (time left here and in the queue, four times a second each) and the panel's own
    # news come on top; a second commit for each event would be `events` more.
    assert counts["commits"] <= events + 8 * seconds + 6
    large.page.get_by_role("button", name="Cancel", exact=True).first.click()
    expect(state).not_to_contain_text(f"/ {TICKS}", timeout=SLOW)


def test_a_field_being_written_stays_in_the_page(large: LargePage) -> None:
    large.come_near("100-positive")
    text = large.node("100-positive").get_by_role("textbox")
    text.fill("a boat")
    large.zoom_to(0.2, large.place("100-positive"))
    expect(large.overview).to_be_visible()
    expect(large.mounted).to_have_count(1)
    large.page.keyboard.type(" at night")
    expect(text).to_have_value("a boat at night")
    large.page.evaluate("() => document.activeElement.blur()")
    expect(large.mounted).to_have_count(0)


def test_painted_nodes_are_selected_dragged_and_put_back(large: LargePage) -> None:
    large.zoom_to(0.3, large.place("100-first"))
    expect(large.mounted).to_have_count(0)
    zoom = large.view()[0]
    large.drag(large.place("100-first"), (198 * zoom, 99 * zoom))  # on the grid
    large.workflow["nodes"]["100-first"]["at"][0] += 198
    large.workflow["nodes"]["100-first"]["at"][1] += 99
    large.page.mouse.dblclick(*large.place("100-first"))
    expect(large.node("100-first")).to_be_visible()
    expect(large.overview).to_be_hidden()
    large.still()
    box = box_of(large.node("100-first"))
    left, top = large.place("100-first", 0, 0)
    assert abs(box["x"] - left) < 14
    assert abs(box["y"] - top) < 14
    large.page.keyboard.press("Control+z")
    large.workflow["nodes"]["100-first"]["at"] = large_workflow()["nodes"]["100-first"]["at"]
    large.still()
    box = box_of(large.node("100-first"))
    assert abs(box["x"] - large.place("100-first", 0, 0)[0]) < 3


def test_a_box_around_painted_nodes_selects_them(large: LargePage) -> None:
    large.zoom_to(0.2, large.place("100-first"))
    page = large.page
    page.mouse.move(*large.place("100-load", -30, 60))
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(*large.place("100-positive", 100, 40), steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page.get_by_text("2 nodes selected").first).to_be_attached()


def test_everything_is_deleted_and_undone(large: LargePage) -> None:
    page = large.page
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(large.overview).to_be_visible()
    large.still()
    empty = large.colours()
    page.keyboard.press("Control+z")
    large.coloured(empty + 10)


def test_the_small_map_goes_where_it_is_pressed(large: LargePage) -> None:
    large.zoom_to(0.6, large.place("100-first"))
    before = large.view()
    small = large.page.get_by_role("button", name="Map of the workflow")
    box = box_of(small)
    large.page.mouse.click(box["x"] + 20, box["y"] + 20)
    large.still()
    after = large.view()
    assert after[0] == before[0]
    assert after[1] > before[1] + 1000
    small.focus()
    large.page.keyboard.press("ArrowRight")
    large.still()
    assert large.view()[1] < after[1]
