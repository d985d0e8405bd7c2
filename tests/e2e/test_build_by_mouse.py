"""From an empty canvas to a picture with nothing but a mouse, and all the way back."""

from __future__ import annotations

import re

from browser_studio import FRAME, SLOW, Studio
from graph_building import TEXT_TO_PICTURE, drag, drop, middle, open_empty
from playwright.sync_api import Page, expect

LEAST_STEPS = 50
MOVES = 40
"""Besides the twelve steps that build the graph."""


def test_text_to_picture_is_built_run_undone_and_done_again(studio: Studio, page: Page) -> None:
    open_empty(page)
    nodes, wires = page.locator(".react-flow__node"), page.locator(".react-flow__edge")
    page.mouse.move(760, 500)
    for _ in range(3):
        page.mouse.wheel(0, 100)  # from further away all nodes have room
    expect(page.locator("footer").last).to_contain_text("66 %")
    studio.still()
    _drag_in(page, "Loaders", "Load Checkpoint", (340, 300))
    _drag_in(page, "Latent", "Empty Latent Image", (340, 600))
    _pull(studio, page, "Load Checkpoint", "CLIP: CLIP", (520, 300), "CLIP Text Encode")
    _pull(studio, page, "CLIP Text Encode", "CONDITIONING: CONDITIONING", (760, 300), "KSampler")
    _pull(studio, page, "KSampler", "LATENT: LATENT", (960, 320), "VAE Decode")
    _pull(studio, page, "VAE Decode", "IMAGE: IMAGE", (960, 560), "Save Image")
    expect(nodes).to_have_count(6)

    _wire(studio, page, ("Load Checkpoint", "MODEL: MODEL"), ("KSampler", "model: MODEL"))
    _wire(studio, page, ("Load Checkpoint", "VAE: VAE"), ("VAE Decode", "vae: VAE"))
    _wire(
        studio, page, ("Empty Latent Image", "LATENT: LATENT"), ("KSampler", "latent image: LATENT")
    )
    prompt = ("CLIP Text Encode", "CONDITIONING: CONDITIONING")
    _wire(studio, page, prompt, ("KSampler", "negative: CONDITIONING"))
    for source, target in TEXT_TO_PICTURE:
        expect(studio.wire(source, target)).to_have_count(1)
    for name in ("width", "height"):
        _scrub_to(studio, page, "Empty Latent Image", name, 128)

    studio.run()
    expect(studio.node("Save Image").locator("img")).to_be_visible(timeout=SLOW)
    expect(studio.jobs("succeeded").first).to_be_visible(timeout=SLOW)

    _move_about(studio, page, MOVES)
    assert _press_until_disabled(page, "Undo") >= LEAST_STEPS
    expect(nodes).to_have_count(0)
    expect(wires).to_have_count(0)
    _press_until_disabled(page, "Redo")
    expect(nodes).to_have_count(6)
    expect(wires).to_have_count(len(TEXT_TO_PICTURE))
    expect(studio.field("Empty Latent Image", "width")).to_have_value("128")


def _drag_in(page: Page, shelf: str, title: str, to: tuple[float, float]) -> None:
    """Drag a type out of the library, whose shelf is opened for it."""
    tree = page.get_by_role("tree", name="Library")
    row = tree.get_by_role("treeitem", name=title, exact=False).first
    if row.count() == 0:
        tree.get_by_role("treeitem", name=shelf).first.click()
    drop(page, row.locator("[draggable]"), to)


def _pull(
    studio: Studio, page: Page, node: str, port: str, to: tuple[float, float], title: str
) -> None:
    """Drag a wire into the void and choose what it shall end in."""
    drag(page, middle(studio.node(node).get_by_label(port, exact=True)), to)
    page.get_by_role("option", name=re.compile(f"^{re.escape(title)}")).first.click()
    expect(studio.node(title)).to_be_visible()


def _wire(studio: Studio, page: Page, start: tuple[str, str], end: tuple[str, str]) -> None:
    ports = [
        middle(studio.node(node).get_by_label(port, exact=True)) for node, port in (start, end)
    ]
    drag(page, ports[0], ports[1])


def _scrub_to(studio: Studio, page: Page, node: str, name: str, goal: int) -> None:
    """Drag over a number until it says what is wanted; its steps are five pixels wide."""
    entry = studio.field(node, name)
    x, y = middle(entry)
    page.mouse.move(x, y)
    page.mouse.down()
    for _ in range(80):
        page.evaluate(FRAME)
        missing = goal - int(entry.input_value())
        if missing == 0:
            break
        pixels = 20 if abs(missing) > 64 else 5
        x += pixels if missing > 0 else -pixels
        page.mouse.move(x, y)
    page.mouse.up()
    expect(entry).to_have_value(str(goal))


def _press_until_disabled(page: Page, name: str) -> int:
    button = page.get_by_role("button", name=re.compile(f"^{name}"))
    place = middle(button)
    presses = 0
    while button.is_enabled():
        page.mouse.click(*place)
        presses += 1
    return presses


def _move_about(studio: Studio, page: Page, times: int) -> None:
    """Many small steps, each of which can be undone."""
    header = studio.node("Save Image").locator("header")
    for turn in range(times):
        x, y = middle(header)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + (40 if turn % 2 else -40), y + 3, steps=2)
        page.mouse.up()
