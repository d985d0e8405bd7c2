"""ComfyUI's own page, served by us: it starts, opens a template, paints a postcard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from browser_studio import SLOW, SPREAD, new_window
from playwright.sync_api import Browser, Page, WebSocket, expect
from server_process import TOKEN, Server

pytest.importorskip("comfyui_frontend_package", reason="ComfyUI's page is not installed")

UP = "() => window.app?.graph && window.app.extensionManager"
IS_THERE = """types =>
  app.graph.nodes.map(node => node.type).sort().join() === types.join()"""
TEXT_TO_PICTURE = sorted(
    ["CLIPTextEncode"] * 2
    + ["CheckpointLoaderSimple", "EmptyLatentImage", "KSampler", "SaveImage", "VAEDecode"]
)
"""The node types of the graph that the page starts with, and of its first template."""
POSTCARD = """() => {
  const values = { CheckpointLoaderSimple: { ckpt_name: "postcards" },
    EmptyLatentImage: { width: 128, height: 128 },
    KSampler: { steps: 40, cfg: 4, seed: 7 } };
  for (const node of app.graph.nodes)
    for (const [name, value] of Object.entries(values[node.type] ?? {}))
      node.widgets.find(widget => widget.name === name).value = value;
}"""
SHOWN = """type => {
  const [image] = app.graph.nodes.find(node => node.type === type).imgs ?? [];
  return image?.complete && image.naturalWidth ? image : null;
}"""


@pytest.fixture(scope="module")
def comfy_ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A studio that serves ComfyUI's page: its address."""
    with Server(tmp_path_factory.mktemp("studio"), more=("--comfy-ui",)) as server:
        parts = urlsplit(server.link)
        yield f"{parts.scheme}://{parts.netloc}"


def _opened(page: Page, comfy_ui: str, *, new: bool) -> None:
    """The page as somebody has it who is new, or is not: the server knows, for all browsers."""
    told = page.request.post(
        f"{comfy_ui}/api/settings/Comfy.TutorialCompleted",
        data=json.dumps(not new),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    assert told.ok, told.text()
    page.goto(f"{comfy_ui}/comfy/?token={TOKEN}")
    page.wait_for_function(UP, timeout=SLOW)


class Heard:
    """What the page heard on its websocket: types of messages, and pictures by their facts."""

    def __init__(self, page: Page) -> None:
        self.types: list[str] = []
        self.pictures: list[dict[str, Any]] = []
        self._page = page
        page.on("websocket", self._follow)

    def until(self, type_: str) -> None:
        """Wait until the page has heard a message of a type."""
        for _ in range(2400):
            if type_ in self.types:
                return
            self._page.wait_for_timeout(25)
        raise AssertionError(f"it heard only {self.types}")

    def _follow(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._take)

    def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            self.types.append(json.loads(frame)["type"])
        else:
            length = int.from_bytes(frame[4:8])
            assert int.from_bytes(frame[:4]) == 4
            self.pictures.append(json.loads(frame[8 : 8 + length]))


def test_the_page_starts_opens_a_template_and_paints(comfy_ui: str, browser: Browser) -> None:
    page = new_window(browser, 1400, 900)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    heard = Heard(page)

    _opened(page, comfy_ui, new=True)
    assert page.url.endswith("/comfy/")

    expect(page.get_by_text("Get Started with a Template")).to_be_visible()
    page.get_by_text("Image Generation", exact=True).first.click()
    expect(page.get_by_text("Missing Models")).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_function(IS_THERE, arg=TEXT_TO_PICTURE)

    page.evaluate(POSTCARD)
    page.evaluate("() => app.queuePrompt(0)")
    page.wait_for_function(SHOWN, arg="KSampler", timeout=SLOW)
    picture = page.wait_for_function(SHOWN, arg="SaveImage", timeout=SLOW)
    assert picture.evaluate("img => [img.naturalWidth, img.naturalHeight]") == [128, 128]
    assert picture.evaluate(SPREAD) > 40
    page.wait_for_function("() => !document.title.includes('%')", timeout=SLOW)
    heard.until("execution_success")

    assert {"feature_flags", "progress", "progress_state", "executed"} <= set(heard.types)
    assert heard.types[0] == "status"
    assert heard.types.count("execution_success") == 1
    assert heard.pictures
    assert {facts["image_type"] for facts in heard.pictures} <= {"image/jpeg", "image/png"}
    assert errors == []
    page.context.close()


def test_the_page_keeps_a_workflow_and_finds_it_again(comfy_ui: str, browser: Browser) -> None:
    page = new_window(browser, 1400, 900)
    _opened(page, comfy_ui, new=False)
    page.wait_for_function(IS_THERE, arg=TEXT_TO_PICTURE)
    page.locator("#graph-canvas").click(position={"x": 700, "y": 40})
    page.keyboard.press("Control+s")
    page.get_by_role("dialog").locator("input").fill("kept")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    page.wait_for_function(UP, timeout=SLOW)
    page.wait_for_function(
        """() => app.extensionManager.workflow.workflows
          .some(file => file.path === "workflows/kept.json")""",
        timeout=SLOW,
    )
    page.context.close()
