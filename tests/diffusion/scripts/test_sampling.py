"""Scripts that are exported of workflows paint the pictures that Wirebrush paints itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from both_ways import WORKFLOWS, assert_same, node, prompt
from tiny_families import pipeline, saved


@pytest.mark.parametrize("name", ["postcard", "hires-fix", "two-pass-refine"])
def test_shipped_workflows(name: str, both: Any) -> None:
    """From words with dpmpp_2m; from a picture that is made larger in between; and in two parts
    of the steps."""
    close = 2 if name == "hires-fix" else 1  # it sizes a picture whose colours are rounded
    assert_same(*both(json.loads((WORKFLOWS / f"{name}.json").read_text("utf-8"))), close=close)


@pytest.mark.parametrize("schedule", ["normal", "simple", "karras", "exponential", "sgm_uniform"])
@pytest.mark.parametrize("sampler", ["euler", "ddim", "dpmpp_2m"])
def test_samplers_and_schedules(sampler: str, schedule: str, both: Any) -> None:
    assert_same(*both(prompt("tiny", sampler_name=sampler, scheduler=schedule)))


@pytest.mark.parametrize(
    ("sampler", "denoise"),
    [
        ("heun", 0.7),
        ("res_multistep", 0.7),
        ("uni_pc", 1.0),
        ("uni_pc_bh2", 0.6),
        ("euler_ancestral", 1.0),
        ("ddpm", 1.0),
    ],
)
def test_more_samplers(sampler: str, denoise: float, both: Any) -> None:
    nodes = prompt("tiny", sampler_name=sampler, scheduler="karras", denoise=denoise)
    if denoise < 1:
        again = nodes["5"]["inputs"] | {"denoise": 1.0, "steps": 2, "sampler_name": "euler"}
        nodes["8"] = node("KSampler", **again)
        nodes["5"]["inputs"]["latent_image"] = ["8", 0]
    assert_same(*both(nodes))


def test_sd_2_which_predicts_velocities(both: Any, models: Path) -> None:
    saved(pipeline("sd2"), models / "checkpoints" / "sd2")
    nodes = prompt("sd2", sampler_name="uni_pc_bh2", scheduler="normal")
    nodes["2"]["inputs"]["text"] = "a (red:1.3) house"
    assert_same(*both(nodes))


def test_a_sampler_in_parts_with_the_levels_of_turbo_models(both: Any) -> None:
    nodes = prompt("tiny", sampler_name="", scheduler="")
    links = {name: nodes["5"]["inputs"][name] for name in ("positive", "negative", "latent_image")}
    nodes["8"] = node("KSamplerSelect", sampler_name="euler_ancestral")
    nodes["9"] = node("SDTurboScheduler", model=["1", 0], steps=2, denoise=1.0)
    parts = {"sampler": ["8", 0], "sigmas": ["9", 0], "model": ["1", 0]}
    nodes["5"] = node("SamplerCustom", add_noise=True, noise_seed=3, cfg=1.5, **parts, **links)
    assert_same(*both(nodes))


def test_one_file_in_the_original_layout(both: Any, models: Path) -> None:
    """Diffusers fetches such a file's configuration; here it is given."""
    given = f"CHECKPOINT,\n    config={str(models / 'checkpoints' / 'tiny')!r},"
    data = prompt("sd15-tiny.safetensors", sampler_name="euler", scheduler="normal")
    assert_same(*both(data, change=("    CHECKPOINT,", "    " + given)))


def part(checkpoint: str, latent: str, begin: int, end: int, **sampling: Any) -> dict[str, Any]:
    """A KSamplerAdvanced with its own model and texts, whose nodes begin with the checkpoint."""
    links = {"model": [checkpoint, 0], "positive": ["2" + checkpoint, 0]}
    links |= {"negative": ["3" + checkpoint, 0], "latent_image": [latent, 0]}
    usual = {"noise_seed": 3, "steps": 6, "cfg": 4.0, "start_at_step": begin, "end_at_step": end}
    noise = "enable" if begin == 0 else "disable"
    left = {"add_noise": noise, "return_with_leftover_noise": "enable" if end < 6 else "disable"}
    return {"class_type": "KSamplerAdvanced", "inputs": {**usual, **left, **links, **sampling}}


def texts(checkpoint: str, name: str) -> dict[str, Any]:
    """A checkpoint and its two texts."""
    clip = [checkpoint, 1]
    return {
        checkpoint: {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": name}},
        "2" + checkpoint: {
            "class_type": "CLIPTextEncode",
            "inputs": {"text": "red house", "clip": clip},
        },
        "3" + checkpoint: {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": clip}},
    }


def ended(vae: str, samples: str) -> dict[str, Any]:
    """What makes a file of latents."""
    return {
        "8": {"class_type": "VAEDecode", "inputs": {"samples": [samples, 0], "vae": [vae, 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "x"}},
    }


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m"])
def test_sdxl_and_its_refiner(sampler: str, both: Any, models: Path) -> None:
    for name in ("sdxl", "refiner"):
        saved(pipeline(name), models / "checkpoints" / name)
    size = {"width": 64, "height": 64, "batch_size": 1}
    way = {"sampler_name": sampler, "scheduler": "karras"}
    nodes = texts("1", "sdxl") | texts("4", "refiner") | ended("4", "7")
    nodes["5"] = {"class_type": "EmptyLatentImage", "inputs": size}
    nodes["6"] = part("1", "5", 0, 4, **way)
    nodes["7"] = part("4", "6", 4, 10000, **way)
    assert_same(*both(nodes))


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("LatentUpscale", {"upscale_method": "nearest-exact", "width": 96, "height": 80}),
        ("LatentUpscale", {"upscale_method": "bilinear", "width": 96, "height": 80}),
        ("LatentUpscaleBy", {"upscale_method": "bicubic", "scale_by": 2.0}),
    ],
)
def test_latents_at_another_size(kind: str, inputs: dict[str, Any], both: Any) -> None:
    nodes = prompt("tiny", sampler_name="euler", scheduler="normal")
    crop = {"crop": "disabled"} if kind == "LatentUpscale" else {}
    nodes["8"] = {"class_type": kind, "inputs": {"samples": ["5", 0], **crop, **inputs}}
    again = nodes["5"]["inputs"] | {"latent_image": ["8", 0], "denoise": 0.6, "seed": 4}
    nodes["9"] = {"class_type": "KSampler", "inputs": again | {"sampler_name": "dpmpp_2m"}}
    nodes["6"]["inputs"]["samples"] = ["9", 0]
    if crop:
        nodes["9"]["inputs"]["scheduler"] = "simple"
    assert_same(*both(nodes))


@pytest.mark.parametrize(
    ("kind", "method", "inputs"),
    [
        ("ImageScaleToTotalPixels", "nearest-exact", {"megapixels": 0.01}),
        ("ImageScaleToTotalPixels", "lanczos", {"megapixels": 0.01}),
        ("ImageScaleBy", "nearest-exact", {"scale_by": 0.75}),
        ("ImageScaleBy", "bicubic", {"scale_by": 0.75}),
        ("ImageScale", "area", {"width": 128, "height": 40, "crop": "disabled"}),
        ("ImageScale", "bilinear", {"width": 40, "height": 32, "crop": "disabled"}),
    ],
)
def test_pictures_at_another_size(
    kind: str, method: str, inputs: dict[str, Any], both: Any
) -> None:
    nodes = prompt("tiny", sampler_name="euler", scheduler="normal", steps=2)
    nodes["8"] = {
        "class_type": kind,
        "inputs": {"image": ["6", 0], "upscale_method": method, **inputs},
    }
    nodes["7"]["inputs"]["images"] = ["8", 0]
    assert_same(*both(nodes), close=2)  # a script sizes pictures whose colours are rounded


@pytest.mark.parametrize(
    ("sampler", "schedule"),
    [
        ("euler", "simple"),
        ("euler", "sgm_uniform"),
        ("euler", "normal"),
        ("dpmpp_2m", "sgm_uniform"),
        ("res_multistep", "simple"),
    ],
)
def test_samplers_and_schedules_of_flows(
    sampler: str, schedule: str, both: Any, models: Path
) -> None:
    saved(pipeline("sd3"), models / "checkpoints" / "sd3")
    nodes = prompt("sd3", sampler_name=sampler, scheduler=schedule)
    nodes["4"]["class_type"] = "EmptySD3LatentImage"
    assert_same(*both(nodes))


@pytest.mark.parametrize("text", ["a cat", "red house " * 35])
def test_flux_fills_texts_up_as_the_field_does(text: str, both: Any, models: Path) -> None:
    saved(pipeline("flux"), models / "checkpoints" / "flux")
    nodes = prompt("flux", sampler_name="euler", scheduler="simple", cfg=1.0)
    nodes["4"] = {
        "class_type": "EmptySD3LatentImage",
        "inputs": {"width": 64, "height": 64, "batch_size": 1},
    }
    nodes["8"] = {
        "class_type": "FluxGuidance",
        "inputs": {"conditioning": ["2", 0], "guidance": 3.5},
    }
    nodes["5"]["inputs"]["positive"] = ["8", 0]
    nodes["2"]["inputs"]["text"] = text
    assert_same(*both(nodes))
