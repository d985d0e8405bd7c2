"""The page with the large workflow open: moving over it, and knowing where things are."""

from __future__ import annotations

import math
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from browser_studio import FRAME, SLOW, STILL
from dropping import drop_workflow
from large_graph import large_workflow, pictures
from playwright.sync_api import Locator, Page, expect
from server_process import TOKEN

VIEW = """() => {
  const { a, e, f } = new DOMMatrix(
    getComputedStyle(document.querySelector(".react-flow__viewport")).transform);
  const { x, y } = document.querySelector("[data-document]").getBoundingClientRect();
  return [a, e + x, f + y];
}"""

COLOURS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Set();
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 200)
      colours.add((data[i] >> 4) * 256 + (data[i + 1] >> 4) * 16 + (data[i + 2] >> 4));
  return colours.size;
}"""

STRAY = """margin => {
  const { x, y, right, bottom } =
    document.querySelector("[data-document]").getBoundingClientRect();
  return [...document.querySelectorAll(".react-flow__node:not(.react-flow__node-frame)")]
    .filter(node => {
      const box = node.getBoundingClientRect();
      return box.right < x - margin || box.left > right + margin ||
        box.bottom < y - margin || box.top > bottom + margin;
    }).length;
}"""
"""How many nodes are in the page although they are out of sight."""


def upload_pictures(link: str) -> None:
    """Give the server the pictures that the workflow loads."""
    address = urlsplit(link)
    for name, data in pictures():
        headers = {
            "Authorization": f"Bearer {TOKEN}",
            "Content-Type": "image/png",
            "X-Filename": name,
        }
        url = f"http://{address.netloc}/v1/assets"
        request = urllib.request.Request(url, data=data, method="POST", headers=headers)
        urllib.request.urlopen(request, timeout=60).close()


@dataclass(frozen=True)
class LargePage:
    """The page in front of somebody whose workflow has thousands of nodes."""

    page: Page
    workflow: dict[str, Any]

    @classmethod
    def open(cls, page: Page, workflow: dict[str, Any] | None = None) -> LargePage:
        """Drop the workflow's file on the page."""
        workflow = large_workflow() if workflow is None else workflow
        drop_workflow(page, workflow)
        large = cls(page, workflow)
        expect(large.overview).to_be_visible(timeout=SLOW)
        return large

    @property
    def overview(self) -> Locator:
        """The painted graph; not there while nodes are in the page."""
        return self.page.locator("canvas[data-overview]")

    @property
    def mounted(self) -> Locator:
        """Nodes in the page, frames left out."""
        return self.page.locator(".react-flow__node:not(.react-flow__node-frame)")

    def node(self, name: str) -> Locator:
        return self.page.locator(f'.react-flow__node[data-id="{name}"]')

    def view(self) -> tuple[float, float, float]:
        """Zoom, and where the canvas's origin is in the window."""
        zoom, x, y = self.page.evaluate(VIEW)
        return zoom, x, y

    def place(self, name: str, right: float = 60, down: float = 20) -> tuple[float, float]:
        """Where a point of a node is in the window."""
        zoom, x, y = self.view()
        left, top = self.workflow["nodes"][name]["at"]
        return x + (left + right) * zoom, y + (top + down) * zoom

    def fit(self) -> None:
        """Show the whole graph."""
        self.page.evaluate("() => document.activeElement?.blur()")
        self.page.keyboard.press("f")
        self.still()

    def still(self) -> None:
        """Wait until the view does not move any more."""
        self.page.evaluate(STILL)

    def planned(self) -> None:
        """Wait until the server has said what a run would compute: nodes say so, all at once."""
        expect(self.page.locator("[data-known=true]")).to_be_visible(timeout=SLOW)

    @contextmanager
    def unplanned(self) -> Iterator[None]:
        """Meanwhile the server does not say it: who edits slowly would hear of it in between."""
        self.page.route("**/v1/plan", lambda _: None)
        yield
        self.page.unroute_all()

    def zoom_to(self, zoom: float, at: tuple[float, float]) -> None:
        """Turn the wheel over a place of the window."""
        self.page.mouse.move(*at)
        for _ in range(40):
            missing = math.log2(zoom / self.view()[0])
            if abs(missing) < 0.03:
                break
            self.page.mouse.wheel(0, -max(-300, min(300, missing / 0.002)))
            self.page.evaluate(FRAME)
        self.still()

    def come_near(self, name: str, zoom: float = 1) -> None:
        """Go to a node by the palette, then zoom."""
        self.page.keyboard.press("Control+k")
        entry = self.page.get_by_role("combobox", name="Find anything")
        entry.fill(f"Go to {name}")
        self.page.get_by_role("option", name=name).first.click()
        expect(self.node(name)).to_be_visible()
        self.still()
        if abs(self.view()[0] - zoom) > 0.05 * zoom:
            self.zoom_to(zoom, self.place(name))

    def drag(self, start: tuple[float, float], by: tuple[float, float], steps: int = 8) -> None:
        """Press, move, let go."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(start[0] + by[0], start[1] + by[1], steps=steps)
        self.page.mouse.up()

    def pan(self, by: tuple[float, float], steps: int = 30) -> None:
        """Move the view with the middle button."""
        self.page.mouse.move(800, 500)
        self.page.mouse.down(button="middle")
        self.page.mouse.move(800 + by[0], 500 + by[1], steps=steps)
        self.page.mouse.up(button="middle")

    def strays(self, margin: float = 60) -> int:
        """How many nodes are in the page although they are further out of sight than that."""
        return int(self.page.evaluate(STRAY, margin))

    def coloured(self, more_than: int) -> None:
        """Wait until more than so many clearly different colours are painted."""
        painted = self.overview.element_handle()
        test = f"([canvas, least]) => ({COLOURS})(canvas) > least"
        self.page.wait_for_function(test, arg=[painted, more_than])

    def colours(self) -> int:
        """How many clearly different colours are painted."""
        return int(self.overview.evaluate(COLOURS))
