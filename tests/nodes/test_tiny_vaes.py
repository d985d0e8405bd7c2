"""VAEs that are none of a checkpoint: tiny ones, folders, no VAE at all; and previews by them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import wirebrush_nodes
from wirebrush.api import SilentRun
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import assemble, pack_from
from wirebrush.events import Event, NodeFinished
from wirebrush.folders import packaged_roots
from wirebrush.graph.prompt import Prompt
from wirebrush_diffusion.autoencoder.taesd import load_tiny
from wirebrush_diffusion.pictures.files import encode_jpeg
from wirebrush_nodes.live import live_model, preview_of
from wirebrush_nodes.loaders import checkpoint_loader_simple

sys.path.insert(0, str(Path(__file__).parents[1] / "diffusion"))
from test_taesd import halves, tiny
from tiny_families import pipeline, saved, vae


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "vae_approx").mkdir()
    halves(tiny(), tmp_path / "vae_approx")
    vae().save_pretrained(tmp_path / "vae" / "folder")
    return tmp_path


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


@pytest.mark.parametrize("name", ["taesd", "pixel_space", "folder"])
def test_a_picture_there_and_back(name: str, root: Path) -> None:
    prompt = {
        "1": node("VAELoader", vae_name=name),
        "2": node("EmptyImage", width=64, height=32, batch_size=1, color=0xFF8000),
        "3": node("VAEEncode", pixels=["2", 0], vae=["1", 0]),
        "4": node("VAEDecode", samples=["3", 0], vae=["1", 0]),
        "5": node("PreviewImage", images=["4", 0]),
    }
    events: list[Event] = []
    packs = assemble([pack_from("builtin", wirebrush_nodes)])
    with Engine(packs, Settings(models=[root, *packaged_roots()])) as engine:
        finished = engine.run(Prompt.from_json(prompt), ["5"], events.extend)

    assert finished.state == "succeeded", finished
    shown = [event for event in events if isinstance(event, NodeFinished) and event.node == "5"]
    assert (shown[0].outputs[0].width, shown[0].outputs[0].height) == (64, 32)


def test_half_a_tiny_vae_is_no_choice(root: Path) -> None:
    (root / "vae_approx" / "taesd_encoder.safetensors").unlink()
    packs = assemble([pack_from("builtin", wirebrush_nodes)])
    with Engine(packs, Settings(models=[root])) as engine:
        prompt = {"1": node("VAELoader", vae_name="taesd")}
        finished = engine.run(Prompt.from_json(prompt), ["1"])
    assert finished.state == "failed"
    assert "There is no 'taesd' in vae." in finished.problems[0].message


def test_a_tiny_vae_that_is_there_paints_the_previews(root: Path) -> None:
    saved(pipeline("sd1"), root / "checkpoints" / "sd1")
    run = SilentRun(root=root)
    model = checkpoint_loader_simple("sd1", run=run).MODEL
    latent = torch.randn(2, 4, 8, 8)
    decoder = root / "vae_approx" / "taesd_decoder.safetensors"
    own = load_tiny(decoder, None, "cpu", torch.float32)

    with live_model(model, run) as live:
        by_tiny = preview_of(live, model, latent, run)
        unscaled = live.latent.from_network(latent[:1])
        decoder.rename(decoder.with_name("away.safetensors"))
        by_factors = preview_of(live, model, latent, SilentRun(root=root))

    assert by_tiny == encode_jpeg(own.decode(unscaled)[0])
    assert by_factors not in (None, by_tiny)
