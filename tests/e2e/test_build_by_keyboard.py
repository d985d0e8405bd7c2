"""From an empty canvas to a picture without touching a mouse, and all the way back."""

from __future__ import annotations

import time

from browser_studio import SLOW, Studio
from graph_building import TEXT_TO_PICTURE, open_empty, place
from playwright.sync_api import Page, expect

FOCUSED = """() => document.querySelector(".react-flow__node:focus")?.dataset.id ?? ''"""
"""The node that has the keyboard, if one has."""


def test_text_to_picture_is_built_run_undone_and_done_again(studio: Studio, page: Page) -> None:
    open_empty(page)
    nodes, wires = page.locator(".react-flow__node"), page.locator(".react-flow__edge")
    _add(page, "load checkpoint")
    _add_wired(page, "clip output", "clip text encode")
    _add_wired(page, "conditioning", "ksampler")
    _add_wired(page, "latent output", "vae decode")
    _add_wired(page, "image output", "save image")
    _go(page, "Load Checkpoint")
    _wire(page, "model output", "ksampler model")
    _wire(page, "vae output", "vae decode vae")
    _go(page, "CLIP Text Encode (Prompt)")
    _wire(page, "conditioning", "ksampler negative")
    _go(page, "KSampler")
    _add_wired(page, "latent image input", "empty latent")
    for source, target in TEXT_TO_PICTURE:
        expect(studio.wire(source, target)).to_have_count(1)

    page.keyboard.press("Enter")  # into the first field of the new node: the width
    for _ in range(2):
        page.keyboard.type("128")
        page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(studio.field("Empty Latent Image", "height")).to_have_value("128")
    page.keyboard.press("Control+Enter")
    expect(studio.node("Save Image").locator("img")).to_be_visible(timeout=SLOW)

    page.keyboard.press("Escape")
    for _ in range(50):
        page.keyboard.press("Control+z")
    expect(nodes).to_have_count(0)
    for _ in range(50):
        page.keyboard.press("Control+Shift+z")
    page.keyboard.press("f")  # only what is in sight is in the page
    expect(nodes).to_have_count(6)
    expect(wires).to_have_count(len(TEXT_TO_PICTURE))


def test_one_walks_along_wires_and_nudges(studio: Studio, page: Page) -> None:
    said = page.locator("[role=status]", has_text="wire").first
    _go(page, "Load Checkpoint")
    page.keyboard.press("Alt+ArrowRight")
    expect(said).to_contain_text("2 wires")
    page.keyboard.press("Alt+ArrowRight")
    expect(said).to_contain_text("KSampler, 5 wires")
    expect(studio.node("KSampler")).to_be_focused()

    before = place(studio, "KSampler")
    page.clock.set_fixed_time(time.time())  # a busy machine may pause between the presses
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    assert place(studio, "KSampler")[1] > before[1] + 20
    page.keyboard.press("Control+z")  # presses that follow each other are one step
    assert place(studio, "KSampler") == before


def _add(page: Page, query: str) -> None:
    page.keyboard.press("Tab")
    _choose(page, "Add a node", query)


def _add_wired(page: Page, port: str, query: str) -> None:
    """Put a node at the end of a wire from a port of the node that is selected."""
    page.keyboard.press("c")
    _choose(page, "Which port", port)
    _choose(page, "Wire", "a new node")
    _choose(page, "Add a node", query)


def _wire(page: Page, port: str, partner: str) -> None:
    """Wire a port of the node that is selected."""
    page.keyboard.press("c")
    _choose(page, "Which port", port)
    _choose(page, "Wire", partner)


def _choose(page: Page, question: str, answer: str) -> None:
    box = page.get_by_role("combobox", name=question)
    expect(box).to_be_focused()
    page.keyboard.type(answer)
    page.keyboard.press("Enter")
    expect(box).to_have_count(0)


def _go(page: Page, title: str) -> None:
    """Walk through the nodes until one has the keyboard."""
    focused = page.locator(".react-flow__node:focus")
    for _ in range(12):
        before = page.evaluate(FOCUSED)
        page.keyboard.press("n")
        expect(page.locator(f'.react-flow__node:focus:not([data-id="{before}"])')).to_have_count(1)
        if focused.get_attribute("aria-label") == title:
            return
    raise AssertionError(f"{title} was not reached")
