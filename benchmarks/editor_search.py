"""How long does the page look for a node type among 5,000? Prints JSON.

    python benchmarks/editor_search.py [--types 5000]

A real server with a pack of that many node types, the real page in Chromium, letters typed into the
menu that adds nodes. Per letter: the page's scripting (its own CPU time), and the time from the key
until the list below it has changed. Needs Playwright for Python and a Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from browser_studio import TOUR_SEEN  # noqa: E402
from server_process import Server  # noqa: E402

FLAGS = ["--no-sandbox", "--disable-gpu"]
QUERIES = ("ksampler", "load image", "blur 17", "sharpen mask", "conditonning")
"""A type, words, one of thousands, two words of thousands, and a slip of the fingers."""

PACK = '''
from wirebrush import node

VERBS = ("Blur", "Sharpen", "Crop", "Mix", "Scale", "Sort", "Split", "Join", "Tint", "Warp")
NOUNS = ("Image", "Mask", "Latent", "Text", "Number")

def typed(number):
    verb, noun = VERBS[number % len(VERBS)], NOUNS[number % len(NOUNS)]
    @node(id=f"{verb}{noun}{number}", title=f"{verb} {noun} {number}", category=f"many/{noun}")
    def made(value: float = 1.0, count: int = 1) -> float:
        """Does something to something, as its name says, and gives it back."""
        return value * count
    return made

globals().update({f"made_{number}": typed(number) for number in range(MANY)})
'''

CHANGED = """box => {
  window.times = [];
  const list = box.closest("[role=dialog]");
  let pressed = null;
  box.addEventListener("keydown", () => { pressed = performance.now(); }, true);
  new MutationObserver(() => {
    if (pressed === null) return;
    times.push(performance.now() - pressed);
    pressed = null;
  }).observe(list, { childList: true, subtree: true, characterData: true, attributes: true });
}"""
"""From each key until the list is another."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--types", type=int, default=5_000)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data, packs = Path(folder) / "data", Path(folder) / "packs"
        data.mkdir()
        packs.mkdir()
        (packs / "many.py").write_text(PACK.replace("MANY", str(options.types)))
        with Server(data, packs) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            context = browser.new_context(viewport={"width": 1600, "height": 1000})
            context.add_init_script(TOUR_SEEN)
            page = context.new_page()
            page.goto(server.link)
            found = searching(page)
            browser.close()
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    print(json.dumps({"benchmark": "editor_search", "machine": machine, "unit": "ms", **found}))


def searching(page: Page) -> dict[str, Any]:
    """Type each query letter by letter."""
    expect(page.get_by_role("treeitem").first).to_be_visible(timeout=120_000)
    expect(page.get_by_text("connected").first).to_be_visible(timeout=60_000)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    cdp.send("Performance.enable")
    page.locator("[data-canvas]").focus()
    page.keyboard.press("Tab")
    box = page.get_by_role("combobox", name="Add a node")
    box.evaluate(CHANGED)
    queries = {query: _typed(page, cdp, query) for query in QUERIES}
    return {"types": page.evaluate(COUNT), "letters": queries}


COUNT = "async () => (await (await fetch('/v1/nodes')).json()).nodes.length"


def _typed(page: Page, cdp: CDPSession, query: str) -> dict[str, Any]:
    box = page.get_by_role("combobox", name="Add a node")
    box.fill("")
    page.wait_for_timeout(300)
    page.evaluate("() => { times.length = 0; }")
    before = _scripting(cdp)
    page.keyboard.type(query, delay=80)
    page.wait_for_timeout(200)
    spent = (_scripting(cdp) - before) * 1000 / len(query)
    times: list[float] = sorted(page.evaluate("times"))
    late = times[int(len(times) * 0.5)] if times else None
    worst = times[-1] if times else None
    return {"scripting": round(spent, 1), "list_median": late, "list_worst": worst}


def _scripting(cdp: CDPSession) -> float:
    found = cdp.send("Performance.getMetrics")["metrics"]
    return next(float(item["value"]) for item in found if item["name"] == "ScriptDuration")


if __name__ == "__main__":
    main()
