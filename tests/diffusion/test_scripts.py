"""Scripts that are exported of workflows paint the pictures that Wirebrush paints itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_families import pipeline, saved

from wirebrush.catalog import Catalog
from wirebrush.cli.offline import Library
from wirebrush.cli.scripting import workflow_script
from wirebrush.config import Config
from wirebrush.engine.assets import LocalAssets
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import load_packs
from wirebrush.folders import packaged_roots
from wirebrush.graph.document import read_document
from wirebrush.graph.opening import open_workflow

WORKFLOWS = Path(__file__).parents[2] / "workflows"
CLOSE = 1
"""Of 255: diffusers rounds to the nearest colour, the field cuts off."""

Numbers = np.ndarray[Any, np.dtype[np.int64]]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.from_json(json.loads(json.dumps(load_packs().catalog())))


@pytest.fixture
def models(tmp_path: Path, folder: Path, single_file: Path) -> Path:
    """A models folder with a tiny model as a folder and as a file."""
    place = tmp_path / "models" / "checkpoints"
    shutil.copytree(folder, place / "tiny")
    (place / "tiny" / "model_index.json").write_text(
        json.dumps(
            {
                "_class_name": "StableDiffusionPipeline",
                "unet": ["diffusers", "UNet2DConditionModel"],
                "vae": ["diffusers", "AutoencoderKL"],
                "text_encoder": ["transformers", "CLIPTextModel"],
                "tokenizer": ["transformers", "CLIPTokenizer"],
                "scheduler": ["diffusers", "DDIMScheduler"],
                "safety_checker": [None, None],
                "feature_extractor": [None, None],
            }
        )
    )
    settings = place / "tiny" / "tokenizer" / "tokenizer_config.json"
    length = json.loads((place / "tiny" / "text_encoder" / "config.json").read_text())
    places = {"model_max_length": length["max_position_embeddings"]}
    settings.write_text(json.dumps(json.loads(settings.read_text()) | places))
    shutil.copy(single_file, place / "sd15-tiny.safetensors")
    shutil.copytree(single_file.parent / "tokenizer", place / "tokenizer")
    return tmp_path / "models"


@pytest.fixture
def both(
    catalog: Catalog, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[list[Numbers], list[Numbers]]]:
    """Paints a workflow both ways; `change` may change the script."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    def paint(data: dict[str, Any], change: tuple[str, str] = ("", "")) -> Any:
        workflow, _ = open_workflow(data, catalog)
        assert workflow is not None
        library = Library(Config(data=tmp_path / "data", models=(models,)))
        script = workflow_script(workflow, catalog, library)
        assert script.why == ""
        there = tmp_path / "there"
        there.mkdir()
        monkeypatch.chdir(there)
        assert change[0] in script.text
        exec(compile(script.text.replace(*change), "script", "exec"), {"__name__": "__main__"})
        found = read_document(json.dumps(data), catalog).prompt
        assert found is not None
        sinks = [node.id for node in found.nodes.values() if node.class_type == "SaveImage"]
        here = LocalAssets(tmp_path / "here")
        places = (models, *packaged_roots())
        with Engine(load_packs(), Settings(models=places), here) as engine:
            assert engine.run(found, sinks).state == "succeeded"
        ours = [path for path in here.folder.rglob("*") if path.is_file()]
        return numbers(there.glob("*.png")), numbers(ours)

    return paint


def numbers(paths: Any) -> list[Numbers]:
    """The pictures' colours, in an order that does not depend on their names."""
    found = [np.asarray(Image.open(path).convert("RGB")).astype(np.int64) for path in paths]
    return sorted(found, key=lambda picture: float(picture.mean()))


def assert_same(theirs: list[Numbers], ours: list[Numbers], close: int = CLOSE) -> None:
    assert len(theirs) == len(ours) > 0
    for one, other in zip(theirs, ours, strict=True):
        assert one.shape == other.shape
        assert int(np.abs(one - other).max()) <= close
        assert one.std() > 5, "an empty picture would always be the same"


@pytest.mark.parametrize("name", ["postcard", "hires-fix", "two-pass-refine"])
def test_shipped_workflows(name: str, both: Any) -> None:
    """From words with dpmpp_2m; from a picture that is made larger in between; and in two parts
    of the steps."""
    close = 2 if name == "hires-fix" else CLOSE  # it sizes a picture whose colours are rounded
    assert_same(*both(json.loads((WORKFLOWS / f"{name}.json").read_text("utf-8"))), close=close)


def prompt(checkpoint: str, **sampling: Any) -> dict[str, Any]:
    usual = {"seed": 3, "steps": 5, "cfg": 4.0, "denoise": 1.0}
    links = {
        "model": ["1", 0],
        "positive": ["2", 0],
        "negative": ["3", 0],
        "latent_image": ["4", 0],
    }
    size = {"width": 64, "height": 48, "batch_size": 2}
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": checkpoint}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["1", 1]}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["1", 1]}},
        "4": {"class_type": "EmptyLatentImage", "inputs": size},
        "5": {"class_type": "KSampler", "inputs": {**usual, **sampling, **links}},
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "x"}},
    }


@pytest.mark.parametrize("schedule", ["normal", "simple", "karras", "exponential", "sgm_uniform"])
@pytest.mark.parametrize("sampler", ["euler", "ddim", "dpmpp_2m"])
def test_samplers_and_schedules(sampler: str, schedule: str, both: Any) -> None:
    assert_same(*both(prompt("tiny", sampler_name=sampler, scheduler=schedule)))


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


@pytest.mark.parametrize("schedule", ["simple", "sgm_uniform", "normal"])
def test_schedules_of_flows(schedule: str, both: Any, models: Path) -> None:
    saved(pipeline("sd3"), models / "checkpoints" / "sd3")
    nodes = prompt("sd3", sampler_name="euler", scheduler=schedule)
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
