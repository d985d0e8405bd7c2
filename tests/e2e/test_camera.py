"""Pictures from a camera, here one that the browser makes up, in a real Chromium."""

from __future__ import annotations

from browser_studio import Studio
from playwright.sync_api import Page, expect

IS_ON = """video => video.srcObject.getTracks().some(track => track.readyState === "live")"""


def test_a_picture_is_taken_and_the_camera_goes_out(studio: Studio, page: Page) -> None:
    page.mouse.dblclick(700, 850)
    page.get_by_role("combobox", name="Add a node").fill("load image")
    page.keyboard.press("Enter")
    node = studio.node("Load Image")
    node.hover()
    image = node.get_by_role("combobox", name="image")
    before = image.inner_text()
    node.get_by_role("button", name="Take a picture").click()
    camera = page.get_by_role("dialog", name="Take a picture")
    take = camera.get_by_role("button", name="Take the picture")
    expect(take).to_be_enabled()
    video = camera.locator("video").element_handle()
    page.wait_for_function("video => video.videoWidth > 0", arg=video)
    assert video.evaluate(IS_ON)
    take.click()
    expect(camera).to_have_count(0)
    page.wait_for_function(f"video => !({IS_ON})(video)", arg=video)
    expect(image).not_to_have_text(before)
    expect(image).to_contain_text("camera")
    assert studio.colours(node.locator("img")) > 2
    page.keyboard.press("Control+z")
    expect(image).to_have_text(before)


def test_without_a_camera_the_page_says_so(studio: Studio, page: Page) -> None:
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject() }")
    page.mouse.dblclick(700, 850)
    page.get_by_role("combobox", name="Add a node").fill("load image")
    page.keyboard.press("Enter")
    node = studio.node("Load Image")
    node.hover()
    node.get_by_role("button", name="Take a picture").click()
    camera = page.get_by_role("dialog", name="Take a picture")
    expect(camera).to_contain_text("There is no camera, or this browser does not let")
    expect(camera.get_by_role("button", name="Take the picture")).to_be_disabled()
