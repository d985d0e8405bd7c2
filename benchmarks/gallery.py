"""Ten thousand pictures: how fast are pages and searches, and how smoothly are they looked through?
Prints JSON.

    python benchmarks/gallery.py [--pictures 10000] [--chromium /usr/bin/chromium]

The pictures are small and of their own colours; prompts and models take turns. Pages are asked over
HTTP, the gallery is scrolled from top to bottom in a headless Chromium without a GPU.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from PIL import Image

from wirebrush.jobs import assettable
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.records import AssetRecord

TOKEN = "benchmark-token"
SUBJECTS = ("a red house", "a boat at sea", "a snowy forest", "mountains at night")
MODELS = ("postcards", "inkwash.safetensors")
SCROLL = """async seconds => {
  const box = document.querySelector("[role=dialog] [aria-busy]");
  const gaps = [], tiles = [];
  const end = performance.now() + seconds * 1000;
  let last = performance.now();
  while (last < end) {
    const now = await new Promise(requestAnimationFrame);
    gaps.push(now - last);
    last = now;
    box.scrollTop += 60;
    if (gaps.length % 10 === 0) tiles.push(box.querySelectorAll("li").length);
  }
  gaps.sort((a, b) => a - b);
  const at = part => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * part))];
  return { median_ms: at(0.5), p95_ms: at(0.95), worst_ms: gaps.at(-1), fps: 1000 / at(0.5),
    tiles_most: Math.max(...tiles), scrolled_px: box.scrollTop };
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--chromium", default=shutil.which("chromium") or "")
    parser.add_argument("--seconds", type=float, default=8.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data = Path(folder)
        asyncio.run(fill(data, given.pictures))
        server, link = serve(data)
        try:
            result: dict[str, Any] = {
                "benchmark": "gallery",
                "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
                "pictures": given.pictures,
                "http": asked(link.split("/?", maxsplit=1)[0]),
                "browser": scrolled(link, given.chromium, given.seconds)
                if given.chromium
                else None,
            }
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(20)
    print(json.dumps(result, indent=2))


async def fill(data: Path, count: int) -> None:
    """Files and rows of the gallery in one go."""
    journal = await Journal.open(data / "journal.db")
    records = [keep(data / "assets", number) for number in range(count)]
    await journal.write(lambda db: [assettable.add(db, record, False) for record in records])
    await journal.close()


def keep(folder: Path, number: int) -> AssetRecord:
    """Write one picture where the store looks for it; the record that tells of it."""
    out = io.BytesIO()
    colour = (number % 256, number * 7 % 256, number // 256)
    Image.new("RGB", (96, 64), colour).save(out, "PNG")
    digest = hashlib.sha256(out.getvalue()).hexdigest()
    place = folder / digest[:2]
    place.mkdir(parents=True, exist_ok=True)
    (place / digest).write_bytes(out.getvalue())
    return AssetRecord(
        id=digest,
        name=f"made/picture_{number:05d}.png",
        mime="image/png",
        kind="output",
        size=len(out.getvalue()),
        created=time.time() - number,
        width=96,
        height=64,
        job=f"{number:016d}",
        prompt=f"{SUBJECTS[number % 4]}, number {number}",
        models=(MODELS[number % 2],),
        seed=str(number),
    )


def serve(data: Path) -> tuple[subprocess.Popen[str], str]:
    """A server on the folder, and the link that it prints."""
    command = [sys.executable, "-m", "wirebrush", "serve", "--no-browser", "--device", "cpu"]
    server = subprocess.Popen(
        [*command, "--data", str(data), "--port", "0", "--token", TOKEN],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"http://\S+", line):
            return server, found[0]
    raise SystemExit("The server ended without printing its link.")


def asked(address: str) -> dict[str, float]:
    """Milliseconds for what the gallery asks, the median of nine each."""
    questions = {
        "first_page_ms": "assets?kind=output&limit=200",
        "search_ms": "assets?kind=output&limit=200&search=boat+number",
        "search_of_nothing_ms": "assets?kind=output&limit=200&search=zebra",
        "model_ms": "assets?kind=output&limit=200&model=postcards",
        "facets_ms": "assets/facets?kind=output",
    }
    return {name: milliseconds(f"{address}/v1/{query}") for name, query in questions.items()}


def milliseconds(url: str) -> float:
    """The median time of an answer."""
    times: list[float] = []
    for _ in range(9):
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
        began = time.perf_counter()
        with urllib.request.urlopen(request) as answer:
            answer.read()
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times), 1)


def scrolled(link: str, chromium: str, seconds: float) -> dict[str, Any]:
    """How the gallery moves while it is scrolled, pages of it being fetched on the way."""
    from playwright.sync_api import sync_playwright  # only this part needs it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.add_init_script('localStorage.setItem("wirebrush.settings", \'{"tourSeen": true}\')')
        page.goto(link)
        page.get_by_role("button", name="All pictures").click()
        page.locator("[role=dialog] li[data-asset]").first.wait_for()
        page.wait_for_timeout(1500)
        moved = dict[str, Any](page.evaluate(SCROLL, seconds))
        browser.close()
    return {name: round(value, 1) for name, value in moved.items()}


if __name__ == "__main__":
    main()
