"""Pictures that steer, pictures with holes, and pictures with grey around them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from both_ways import assert_same, node, prompt
from diffusers import ControlNetModel
from PIL import Image
from tiny_families import pipeline, saved

from wirebrush.graph.script.functions import FUNCTIONS
from wirebrush_diffusion.pictures.edges import canny


@pytest.fixture
def controls(models: Path, tiny_control: ControlNetModel) -> Path:
    """A folder with a ControlNet."""
    tiny_control.save_pretrained(models / "controlnet" / "edges")
    return models


def saved_sdxl(models: Path) -> Any:
    """A tiny SDXL, which is there as a checkpoint."""
    pipe = pipeline("sdxl")
    saved(pipe, models / "checkpoints" / "sdxl")
    return pipe


def steered(positive: str, side: str, image: str, **changed: Any) -> dict[str, Any]:
    """A ControlNet on both sides of a condition."""
    usual = {"strength": 0.9, "start_percent": 0.0, "end_percent": 1.0}
    links = {"control_net": ["20", 0], "image": [image, 0]}
    sides = {"positive": [positive, 0], "negative": [side, int(positive == side)]}
    return node("ControlNetApplyAdvanced", **sides, **links, **usual | changed)


def test_edges_are_those_of_the_node(tmp_path: Path, photo: str) -> None:
    """To the pixel, where sums that are taken in another order would turn ties."""
    names: dict[str, Any] = {"torch": torch}
    exec(FUNCTIONS["canny"], names)
    pixels = torch.from_numpy(np.array(Image.open(tmp_path / photo)))[None] / 255
    theirs = names["canny"](pixels.movedim(-1, 1), 0.1, 0.3)
    assert torch.equal(theirs[:, 0], canny(pixels, 0.1, 0.3))


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m"])
def test_two_controlnets_one_of_edges(sampler: str, both: Any, controls: Path, photo: str) -> None:
    nodes = prompt("tiny", sampler_name=sampler, scheduler="normal")
    nodes["20"] = node("ControlNetLoader", control_net_name="edges")
    nodes["21"] = node("LoadImage", image=photo)
    nodes["22"] = node("Canny", image=["21", 0], low_threshold=0.1, high_threshold=0.3)
    nodes["23"] = steered("2", "3", "22")
    nodes["24"] = steered("23", "23", "21", start_percent=0.2, end_percent=0.7)
    nodes["5"]["inputs"] |= {"positive": ["24", 0], "negative": ["24", 1]}
    assert_same(*both(nodes))


def test_a_controlnet_over_a_picture_with_ancestral_noise(
    both: Any, controls: Path, photo: str
) -> None:
    nodes = prompt("tiny", sampler_name="euler_ancestral", scheduler="normal", denoise=0.7)
    nodes["20"] = node("ControlNetLoader", control_net_name="edges")
    nodes["21"] = node("LoadImage", image=photo)
    nodes["22"] = node("VAEEncode", pixels=["21", 0], vae=["1", 2])
    nodes["23"] = node(
        "ControlNetApply",
        conditioning=["2", 0],
        control_net=["20", 0],
        image=["21", 0],
        strength=1.0,
    )
    nodes["5"]["inputs"] |= {"positive": ["23", 0], "latent_image": ["22", 0]}
    assert_same(*both(nodes))


def test_a_controlnet_for_sdxl(both: Any, models: Path, photo: str) -> None:
    pipe = saved_sdxl(models)
    network = ControlNetModel.from_unet(pipe.unet, conditioning_embedding_out_channels=(16,) * 4)
    for parameter in network.parameters():  # its outputs start as zeros; make them matter
        parameter.data.add_(0.02 * torch.randn_like(parameter))
    network.save_pretrained(models / "controlnet" / "edges")
    nodes = prompt("sdxl", sampler_name="dpmpp_2m", scheduler="karras", steps=3)
    nodes["4"]["inputs"] |= {"width": 64, "height": 64, "batch_size": 1}
    nodes["20"] = node("ControlNetLoader", control_net_name="edges")
    nodes["21"] = node("LoadImage", image=photo)
    nodes["23"] = steered("2", "3", "21", end_percent=0.6)
    nodes["5"]["inputs"] |= {"positive": ["23", 0], "negative": ["23", 1]}
    nodes["2"]["inputs"]["text"] = "a (red:1.2) house"
    assert_same(*both(nodes))


@pytest.mark.parametrize(
    ("sampler", "denoise"), [("euler", 0.6), ("dpmpp_2m", 1.0), ("euler_ancestral", 1.0)]
)
def test_outpainting_with_a_soft_rim(sampler: str, denoise: float, both: Any, photo: str) -> None:
    nodes = prompt("tiny", sampler_name=sampler, scheduler="karras", denoise=denoise)
    nodes["8"] = node("LoadImage", image=photo)
    around = {"left": 16, "top": 0, "right": 8, "bottom": 24, "feathering": 20}
    nodes["9"] = node("ImagePadForOutpaint", image=["8", 0], **around)
    nodes["10"] = node("VAEEncode", pixels=["9", 0], vae=["1", 2])
    nodes["11"] = node("SetLatentNoiseMask", samples=["10", 0], mask=["9", 1])
    nodes["5"]["inputs"]["latent_image"] = ["11", 0]
    assert_same(*both(nodes))


def test_a_hole_that_is_painted_anew(both: Any, photo: str) -> None:
    nodes = prompt("tiny", sampler_name="euler", scheduler="normal")
    nodes["8"] = node("LoadImage", image=photo)
    nodes["9"] = node("SolidMask", value=0.0, width=90, height=61)
    nodes["10"] = node("SolidMask", value=1.0, width=40, height=30)
    meet = {"destination": ["9", 0], "source": ["10", 0], "x": 21, "y": 10, "operation": "add"}
    nodes["11"] = node("MaskComposite", **meet)
    hole = {"pixels": ["8", 0], "vae": ["1", 2], "mask": ["11", 0], "grow_mask_by": 6}
    nodes["12"] = node("VAEEncodeForInpaint", **hole)
    nodes["5"]["inputs"]["latent_image"] = ["12", 0]
    assert_same(*both(nodes))


def test_a_picture_in_between_is_shown(both: Any) -> None:
    nodes = prompt("tiny", sampler_name="euler", scheduler="normal", steps=3)
    larger = {"upscale_method": "bilinear", "scale_by": 1.5}
    nodes["8"] = node("LatentUpscaleBy", samples=["5", 0], **larger)
    again = nodes["5"]["inputs"] | {"latent_image": ["8", 0], "denoise": 0.6, "seed": 4}
    nodes["9"] = node("KSampler", **again)
    nodes["10"] = node("VAEDecode", samples=["9", 0], vae=["1", 2])
    nodes["11"] = node("SaveImage", images=["10", 0], filename_prefix="y")
    assert_same(*both(nodes))


def test_pictures_of_a_batch(both: Any) -> None:
    """Two of three are painted over; a place beyond the end is that of the last picture."""
    nodes = prompt("tiny", sampler_name="euler", scheduler="normal", steps=3)
    nodes["4"]["inputs"] |= {"width": 69, "height": 55, "batch_size": 3}
    nodes["8"] = node("ImageFromBatch", image=["6", 0], batch_index=1, length=9)
    nodes["9"] = node("VAEEncode", pixels=["8", 0], vae=["1", 2])
    again = nodes["5"]["inputs"] | {"latent_image": ["9", 0], "denoise": 0.6, "seed": 4}
    nodes["10"] = node("KSampler", **again)
    nodes["11"] = node("VAEDecode", samples=["10", 0], vae=["1", 2])
    nodes["7"]["inputs"]["images"] = ["11", 0]
    nodes["12"] = node("ImageFromBatch", image=["6", 0], batch_index=9, length=1)
    nodes["13"] = node("SaveImage", images=["12", 0], filename_prefix="y")
    assert_same(*both(nodes))
