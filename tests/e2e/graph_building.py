"""What a person does to build a graph, in words of the page."""

from __future__ import annotations

from typing import TypeAlias

from browser_studio import SLOW, STILL, Studio
from playwright.sync_api import FloatRect, Locator, Page, expect

TEXT_TO_PICTURE = (
    ("Load Checkpoint MODEL", "KSampler model"),
    ("Load Checkpoint CLIP", "CLIP Text Encode (Prompt) clip"),
    ("Load Checkpoint VAE", "VAE Decode vae"),
    ("CLIP Text Encode (Prompt) CONDITIONING", "KSampler positive"),
    ("CLIP Text Encode (Prompt) CONDITIONING", "KSampler negative"),
    ("Empty Latent Image LATENT", "KSampler latent_image"),
    ("KSampler LATENT", "VAE Decode samples"),
    ("VAE Decode IMAGE", "Save Image images"),
)
"""The wires of the smallest graph that paints; one text serves as wish and as warning."""


Place: TypeAlias = tuple[float, float]
"""Across and down, in pixels of the window."""


def open_empty(page: Page) -> None:
    """A new, empty workflow, by key, once there are node types to build with."""
    expect(page.get_by_role("treeitem").first).to_be_visible(timeout=SLOW)
    surface = page.locator("[data-document]")
    before = surface.get_attribute("data-document") or ""
    page.keyboard.press("Alt+n")
    expect(surface).not_to_have_attribute("data-document", before)
    expect(page.locator(".react-flow__node")).to_have_count(0)


def middle(place: Locator) -> Place:
    """The middle of something, in pixels of the window, once nothing moves there."""
    box = box_of(place)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, start: Place, end: Place, *, hold: bool = False) -> None:
    """Press, move and let go; with `hold`, do not let go."""
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 2, start[1])  # from here on it counts as a drag
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
    page.mouse.move(*end, steps=3)
    if not hold:
        page.mouse.up()


def drop(page: Page, thing: Locator, to: Place) -> None:
    """Drag something of the page onto the canvas."""
    canvas = page.locator(".react-flow__pane")
    box = box_of(canvas)
    x, y = to[0] - box["x"], to[1] - box["y"]
    thing.drag_to(canvas, target_position={"x": x, "y": y}, force=True)


def on_wire(studio: Studio, source: str, target: str) -> Place:
    """The middle of a wire, in pixels of the window, once nothing moves there."""
    studio.still()
    path = studio.wire(source, target).locator("path.react-flow__edge-path")
    x, y = path.evaluate(
        """path => {
          const at = path.getPointAtLength(path.getTotalLength() / 2);
          const { a, d, e, f } = path.getScreenCTM();
          return [at.x * a + e, at.y * d + f];
        }"""
    )
    return x, y


def place(studio: Studio, title: str) -> Place:
    """The upper left corner of a node, once it does not move."""
    box = box_of(studio.node(title))
    return box["x"], box["y"]


def box_of(place: Locator) -> FloatRect:
    """Where something is in the window and how large, once nothing moves there."""
    place.evaluate(STILL)
    box = place.bounding_box()
    assert box is not None, "it cannot be seen"
    return box
