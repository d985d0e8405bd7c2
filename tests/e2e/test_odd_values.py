"""Values of a kind that their field does not take are shown as the document holds them."""

from __future__ import annotations

from browser_studio import Studio
from dropping import drop_workflow, postcard
from playwright.sync_api import Page, expect


def test_what_the_document_holds_is_shown_and_marked(studio: Studio, page: Page) -> None:
    workflow = postcard()
    sampler = next(node for node in workflow["nodes"].values() if node["type"] == "KSampler")
    sampler["values"] |= {"seed": "abc", "scheduler": None}
    drop_workflow(page, workflow)

    seed = studio.field("KSampler", "seed")
    expect(seed).to_have_value("abc")
    expect(seed).to_have_attribute("aria-invalid", "true")
    scheduler = studio.node("KSampler").get_by_role("combobox", name="scheduler")
    expect(scheduler).to_contain_text("null")
    expect(scheduler).to_have_attribute("aria-invalid", "true")

    seed.focus()
    seed.press("Tab")
    expect(seed).to_have_value("abc")
    studio.set_number("KSampler", "seed", "0")
    expect(seed).to_have_value("0")
