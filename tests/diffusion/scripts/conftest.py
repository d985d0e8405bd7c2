"""A person's machine with tiny models, on which scripts and Wirebrush paint the same prompts."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))  # for `both_ways`

from both_ways import Numbers, numbers

from wirebrush.catalog import Catalog
from wirebrush.cli.library import Library
from wirebrush.cli.scripting import workflow_script
from wirebrush.config import Config
from wirebrush.engine.assets import LocalAssets
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import load_packs
from wirebrush.folders import packaged_roots
from wirebrush.graph.document import read_document
from wirebrush.graph.opening import open_workflow


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """The name of a picture that both find, whose sides are no multiples of 8."""
    across, down = np.meshgrid(np.arange(90), np.arange(61))
    colours = [across * 2, down * 3, 255 * ((across // 9 + down // 9) % 2)]
    Image.fromarray(np.stack(colours, -1).astype("uint8")).save(tmp_path / "photo.jpg")
    return "photo.jpg"


@pytest.fixture(scope="session")
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
    drawn = DiagonalGaussianDistribution.sample  # which scripts change, as for their own process
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", drawn)

    def paint(data: dict[str, Any], change: tuple[str, str] = ("", "")) -> Any:
        workflow, _ = open_workflow(data, catalog)
        assert workflow is not None
        library = Library(Config(data=tmp_path / "data", models=(models,)))
        script = workflow_script(workflow, catalog, library)
        assert script.why == ""
        there = tmp_path / "there"
        there.mkdir()
        for path in tmp_path.glob("*.jpg"):
            shutil.copy(path, there)
        monkeypatch.chdir(there)
        assert change[0] in script.text
        code = compile(script.text.replace(*change), "script", "exec")
        with torch.enable_grad():  # a script turns gradients off, and owns its process to do so
            exec(code, {"__name__": "__main__"})
        found = read_document(json.dumps(data), catalog).prompt
        assert found is not None
        sinks = [node.id for node in found.nodes.values() if node.class_type == "SaveImage"]
        here = LocalAssets(tmp_path / "here")
        for path in there.parent.glob("*.jpg"):
            here.names[path.name] = here.add(path.read_bytes())[0]
        given = {path for path in here.folder.rglob("*") if path.is_file()}
        places = (models, *packaged_roots())
        with Engine(load_packs(), Settings(models=places), here) as engine:
            assert engine.run(found, sinks).state == "succeeded"
        ours = [path for path in here.folder.rglob("*") if path.is_file() and path not in given]
        return numbers(there.glob("*.png")), numbers(ours)

    return paint
