"""Every kind of field by mouse and keyboard, in a real Chromium."""

from __future__ import annotations

import io
import json
import re
from typing import Any

from browser_studio import SLOW, STILL, Studio
from dropping import drop_picture, drop_workflow, gradient, paste_picture
from graph_building import box_of
from PIL import Image
from playwright.sync_api import APIResponse, Locator, Page, expect

LARGEST_SEED = 2**64 - 1


def test_numbers_take_arithmetic_and_keep_their_bounds(studio: Studio, page: Page) -> None:
    width = studio.field("Picture size", "width")
    width.focus()
    width.fill("64 * sqrt(4) px")
    width.press("Enter")
    expect(width).to_have_value("128")

    steps = studio.field("KSampler", "steps")
    steps.focus()
    steps.fill("20000")
    expect(studio.node("KSampler").get_by_text("at most 10")).to_be_visible()
    expect(steps).to_have_attribute("aria-invalid", "true")
    steps.press("Escape")
    expect(steps).to_have_value("20")

    steps.focus()
    for _ in range(3):
        steps.press("ArrowUp")
    steps.press("Shift+ArrowUp")
    expect(steps).to_have_value("33")
    steps.press("Escape")
    expect(steps).to_have_value("20")
    expect(page.get_by_role("button", name=re.compile("^Undo"))).to_be_disabled()

    steps.focus()
    for _ in range(4):
        steps.press("ArrowDown")
    steps.press("Enter")
    expect(steps).to_have_value("16")
    page.keyboard.press("Control+z")
    expect(steps).to_have_value("20")


def test_a_drag_can_be_taken_back_while_it_lasts(studio: Studio, page: Page) -> None:
    denoise = studio.field("KSampler", "denoise")
    box = box_of(denoise)
    page.mouse.move(box["x"] + 40, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] - 20, box["y"] + 5, steps=4)
    expect(denoise).not_to_have_value("1.00")
    page.keyboard.press("Escape")
    expect(denoise).to_have_value("1.00")
    page.mouse.up()
    expect(page.get_by_role("button", name=re.compile("^Undo"))).to_be_disabled()


def test_a_seed_of_64_bits_loses_no_digit(studio: Studio, page: Page) -> None:
    studio.set_number("KSampler", "seed", "2^64 - 1")
    seed = studio.field("KSampler", "seed")
    expect(seed).to_have_value(f"{LARGEST_SEED:_}".replace("_", "\u2009"))
    studio.save()
    name = studio.name
    text = _get(page, f"/v1/workflows/{name}").text()
    assert _seeds(json.loads(text)) == [LARGEST_SEED]
    page.reload()
    expect(seed).to_have_value(f"{LARGEST_SEED:_}".replace("_", "\u2009"))
    seed.focus()
    seed.press("ArrowDown")
    seed.press("Enter")
    expect(seed).to_have_value(f"{LARGEST_SEED - 1:_}".replace("_", "\u2009"))


def test_the_seed_of_the_last_run_is_kept_with_one_click(studio: Studio, page: Page) -> None:
    sampler = studio.node("KSampler")
    studio.set_number("KSampler", "steps", "1")
    studio.run()
    expect(studio.node("Save Image").locator("img")).to_be_visible(timeout=SLOW)
    seed = studio.field("KSampler", "seed")
    ran = seed.input_value()
    studio.set_number("KSampler", "seed", "5")
    seed.hover(force=True)
    sampler.get_by_role("button", name="Keep the seed of the last run").click()
    expect(seed).to_have_value(ran)
    expect(sampler.get_by_role("button", name="seed: Stays as it is. Change")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(seed).to_have_value("5")


def test_choices_are_found_by_typing_or_by_sight(studio: Studio, page: Page) -> None:
    sampler = studio.node("KSampler").get_by_role("combobox", name="sampler name")
    sampler.focus()
    page.keyboard.type("eul")
    found = page.get_by_role("listbox", name="sampler name").get_by_role("option")
    expect(found.first).to_contain_text("euler")
    page.keyboard.press("Enter")
    expect(sampler).to_contain_text("euler")
    page.keyboard.press("ArrowDown")
    expect(sampler).not_to_have_text("euler")

    scheduler = studio.node("KSampler").get_by_role("combobox", name="scheduler")
    scheduler.click()
    page.get_by_role("option", name="karras").click()
    expect(scheduler).to_contain_text("karras")

    model = studio.node("Load Checkpoint").get_by_role("combobox", name="ckpt name")
    model.click()
    expect(page.get_by_role("option", name=re.compile("postcards"))).to_contain_text("MB")
    expect(page.get_by_text("Files in models/checkpoints")).to_be_visible()
    page.keyboard.press("Escape")
    expect(model).to_be_focused()


def test_a_word_is_weighed_and_the_browser_undoes_it(studio: Studio, page: Page) -> None:
    text = studio.field("What to paint", "text")
    text.fill("a red house")
    text.evaluate("box => box.setSelectionRange(4, 4)")
    text.press("Control+ArrowUp")
    expect(text).to_have_value("a (red:1.1) house")
    text.press("Control+ArrowUp")
    text.press("Control+ArrowDown")
    expect(text).to_have_value("a (red:1.1) house")
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(text).to_have_value("a red house")


def test_a_field_becomes_a_port_and_a_field_again(studio: Studio, page: Page) -> None:
    sampler = studio.node("KSampler")
    steps = studio.field("KSampler", "steps")
    steps.focus()
    page.keyboard.press("Alt+p")
    expect(steps).to_have_count(0)
    added = _add(page, "PrimitiveInt")
    studio.draw_wire(added.get_by_label("INT: INT"), sampler.get_by_label("steps: INT"))
    page.mouse.up()
    expect(sampler.locator("[data-port=steps]")).to_contain_text("Int")

    sampler.locator("header").click()
    panel = page.get_by_role("complementary", name="Activity")
    panel.get_by_role("button", name="steps: a field again").click()
    expect(steps).to_have_value("20")
    page.keyboard.press("Control+z")
    expect(sampler.locator("[data-port=steps]")).to_contain_text("Int")


def test_colours_are_typed_or_picked(studio: Studio, page: Page) -> None:
    node = _add(page, "EmptyImage")
    color = node.get_by_role("textbox", name="color", exact=True)
    color.fill("f74")
    color.press("Enter")
    expect(color).to_have_value("#ff7744")
    node.locator("input[type=color]").fill("#00ff00")
    expect(color).to_have_value("#00ff00")


def test_pictures_are_pasted_dropped_and_cropped(studio: Studio, page: Page) -> None:
    paste_picture(page, gradient(64, 48))
    node = studio.node("Load Image")
    expect(node.locator("img")).to_be_visible()
    name = node.get_by_role("combobox", name="image")
    expect(name).to_contain_text("pasted")

    place = ".react-flow__node.selected [role=group]"
    drop_picture(page, "other.png", gradient(40, 80), place)
    expect(name).to_contain_text("other")

    node.get_by_role("button", name="Crop the picture").click()
    frame = page.get_by_role("application", name="What stays")
    for _ in range(3):
        frame.press("Shift+ArrowUp")
    expect(page.get_by_text("40 × 56")).to_be_visible()
    page.get_by_role("button", name="Crop", exact=True).click()
    expect(name).to_contain_text("other crop")
    assert _picture(page, node).size == (40, 56)


def test_a_mask_is_painted_over_a_picture_that_stays(studio: Studio, page: Page) -> None:
    paste_picture(page, gradient(64, 64))
    node = studio.node("Load Image")
    node.get_by_role("button", name="Paint a mask").click()
    board = page.get_by_label("Mask", exact=True)
    box = box_of(board)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y, steps=3)
    page.mouse.up()
    page.get_by_role("button", name="Undo", exact=True).click()
    page.get_by_role("button", name="Redo", exact=True).click()
    page.get_by_role("button", name="Use this mask").click()
    expect(node.get_by_role("combobox", name="image")).to_contain_text("mask")

    made = _picture(page, node)
    assert made.mode == "RGBA"
    plain = Image.open(io.BytesIO(gradient(64, 64))).convert("RGB")
    assert made.convert("RGB").getpixel((32, 32)) == plain.getpixel((32, 32))
    assert (_alpha(made, 32, 32), _alpha(made, 2, 2)) == (0, 255)

    node.get_by_role("button", name="Paint a mask").click()
    box_of(board)  # it hears keys as soon as it is drawn
    page.keyboard.press("i")
    page.get_by_role("button", name="Use this mask").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    inverted = _picture(page, node)
    assert inverted.convert("RGB").getpixel((32, 32)) == plain.getpixel((32, 32))
    assert (_alpha(inverted, 32, 32), _alpha(inverted, 2, 2)) == (255, 0)


def test_a_node_of_a_missing_pack_keeps_all_its_values(studio: Studio, page: Page) -> None:
    values = {"strength": 0.5, "prompt": "words\nin two lines", "list": [1, {"a": None}]}
    nodes = {"1": {"type": "somewhere/Glow", "at": [0, 0], "values": values, "own": 7}}
    drop_workflow(page, {"format": "wirebrush/1", "name": "Glow", "nodes": nodes})
    node = studio.node("somewhere/Glow")
    expect(node).to_contain_text("Install the pack somewhere.")
    expect(studio.field("somewhere/Glow", "strength")).to_have_value("0.5")
    expect(studio.field("somewhere/Glow", "list")).to_have_value('[1,{"a":null}]')
    expect(studio.field("somewhere/Glow", "strength")).to_have_attribute("readonly", "")

    _add(page, "PrimitiveInt")
    studio.save()
    saved = _get(page, f"/v1/workflows/{studio.name}").json()
    assert saved["nodes"]["1"]["values"] == values
    assert saved["nodes"]["1"]["own"] == 7


def test_several_nodes_are_edited_together(studio: Studio, page: Page) -> None:
    studio.node("What to paint").locator("header").click()
    studio.node("What to avoid").locator("header").click(modifiers=["Shift"])
    panel = page.get_by_role("region", name="2 nodes selected")
    text = panel.get_by_role("textbox", name="text")
    expect(text).to_have_attribute("placeholder", "various")
    text.fill("the same")
    for title in ("What to paint", "What to avoid"):
        expect(studio.field(title, "text")).to_have_value("the same")


def test_help_has_an_example_that_runs(studio: Studio, page: Page) -> None:
    decode = studio.node("VAE Decode")
    decode.locator("header").click()
    page.keyboard.press("F1")
    expect(page.get_by_role("region", name="Help")).to_be_focused()
    expect(page.get_by_role("region", name="Help")).to_contain_text("samples")
    before = page.locator("[data-document]").get_attribute("data-document") or ""
    page.get_by_role("button", name="Open it apart").click()
    expect(page.locator("[data-document]")).not_to_have_attribute("data-document", before)
    expect(page.locator(".react-flow__node")).to_have_count(7)


def test_who_leaves_a_field_at_once_has_left_it(studio: Studio, page: Page) -> None:
    """Both fields get the focus within one frame; it stays with the second, and so does its tip."""
    steps, cfg = (studio.field("KSampler", name) for name in ("steps", "cfg"))
    page.evaluate(
        """([first, second]) => {
          window.visits = 0;
          document.addEventListener("focusin", () => { window.visits++; });
          first.focus();
          second.focus();
        }""",
        [steps.element_handle(), cfg.element_handle()],
    )
    expect(page.locator("[role=tooltip]")).to_contain_text("0 to 100")
    expect(cfg).to_be_focused()
    assert page.evaluate("visits") == 2


def _add(page: Page, type_: str) -> Locator:
    """A new node, with everything in sight."""
    page.mouse.dblclick(700, 900)
    page.get_by_role("combobox", name="Add a node").fill(type_)
    page.keyboard.press("Enter")
    added = page.locator(".react-flow__node.selected")
    expect(added).to_have_count(1)
    # It goes with the next frame, and keys with it: until then they are its own.
    expect(page.get_by_role("dialog", name="Add a node")).to_have_count(0)
    page.keyboard.press(".")
    page.evaluate(STILL)  # the view glides
    return added


def _seeds(workflow: dict[str, Any]) -> list[int]:
    nodes = workflow["nodes"].values()
    return [node["values"]["seed"] for node in nodes if "seed" in node.get("values", {})]


def _picture(page: Page, node: Locator) -> Image.Image:
    """The picture that a node shows, as the server has it."""
    source = node.locator("img").get_attribute("src") or ""
    return Image.open(io.BytesIO(_get(page, source).body()))


def _get(page: Page, path: str) -> APIResponse:
    return page.request.get(f"{page.evaluate('location.origin')}{path}")


def _alpha(picture: Image.Image, x: int, y: int) -> int:
    value = picture.getchannel("A").getpixel((x, y))
    assert isinstance(value, int)
    return value
