"""What tells ports apart without their colour, and models by their pictures."""

from __future__ import annotations

from browser_studio import SLOW, Studio
from playwright.sync_api import Page, expect

SHAPES = {
    "MODEL": ("Load Checkpoint", "MODEL: MODEL"),
    "CLIP": ("Load Checkpoint", "CLIP: CLIP"),
    "VAE": ("Load Checkpoint", "VAE: VAE"),
    "CONDITIONING": ("What to paint", "CONDITIONING: CONDITIONING"),
    "LATENT": ("Picture size", "LATENT: LATENT"),
    "IMAGE": ("VAE Decode", "IMAGE: IMAGE"),
}

OUTLINE = "port => [...port.querySelectorAll('svg > *')].map(part => part.outerHTML\
.replace(/ (fill|stroke|stroke-width)=\"[^\"]*\"/g, '')).join()"
"""What is drawn, its colours left out."""


def test_every_type_of_port_has_a_shape_of_its_own_at_both_ends_of_a_wire(
    studio: Studio, page: Page
) -> None:
    outlines = {
        type_: studio.node(title).get_by_label(port, exact=True).first.evaluate(OUTLINE)
        for type_, (title, port) in SHAPES.items()
    }
    assert len(set(outlines.values())) == len(SHAPES)
    sampler = studio.node("KSampler")
    for name, type_ in (("model", "MODEL"), ("positive", "CONDITIONING")):
        end = sampler.get_by_label(f"{name}: {type_}", exact=True)
        assert end.evaluate(OUTLINE) == outlines[type_]
    expect(page.locator(".react-flow__edge")).to_have_count(9)


def test_a_model_is_chosen_by_its_picture(studio: Studio, page: Page) -> None:
    studio.node("Load Checkpoint").get_by_role("combobox", name="ckpt name").click()
    row = page.get_by_role("option", name="postcards")
    picture = row.locator("img")
    assert studio.colours(picture) > 20
    expect(row).to_contain_text("MB")
    page.get_by_role("listbox", name="ckpt name").locator("..").get_by_role("combobox").fill("card")
    page.keyboard.press("Enter")
    expect(row).to_have_count(0)
    expect(
        studio.node("Load Checkpoint").get_by_role("combobox", name="ckpt name")
    ).to_contain_text("postcards")


def test_a_seed_that_counts_up_is_one_more_for_each_run(studio: Studio, page: Page) -> None:
    sampler = studio.node("KSampler")
    studio.set_number("KSampler", "seed", "41")
    studio.set_number("KSampler", "steps", "1")
    control = sampler.get_by_role("button", name="seed: ")
    for _ in range(3):
        if "Counts up" in (control.get_attribute("aria-label") or ""):
            break
        control.click()
    before = studio.jobs("succeeded").count()
    page.get_by_label("Number of runs").fill("2")
    studio.run()
    expect(studio.jobs("succeeded")).to_have_count(before + 2, timeout=SLOW)
    expect(studio.field("KSampler", "seed")).to_have_value("43")
