"""Checkpoints that were made for inpainting see the hole beside what they paint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from both_ways import assert_same, node, prompt
from tiny_families import G_WIDTH, assembled, saved, sd1_parts, sd2_parts, sdxl_parts, unet


def seeing(family: str, models: Path) -> None:
    """A tiny model that sees 9 numbers for each place, as a folder."""
    torch.manual_seed(0)
    kind: Any = diffusers.StableDiffusionInpaintPipeline
    if family == "sd15":
        parts = sd1_parts(9)
    elif family == "sd2":
        parts = sd2_parts("epsilon") | {"unet": unet(G_WIDTH, channels=9, out_channels=4)}
    else:
        kind, parts = diffusers.StableDiffusionXLInpaintPipeline, sdxl_parts()
        settings = dict(parts["unet"].config) | {"in_channels": 9}
        parts["unet"] = diffusers.UNet2DConditionModel.from_config(settings).eval()
    pipe = assembled(kind, parts)
    if family == "sdxl":
        pipe.register_to_config(requires_aesthetics_score=False)
    saved(pipe, models / "checkpoints" / family)


def begun(model: str, photo: str, **sampling: Any) -> dict[str, Any]:
    """A prompt with a picture, and a mask of a part of it as node 11."""
    nodes = prompt(model, **{"scheduler": "normal"} | sampling)
    nodes["8"] = node("LoadImage", image=photo)
    nodes["9"] = node("SolidMask", value=0.0, width=90, height=61)
    nodes["10"] = node("SolidMask", value=1.0, width=40, height=30)
    meet = {"destination": ["9", 0], "source": ["10", 0], "x": 21, "y": 10, "operation": "add"}
    nodes["11"] = node("MaskComposite", **meet)
    return nodes


@pytest.mark.parametrize(
    ("family", "sampler", "denoise"),
    [
        ("sd15", "euler", 1.0),
        ("sd15", "dpmpp_2m", 0.6),
        ("sd15", "euler_ancestral", 1.0),
        ("sd2", "uni_pc_bh2", 1.0),
        ("sdxl", "dpmpp_2m", 1.0),
    ],
)
def test_a_hole_that_is_painted_anew(
    family: str, sampler: str, denoise: float, both: Any, models: Path, photo: str
) -> None:
    seeing(family, models)
    nodes = begun(family, photo, sampler_name=sampler, denoise=denoise)
    hole = {"pixels": ["8", 0], "vae": ["1", 2], "mask": ["11", 0], "grow_mask_by": 6}
    nodes["12"] = node("VAEEncodeForInpaint", **hole)
    nodes["5"]["inputs"]["latent_image"] = ["12", 0]
    assert_same(*both(nodes))


@pytest.mark.parametrize(("noise_mask", "sampler"), [(True, "euler"), (False, "dpmpp_2m")])
def test_a_hole_that_conditions_tell_of(
    noise_mask: bool, sampler: str, both: Any, models: Path, photo: str
) -> None:
    seeing("sd15", models)
    nodes = begun("sd15", photo, sampler_name=sampler, denoise=0.8)
    nodes["2"]["inputs"]["text"] = "a (red:1.3) cat"
    parts = {"pixels": ["8", 0], "mask": ["11", 0], "vae": ["1", 2], "noise_mask": noise_mask}
    sides = {"positive": ["2", 0], "negative": ["3", 0]}
    nodes["12"] = node("InpaintModelConditioning", **sides, **parts)
    links = {"positive": ["12", 0], "negative": ["12", 1], "latent_image": ["12", 2]}
    nodes["5"]["inputs"] |= links
    assert_same(*both(nodes))
