"""How does the page feel with 2,000 nodes and 4,000 wires? Prints JSON.

    python benchmarks/editor.py [--zooms 0.04 0.15 0.3 0.5 1]

A real server, the real page in Chromium without a GPU, driven by mouse and keyboard. Frame times
are what `requestAnimationFrame` says, scripting is the renderer's main thread (its own CPU time,
so that other processes do not count). Needs Playwright for Python and a Chromium.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Page, expect, sync_playwright

import wirebrush_web

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))  # the same graph as the tests use

import page_probe  # noqa: E402
from browser_studio import TOUR_SEEN  # noqa: E402
from large_graph import TICKER_PACK  # noqa: E402
from large_page import LargePage, upload_pictures  # noqa: E402
from server_process import Server  # noqa: E402

DIST = Path(wirebrush_web.__file__).parent / "dist"
FLAGS = ["--no-sandbox", "--disable-gpu"]
QUIET = 50
"""Milliseconds between two frames: longer, and the page was busy."""

PAINTED = """async () => {
  const times = [];
  const state = document.querySelector('[data-id="ticker"] header span');
  let received = probe.messages.length;
  new MutationObserver(() => {
    const since = probe.messages[received];
    received = probe.messages.length;
    if (since === undefined) return;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => times.push(performance.now() - since);
      port2.postMessage(0);
    });
  }).observe(state, { characterData: true, childList: true, subtree: true });
  await new Promise(done => setTimeout(done, 2500));
  return times;
}"""
"""From the first message that is not shown yet until the frame that shows it is done."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zooms", type=float, nargs="+", default=[0.04, 0.15, 0.3, 0.5, 1.0])
    options = parser.parse_args()
    with studio() as (context, link), context.new_page() as page:
        page.goto(link)
        expect(page.get_by_text("connected").first).to_be_visible(timeout=60_000)
        page.wait_for_timeout(2_000)
        cdp = context.new_cdp_session(page)
        cdp.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
        cdp.send("Performance.enable")
        opened = opening(page)
        large = LargePage(page, opened.pop("workflow"))
        result = {
            "benchmark": "editor",
            "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
            "load": os.getloadavg()[0],
            "unit": "ms",
            "open": opened,
            "moving": {str(zoom): moving(large, zoom) for zoom in options.zooms},
            "coming_near": coming_near(large),
            "keystroke": keystroke(large, cdp),
            "drag": drag(large, cdp),
            "progress_to_painted": progress(large),
            "reload": reload(page),
            "first_load_gzip_kB": first_load(),
        }
    print(json.dumps(result, indent=2))


@contextmanager
def studio() -> Iterator[tuple[BrowserContext, str]]:
    """A browser, and the link of a server that has the pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data, packs = Path(folder) / "data", Path(folder) / "packs"
        data.mkdir()
        packs.mkdir()
        (packs / "ticker.py").write_text(TICKER_PACK)
        with Server(data, packs) as server, sync_playwright() as playwright:
            upload_pictures(server.link)
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            context = browser.new_context(viewport={"width": 1600, "height": 1000})
            page_probe.install(context)
            context.add_init_script(TOUR_SEEN)
            yield context, server.link
            browser.close()


def opening(page: Page) -> dict[str, Any]:
    """From dropping the file until the graph is painted, and until nothing keeps the page busy."""
    began = page.evaluate("() => { probe.frames = []; return performance.now(); }")
    large = LargePage.open(page)
    shown = page.evaluate("performance.now()")
    page.wait_for_timeout(4_000)
    return {
        "workflow": large.workflow,
        "shown": round(shown - began),
        "quiet": round(_quiet(page, began)),
    }


def moving(large: LargePage, zoom: float) -> dict[str, Any]:
    """Panning and zooming, to and fro."""
    large.fit()
    if zoom > large.view()[0] * 1.05:
        large.zoom_to(zoom, large.place("100-first"))
    with page_probe.watched(large.page) as pan:
        for _ in range(3):
            large.pan((-420, -90), steps=45)
            large.pan((420, 90), steps=45)
    large.page.mouse.move(800, 500)
    with page_probe.watched(large.page) as wheel:
        for turn in range(48):
            large.page.mouse.wheel(0, -30 if turn % 24 < 12 else 30)
            large.page.wait_for_timeout(16)
    return {"mounted": large.mounted.count(), "pan": _frames(pan), "zoom": _frames(wheel)}


def coming_near(large: LargePage) -> dict[str, Any]:
    """From the painted graph to nodes, by a few turns of the wheel."""
    large.fit()
    large.zoom_to(0.3, large.place("100-first"))
    with page_probe.watched(large.page) as counts:
        for _ in range(6):
            large.page.mouse.wheel(0, -100)
            large.page.wait_for_timeout(30)
        large.page.wait_for_timeout(1_000)
    return {"mounted": large.mounted.count(), **_frames(counts)}


def keystroke(large: LargePage, cdp: CDPSession, letters: int = 40) -> dict[str, Any]:
    """Typing into a prompt."""
    large.come_near("100-positive")
    large.node("100-positive").get_by_role("textbox").press("x")
    large.page.wait_for_timeout(1_500)
    with page_probe.watched(large.page) as counts:
        spent = _spent(cdp, lambda: large.page.keyboard.type("a" * letters, delay=60))
    per = {name: round(value / letters, 1) for name, value in spent.items()}
    return {**per, "nodes_drawn": len(counts["renders"]), "frames": _frames(counts)}


def drag(large: LargePage, cdp: CDPSession, moves: int = 40) -> dict[str, Any]:
    """Dragging a wired node."""
    large.come_near("100-decode")
    large.planned()
    start = large.place("100-decode", 40, 15)
    with page_probe.watched(large.page) as counts:
        spent = _spent(cdp, lambda: large.drag(start, (88, 66), steps=moves))
    large.page.keyboard.press("Control+z")
    per = {name: round(value / moves, 1) for name, value in spent.items()}
    return {**per, "drawn": sorted(counts["renders"]), "frames": _frames(counts)}


def progress(large: LargePage) -> dict[str, Any]:
    """A node that reports twenty times a second."""
    large.come_near("ticker")
    large.node("ticker").locator("header").click()
    large.page.keyboard.press("Alt+Enter")
    state = large.node("ticker").locator("header span")
    expect(state).to_contain_text("/ 60", timeout=120_000)
    times = sorted(large.page.evaluate(PAINTED))
    expect(state).not_to_contain_text("/ 60", timeout=60_000)
    return {"events": len(times), **_stats(times)}


def reload(page: Page, repeats: int = 3) -> dict[str, Any]:
    """Reloading with the large workflow open: until the graph is painted, and until it is quiet."""
    shown: list[float] = []
    quiet: list[float] = []
    page.wait_for_timeout(2_000)
    for _ in range(repeats):
        page.reload()
        page.locator("canvas[data-overview], .react-flow__node").first.wait_for(state="visible")
        shown.append(page.evaluate("performance.now()"))
        page.wait_for_timeout(4_000)
        quiet.append(_quiet(page, 0))
    return {"shown": round(statistics.median(shown)), "quiet": round(statistics.median(quiet))}


def first_load() -> float:
    """What `index.html` asks for at once, compressed as a server would."""
    names = re.findall(
        r'(?:src|href)="[^"]*?(assets/[^"]+\.js)"', (DIST / "index.html").read_text()
    )
    return round(sum(len(gzip.compress((DIST / name).read_bytes())) for name in names) / 1000, 1)


def _spent(cdp: CDPSession, act: Callable[[], None]) -> dict[str, float]:
    """Milliseconds of the page's main thread."""
    before = _metrics(cdp)
    act()
    after = _metrics(cdp)
    names = {"scripting": "ScriptDuration", "all": "TaskDuration"}
    return {name: (after[metric] - before[metric]) * 1000 for name, metric in names.items()}


def _metrics(cdp: CDPSession) -> dict[str, float]:
    found = cdp.send("Performance.getMetrics")["metrics"]
    return {item["name"]: item["value"] for item in found}


def _quiet(page: Page, began: float) -> float:
    """When the last long frame ended, after `began`."""
    frames: list[float] = page.evaluate("probe.frames")
    ends = [end for start, end in pairwise(frames) if end - start > QUIET and end > began]
    return max(ends, default=frames[0]) - began


def _frames(counts: dict[str, Any]) -> dict[str, Any]:
    frames: list[float] = counts["frames"]
    return _stats(sorted(b - a for a, b in pairwise(frames)))


def _stats(values: list[float]) -> dict[str, Any]:
    if not values:
        return {}
    late = values[min(len(values) - 1, int(len(values) * 0.95))]
    found = {"median": statistics.median(values), "p95": late, "worst": values[-1]}
    return {name: round(value, 1) for name, value in found.items()}


if __name__ == "__main__":
    main()
