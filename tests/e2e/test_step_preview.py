"""Nothing moves by itself: a step preview takes no room that the node did not have."""

from __future__ import annotations

from browser_studio import SLOW, Studio
from playwright.sync_api import expect


def test_a_node_is_as_high_with_its_preview_as_without(studio: Studio) -> None:
    sampler = studio.node("KSampler")
    before = sampler.bounding_box()
    studio.run()
    preview = sampler.get_by_alt_text("Preview of")
    expect(preview).to_be_visible(timeout=SLOW)
    after, inside = sampler.bounding_box(), preview.bounding_box()
    assert before is not None
    assert after is not None
    assert inside is not None
    assert after["height"] == before["height"]
    assert inside["y"] + inside["height"] < after["y"] + after["height"]
    field = studio.field("KSampler", "steps").bounding_box()
    assert field is not None
    assert inside["y"] + inside["height"] < field["y"]
