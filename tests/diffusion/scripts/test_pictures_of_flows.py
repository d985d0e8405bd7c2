"""Flows that paint over pictures, into holes of them, and after them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from both_ways import assert_same, node, prompt
from diffusers.pipelines.flux.pipeline_flux_kontext import PREFERRED_KONTEXT_RESOLUTIONS
from PIL import Image
from tiny_families import assembled, flux_parts, saved
from tiny_language import pipeline

from wirebrush.graph.script.functions import FUNCTIONS
from wirebrush_nodes.image_scaling import flux_kontext_image_scale


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """The name of a picture that both find, whose sides are multiples of 16."""
    across, down = np.meshgrid(np.arange(80), np.arange(64))
    colours = [across * 2, down * 3, 255 * ((across // 9 + down // 9) % 2)]
    Image.fromarray(np.stack(colours, -1).astype("uint8")).save(tmp_path / "photo.jpg")
    return "photo.jpg"


def over(model: str, photo: str, **sampling: Any) -> dict[str, Any]:
    """A prompt that paints over the photo."""
    nodes = prompt(model, sampler_name="euler", **{"scheduler": "simple", "cfg": 1.0} | sampling)
    nodes["8"] = node("LoadImage", image=photo)
    nodes["9"] = node("VAEEncode", pixels=["8", 0], vae=["1", 2])
    nodes["5"]["inputs"]["latent_image"] = ["9", 0]
    return nodes


@pytest.mark.parametrize(
    ("model", "cfg", "denoise", "schedule"),
    [
        ("sd3", 3.0, 0.6, "sgm_uniform"),
        ("flux", 1.0, 0.7, "simple"),
        ("flux", 2.0, 1.0, "normal"),
        ("z_image", 2.0, 0.6, "simple"),
    ],
)
def test_over_a_picture(
    model: str, cfg: float, denoise: float, schedule: str, both: Any, models: Path, photo: str
) -> None:
    saved(pipeline(model), models / "checkpoints" / model)
    assert_same(*both(over(model, photo, cfg=cfg, denoise=denoise, scheduler=schedule)))


def test_over_a_picture_with_qwen_image(both: Any, models: Path, photo: str) -> None:
    saved(pipeline("qwen_image"), models / "checkpoints" / "qwen_image")
    nodes = over("qwen_image", photo, cfg=2.5, denoise=0.6)
    begin = pipeline("qwen_image").prompt_template_encode_start_idx
    counted = "".join(
        f"{pipe}.prompt_template_encode_start_idx = " for pipe in ("pipe", "image_pipe")
    )
    assert_same(*both(nodes, change=("\nloaded = ", f"\n{counted}{begin}\nloaded = ")))


def test_a_picture_that_was_painted_before(both: Any, models: Path) -> None:
    saved(pipeline("sd3"), models / "checkpoints" / "sd3")
    nodes = prompt("sd3", sampler_name="euler", scheduler="simple", steps=3)
    larger = {"upscale_method": "bilinear", "width": 96, "height": 64, "crop": "disabled"}
    nodes["8"] = node("ImageScale", image=["6", 0], **larger)
    nodes["9"] = node("VAEEncode", pixels=["8", 0], vae=["1", 2])
    again = nodes["5"]["inputs"] | {"latent_image": ["9", 0], "denoise": 0.5, "seed": 4}
    nodes["10"] = node("KSampler", **again)
    nodes["11"] = node("VAEDecode", samples=["10", 0], vae=["1", 2])
    nodes["7"]["inputs"]["images"] = ["11", 0]
    assert_same(*both(nodes), close=2)


def shown(model: str, channels: int, models: Path) -> None:
    """A tiny FLUX that sees more than what it paints, as a folder."""
    kind = diffusers.FluxFillPipeline if channels == 384 else diffusers.FluxControlPipeline
    saved(assembled(kind, flux_parts(channels=channels)), models / "checkpoints" / model)


@pytest.mark.parametrize("denoise", [1.0, 0.6])
def test_flux_fills_a_hole(denoise: float, both: Any, models: Path, photo: str) -> None:
    shown("fill", 384, models)
    nodes = over("fill", photo, denoise=denoise)
    around = {"left": 16, "top": 0, "right": 0, "bottom": 32, "feathering": 20}
    nodes["9"] = node("ImagePadForOutpaint", image=["8", 0], **around)
    parts = {"pixels": ["9", 0], "mask": ["9", 1], "vae": ["1", 2], "noise_mask": False}
    nodes["10"] = node("FluxGuidance", conditioning=["2", 0], guidance=30.0)
    sides = {"positive": ["10", 0], "negative": ["3", 0]}
    nodes["11"] = node("InpaintModelConditioning", **sides, **parts)
    nodes["12"] = node("DifferentialDiffusion", model=["1", 0])
    links = {"positive": ["11", 0], "negative": ["11", 1], "latent_image": ["11", 2]}
    nodes["5"]["inputs"] |= links | {"model": ["12", 0]}
    assert_same(*both(nodes))


@pytest.mark.parametrize("size", ["its own", "another"])
def test_flux_edits_a_picture(size: str, both: Any, models: Path, photo: str) -> None:
    saved(pipeline("flux"), models / "checkpoints" / "flux-kontext")
    nodes = over("flux-kontext", photo)
    nodes["10"] = node("ReferenceLatent", conditioning=["2", 0], latent=["9", 0])
    nodes["11"] = node("FluxGuidance", conditioning=["10", 0], guidance=2.5)
    nodes["12"] = node("ConditioningZeroOut", conditioning=["2", 0])
    nodes["5"]["inputs"] |= {"positive": ["11", 0], "negative": ["12", 0]}
    if size == "another":
        nodes["4"] = node("EmptySD3LatentImage", width=96, height=48, batch_size=2)
        nodes["5"]["inputs"]["latent_image"] = ["4", 0]
    assert_same(*both(nodes))


def test_pictures_are_brought_to_the_sizes_of_kontext() -> None:
    names: dict[str, Any] = {"torch": torch, "numpy": np, "Image": Image}
    names["PREFERRED_KONTEXT_RESOLUTIONS"] = PREFERRED_KONTEXT_RESOLUTIONS
    for function in ("resize", "fit", "fit_kontext"):
        exec(FUNCTIONS[function], names)
    pixels = torch.rand(1, 40, 70, 3, generator=torch.Generator().manual_seed(0))
    theirs, ours = names["fit_kontext"](pixels.movedim(-1, 1)), flux_kontext_image_scale(pixels)
    assert tuple(ours.shape[1:3]) == tuple(theirs.shape[2:]) == (800, 1328)
    assert (theirs.movedim(1, -1) - ours).abs().max() <= 2 / 255


def test_flux_follows_a_picture(both: Any, models: Path, photo: str) -> None:
    shown("canny", 128, models)
    nodes = over("canny", photo)
    nodes["9"] = node("Canny", image=["8", 0], low_threshold=0.1, high_threshold=0.3)
    sides = {"positive": ["2", 0], "negative": ["3", 0], "vae": ["1", 2], "pixels": ["9", 0]}
    nodes["11"] = node("InstructPixToPixConditioning", **sides)
    links = {"positive": ["11", 0], "negative": ["11", 1], "latent_image": ["11", 2]}
    nodes["5"]["inputs"] |= links
    assert_same(*both(nodes))
