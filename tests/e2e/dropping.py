"""Files and pictures that come from outside the page: dropped on it or pasted into it."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

POSTCARD = Path(__file__).parents[2] / "workflows" / "postcard.json"

DROP = """([place, files]) => {
  const transfer = new DataTransfer();
  for (const [name, type, content] of files) {
    const data = typeof content === "string" ? content : new Uint8Array(content);
    transfer.items.add(new File([data], name, { type }));
  }
  document.querySelector(place).dispatchEvent(
    new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""

PASTE = """bytes => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
  (document.activeElement ?? document.body).dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
}"""

SURFACE = "[data-document]"


def drop_files(page: Page, files: dict[str, str], place: str = SURFACE) -> None:
    """Drop files of JSON, by name, on the first element that a selector finds.

    They go to the page as texts: a large one takes seconds as a list of numbers.
    """
    page.evaluate(DROP, [place, [[n, "application/json", text] for n, text in files.items()]])


def drop_picture(page: Page, name: str, picture: bytes, place: str = SURFACE) -> None:
    """Drop a PNG on the first element that a selector finds."""
    page.evaluate(DROP, [place, [[name, "image/png", list(picture)]]])


def drop_workflow(page: Page, workflow: dict[str, Any]) -> None:
    """Drop a workflow's file on a page that shows another, and wait until it is open."""
    surface = page.locator(SURFACE)
    expect(surface).to_have_attribute("data-document", re.compile("."))
    before = surface.get_attribute("data-document") or ""
    drop_files(page, {"workflow.json": json.dumps(workflow)})
    expect(surface).not_to_have_attribute("data-document", before)


def paste_picture(page: Page, picture: bytes) -> None:
    """Paste a PNG, as if it came from another program."""
    page.evaluate(PASTE, list(picture))


def gradient(width: int, height: int) -> bytes:
    """A PNG that grows lighter downwards."""
    picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def postcard() -> dict[str, Any]:
    """The shipped workflow, to be changed before it is dropped."""
    return dict(json.loads(POSTCARD.read_text(encoding="utf-8")))


def gated_postcard(until: Path) -> dict[str, Any]:
    """The same with a node before the last that holds the picture back until there is a file."""
    workflow = postcard()
    gate = {"type": "Gate", "at": [814, 506], "values": {"until": str(until)}}
    wires = [wire for wire in workflow["wires"] if wire["to"] != ["7", "images"]]
    wires.append({"from": ["6", "IMAGE"], "to": ["8", "images"]})
    wires.append({"from": ["8", "IMAGE"], "to": ["7", "images"]})
    return {**workflow, "nodes": {**workflow["nodes"], "8": gate}, "wires": wires}
