"""Models that are not here: what kind they are is guessed, and the script names them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wirebrush.catalog import Catalog
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.script.making import Script, script_of


def script(checkpoint: str, side: int = 512) -> Script:
    """The script of a picture from words with a checkpoint that nobody can look into."""

    def node(kind: str, **inputs: Any) -> dict[str, Any]:
        return {"class_type": kind, "inputs": inputs}

    links = {"model": ["1", 0], "positive": ["2", 0], "negative": ["2", 0]}
    sampling = {"sampler_name": "euler", "scheduler": "normal", "seed": 1, "steps": 4, "cfg": 2.0}
    nodes = {
        "1": node("CheckpointLoaderSimple", ckpt_name=checkpoint),
        "2": node("CLIPTextEncode", text="a cat", clip=["1", 1]),
        "3": node("EmptyLatentImage", width=side, height=side, batch_size=1),
        "4": node("KSampler", **links, **sampling, latent_image=["3", 0]),
        "5": node("VAEDecode", samples=["4", 0], vae=["1", 2]),
        "6": node("SaveImage", images=["5", 0], filename_prefix="x"),
    }

    def locate(kind: str, name: str) -> str:
        return f"models/{kind}/{name}"

    return script_of(Prompt.from_json(nodes), Catalog(), locate, lambda kind, name: "")


@pytest.mark.parametrize(
    ("name", "side", "reason", "expected"),
    [
        ("sd_xl_base_1.0.safetensors", 512, "its name", "StableDiffusionXLPipeline"),
        ("dreamy.safetensors", 512, "the size", "StableDiffusionPipeline"),
        ("dreamy.safetensors", 1024, "the size", "StableDiffusionXLPipeline"),
    ],
)
def test_the_kind_is_guessed(name: str, side: int, reason: str, expected: str) -> None:
    found = script(name, side)
    assert found.why == ""
    told = " ".join(line.removeprefix("# ") for line in found.text.splitlines()[:6])
    assert f"is guessed from {reason}" in told
    assert expected in found.text


@pytest.mark.parametrize(
    "name", ["hidream.safetensors", "512-depth-ema.safetensors", "my-inpainting.safetensors"]
)
def test_others_are_not(name: str) -> None:
    assert "nobody here knows what kind of model" in script(name).why


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    text = script("sd15.safetensors").text
    check = text[text.index("CHECKPOINT =") : text.index("def noise_table(")]
    command = [sys.executable, "-c", "import os\n" + check]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Not found: models/checkpoints/sd15.safetensors. Put each file")
