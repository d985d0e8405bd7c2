"""Nothing moves by itself: a step preview takes no room that the node did not have."""

from __future__ import annotations

from browser_studio import SLOW, Studio
from graph_building import box_of
from playwright.sync_api import expect


def test_a_node_is_as_high_with_its_preview_as_without(studio: Studio) -> None:
    sampler = studio.node("KSampler")
    before = box_of(sampler)
    studio.run()
    preview = sampler.get_by_alt_text("Preview of")
    expect(preview).to_be_visible(timeout=SLOW)
    after, inside = box_of(sampler), box_of(preview)
    assert after["height"] == before["height"]
    assert inside["y"] + inside["height"] < after["y"] + after["height"]
    field = box_of(studio.field("KSampler", "steps"))
    assert inside["y"] + inside["height"] < field["y"]
