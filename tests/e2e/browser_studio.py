"""What a person does with the page, in words of the page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from dropping import drop_workflow, postcard
from playwright.sync_api import Browser, Locator, Page, expect

SLOW = 180_000
"""Milliseconds that a run may take on a busy machine."""

PATIENCE = 60_000
"""Milliseconds that anything but a run may take there."""

SPREAD = """async img => {
  const until = Date.now() + 60_000;
  while (!(img.complete && img.naturalWidth) && Date.now() < until)
    await new Promise(done => setTimeout(done, 20));
  const canvas = new OffscreenCanvas(img.naturalWidth, img.naturalHeight);
  const drawing = canvas.getContext("2d");
  drawing.drawImage(img, 0, 0);
  const { data } = drawing.getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Set();
  for (let i = 0; i < data.length; i += 4)
    colours.add((data[i] >> 4) * 256 + (data[i + 1] >> 4) * 16 + (data[i + 2] >> 4));
  return colours.size;
}"""
"""How many clearly different colours a picture has, once it is there."""


WATCH = """state => {
  window.seenStates = [];
  new MutationObserver(() => window.seenStates.push(state.textContent))
    .observe(state, { characterData: true, childList: true, subtree: true });
}"""
"""Writes down every word that a node's state says: a fast run is over before a test looks."""

HEAR = """said => {
  window.heard = [];
  new MutationObserver(() => window.heard.push(said.textContent))
    .observe(said, { characterData: true, childList: true, subtree: true });
}"""
"""Writes down all that a screen reader is told: a notice goes by itself."""

TOUR_SEEN = """
if (location.protocol.startsWith("http")) {
  const kept = JSON.parse(localStorage.getItem("wirebrush.settings") ?? "{}");
  const settings = { tourSeen: true, queueCleared: Date.now() / 1000, ...kept };
  localStorage.setItem("wirebrush.settings", JSON.stringify(settings));
}
"""
"""The page of somebody who is not new here and whose list of jobs is empty: it shows a few only,
so that nobody could count the own ones among those of other tests."""

KEPT = re.compile("kept as a draft|saved$|saved ")

FRAME = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
"""Waits until the next frame is drawn."""

STILL = """thing => new Promise(done => {
  const placed = ({ style, offsetWidth, offsetHeight }) =>
    [style.transform, style.visibility, offsetWidth, offsetHeight].join();
  let [before, same] = ["", 0];
  const frame = () => {
    const moving = document.querySelectorAll(".react-flow__viewport, .react-flow__node");
    const own = thing?.getBoundingClientRect();
    const now = [...moving].map(placed).join() + JSON.stringify(own);
    same = now === before && !document.querySelector("[data-stirring]") ? same + 1 : 0;
    before = now;
    if (same < 4) requestAnimationFrame(frame);
    else done();
  };
  frame();
  setTimeout(done, 10_000);  // a window that nobody sees has no frames
})"""
"""Waits until view and nodes, and a thing, rest; what is drawn while they rest is drawn then."""


EDIT_ELSEWHERE = """async () => {
  const { document: id } = document.querySelector("[data-document]").dataset;
  const draft = await (await fetch(`/v1/drafts/${id}`)).json();
  const { name, file, base, etag, workflow } = draft;
  const sampler = Object.values(workflow.nodes).find(({ type }) => type === "KSampler");
  sampler.values.steps = 12;
  const answer = await fetch(`/v1/drafts/${id}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json", "If-Match": etag },
    body: JSON.stringify({ name, file, base, workflow, by: "Firefox" }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}"""
"""What another browser does that has the same document open and changes its steps to 12."""


def hear(page: Page) -> None:
    """Write down what is told from now on."""
    page.locator("[role=status][aria-atomic=false]").evaluate(HEAR)


def heard(page: Page, words: str) -> None:
    """Wait until it was told, which may be over by now."""
    page.wait_for_function("words => heard.some(told => told.includes(words))", arg=words)


def new_window(browser: Browser, width: int = 1600, height: int = 1000, **more: Any) -> Page:
    """A page in a context of its own, as somebody has it who is not new here."""
    context = browser.new_context(viewport={"width": width, "height": height}, **more)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(TOUR_SEEN)
    return context.new_page()


@dataclass(frozen=True)
class Studio:
    """The page of one browser window. `forgiven` are complaints of the console that are meant."""

    page: Page
    forgiven: list[str] = field(default_factory=list[str])

    def open_postcard(self) -> None:
        """A fresh copy of the first template, the fast way: its file is dropped on the page."""
        surface = self.page.locator("[data-document]")
        expect(surface).to_have_attribute("data-document", re.compile("."))
        drop_workflow(self.page, postcard())
        self._live()

    def open_template(self, title: str) -> None:
        """A fresh copy of a shipped workflow."""
        surface = self.page.locator("[data-document]")
        expect(surface).to_have_attribute("data-document", re.compile("."))
        before = surface.get_attribute("data-document") or ""
        self.open_panel("Templates").get_by_role("button", name=title, exact=True).first.click()
        expect(surface).not_to_have_attribute("data-document", before)
        self._live()

    def _live(self) -> None:
        """Wait until the page knows its jobs: what the cache holds comes with them.

        Nodes are there once a worker has told of their types, which it loads at its first start.
        """
        expect(self.page.locator("footer").last).to_contain_text(re.compile("connected.*cache"))
        expect(self.page.locator(".react-flow__node").first).to_be_visible(timeout=SLOW)

    def open_panel(self, section: str) -> Locator:
        """A section of what can be opened."""
        self.page.keyboard.press("Control+o")
        return self.page.get_by_role("dialog").get_by_role("region", name=section, exact=True)

    def command(self, menu: str, command: str) -> None:
        """Choose a command of the main menu."""
        self.page.get_by_role("button", name="Menu", exact=True).click()
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.get_by_role("menuitem", name=command).click()

    @property
    def tabs(self) -> Locator:
        """The open workflows."""
        return self.page.get_by_role("tab")

    @property
    def name(self) -> str:
        """The name of the open workflow."""
        return self.page.locator('[role=tab][aria-selected="true"]').inner_text()

    def node(self, title: str) -> Locator:
        """A node by its title."""
        titled = self.page.locator("header h2", has_text=title)
        return self.page.locator(".react-flow__node", has=titled)

    def state(self, title: str) -> Locator:
        """The words at the right of a node's title."""
        return self.node(title).locator("header span")

    def field(self, title: str, name: str) -> Locator:
        """A field of a node."""
        return self.node(title).get_by_role("textbox", name=name, exact=True)

    def wire(self, source: str, target: str) -> Locator:
        """A wire between two ports, each named "title port"."""
        return self.page.get_by_label(f"{source} → {target}", exact=True)

    def set_number(self, title: str, field: str, text: str) -> None:
        """Type into a number field."""
        entry = self.field(title, field)
        entry.focus()
        entry.fill(text)
        entry.press("Enter")

    def draw_wire(self, start: Locator, end: Locator) -> None:
        """Draw from one port to another, and hold the button."""
        (x, y), (to_x, to_y) = _middle(start), _middle(end)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move((x + to_x) / 2, (y + to_y) / 2, steps=4)
        self.page.mouse.move(to_x, to_y, steps=4)

    def still(self) -> None:
        """Wait until the view does not move any more."""
        self.page.evaluate(STILL)

    def run(self) -> None:
        """Press Run."""
        self.page.get_by_role("button", name="Run Ctrl").click()

    def watch(self, title: str) -> None:
        """Write down the states of a node from now on."""
        self.state(title).evaluate(WATCH)

    def seen(self) -> list[str]:
        """The states that the watched node went through."""
        return list(self.page.evaluate("window.seenStates"))

    def jobs(self, state: str) -> Locator:
        """Rows of the queue in a state."""
        return self.page.locator(f"li[data-state={state}]")

    def kept(self) -> None:
        """Wait until the server has every edit, in a draft or in the file."""
        expect(self.page.locator("footer").last).to_contain_text(KEPT)

    def edit_elsewhere(self) -> None:
        """Let somebody with another browser edit the open document, whose draft must be kept."""
        self.page.evaluate(EDIT_ELSEWHERE)
        self.forgiven.append("412 (Precondition Failed)")

    def save(self) -> None:
        """Save to the workflow's file."""
        self.page.keyboard.press("Control+s")
        expect(self.page.locator("footer").last).to_contain_text(re.compile(r"saved \d"))

    def colours(self, picture: Locator) -> int:
        """How many clearly different colours a picture has."""
        expect(picture).to_be_visible()
        return int(picture.evaluate(SPREAD))


def _middle(place: Locator) -> tuple[float, float]:
    place.evaluate(STILL)
    box = place.bounding_box()
    assert box is not None, "it cannot be seen"
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
