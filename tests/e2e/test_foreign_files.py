"""What users of ComfyUI bring with them: its workflows and its pictures, dropped on the page."""

from __future__ import annotations

import io
import json
from importlib.resources import files

from browser_studio import Studio
from dropping import drop_files, drop_picture
from PIL import Image, PngImagePlugin
from playwright.sync_api import Page, expect

TEMPLATES = files("comfyui_workflow_templates").joinpath("templates")
NODES = ".react-flow__node"
PROMPT = {
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 640, "height": 64}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0]}, "_meta": {"title": "Look"}},
}


def test_a_workflow_of_comfyuis_editor_is_opened(studio: Studio, page: Page) -> None:
    drop_files(page, {"my first.json": TEMPLATES.joinpath("default.json").read_text("utf-8")})
    expect(studio.tabs.last).to_contain_text("my first")
    expect(page.locator(NODES)).to_have_count(7)
    expect(studio.field("KSampler", "steps")).to_have_value("20")


def test_a_picture_that_comfyui_saved_shows_what_made_it(studio: Studio, page: Page) -> None:
    info, file = PngImagePlugin.PngInfo(), io.BytesIO()
    info.add_text("prompt", json.dumps(PROMPT))
    Image.new("RGB", (8, 8)).save(file, "PNG", pnginfo=info)
    drop_picture(page, "ComfyUI_00001_.png", file.getvalue())
    expect(studio.tabs.last).to_contain_text("ComfyUI_00001_")
    expect(page.locator(NODES)).to_have_count(2)
    expect(page.locator(".react-flow__node", has_text="Look")).to_be_visible()


def test_parts_that_make_no_sense_are_counted(studio: Studio, page: Page) -> None:
    broken = {"nodes": [{"id": 1, "type": "A"}, {"type": "B"}], "links": [[1]], "version": 0.4}
    drop_files(page, {"broken.json": json.dumps(broken)})
    expect(
        page.get_by_text("2 parts of “broken.json” could not be taken over").last
    ).to_be_visible()
    expect(page.locator(NODES)).to_have_count(1)
