"""Lotus: depth and normals in one step, as its own pipeline asks diffusers' network."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from original_names import MODEL, clip_tensors, open_clip_tensors, plain, unet_tensors
from safetensors.torch import save_file
from tiny_families import assembled, clip, clip_tokenizer, saved, sd2_parts, unet
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.lotus import Lotus, LotusModel
from wirebrush_diffusion.families.sd2 import StableDiffusion2
from wirebrush_diffusion.files.checkpoint import load, open_checkpoint
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import sample_sigmas
from wirebrush_diffusion.text.encoder_files import find_text, load_text

WIDTH, LAST, FIRST_SIGMA = 1024, 999, 999.0
TASK = {"class_embed_type": "projection", "projection_class_embeddings_input_dim": 4}


def network(channels: int = 4) -> Any:
    """The switch is between two tasks; generative models read noise beside the picture."""
    torch.manual_seed(0)
    made = unet(WIDTH, channels=channels, out_channels=4, **TASK)
    for parameter in made.parameters():
        parameter.data.add_(0.02 * torch.randn(parameter.shape))
    return made


def expected(made: Any, latent: Tensor, context: Tensor) -> Tensor:
    """The picture's own latent at the last of a thousand times, and the switch [1, 0]."""
    switch = torch.tensor([[1.0, 0.0]])
    task = torch.cat([torch.sin(switch), torch.cos(switch)], dim=-1)
    with torch.inference_mode():
        return made(latent, LAST, encoder_hidden_states=context, class_labels=task).sample


@pytest.mark.parametrize("layout", ["diffusers", "original", "checkpoint"])
def test_one_step_is_what_diffusers_network_says(layout: str, tmp_path: Path) -> None:
    made = network()
    names = {
        "diffusers": plain(made, ""),
        "original": unet_tensors(made, ""),
        "checkpoint": unet_tensors(made, MODEL),
    }[layout]
    assert ("class_embedding.linear_1.weight" in names) == (layout == "diffusers")
    assert ("label_emb.0.0.weight" in names) == (layout == "original")
    save_file(names, tmp_path / "lotus-depth-d-v1-1.safetensors")
    latent, context = torch.randn(2, 4, 8, 8), torch.randn(1, 2, WIDTH)
    still = torch.zeros_like(latent)

    model = open_checkpoint(tmp_path / "lotus-depth-d-v1-1.safetensors").model()

    assert isinstance(model, LotusModel)
    side = [Condition(context, model.inputs(None, {}, latent.shape))]
    levels, sampler = [FIRST_SIGMA, 0.0], SAMPLERS["euler"]
    sampled = sample_sigmas(
        model, latent, still, side, side, levels, sampler=sampler, seed=0, cfg=1.0
    )
    scale = model.latent.scale
    theirs = expected(made, latent * scale, context.expand(2, -1, -1))
    assert (sampled * scale - theirs).abs().max() <= 1e-4
    if layout != "diffusers":
        prefix = MODEL if layout == "checkpoint" else ""
        places = {prefix + place.name for place in Lotus().places(model.network).values()}
        assert places == set(names)


def test_the_heads_are_those_of_stable_diffusion_2(tmp_path: Path) -> None:
    save_file(plain(network(), ""), tmp_path / "lotus.safetensors")

    model = open_checkpoint(tmp_path / "lotus.safetensors").model()

    assert list(model.config.attention_head_dim) == [1, 2]  # 64 channels each
    assert model.schedule.timestep(FIRST_SIGMA) == LAST
    label = model.inputs(None, {}, (1, 4, 8, 8))["class_labels"]
    assert label.tolist() == [pytest.approx([math.sin(1), 0.0, math.cos(1), 1.0])]


def test_a_folder_of_its_own_pipeline(tmp_path: Path) -> None:
    parts = sd2_parts() | {"unet": network(), "text_encoder": clip(WIDTH, activation="gelu")}
    folder = saved(assembled(diffusers.StableDiffusionPipeline, parts), tmp_path / "lotus")
    config = folder / "scheduler" / "scheduler_config.json"
    told = json.loads(config.read_text("utf-8")) | {"prediction_type": "sample"}
    config.write_text(json.dumps(told), "utf-8")

    loaded = load(folder)

    assert isinstance(loaded.model, LotusModel)
    assert str(loaded.model.prediction) == "image"
    assert loaded.text_encoder.encode("").context.shape == (1, 77, WIDTH)


@pytest.mark.parametrize("layout", ["diffusers", "original"])
def test_generative_models_are_refused_in_a_sentence(layout: str, tmp_path: Path) -> None:
    made = network(channels=8)
    names = plain(made, "") if layout == "diffusers" else unet_tensors(made, "")
    save_file(names, tmp_path / "lotus-depth-g-v1-0.safetensors")

    with pytest.raises(DiffusionError, match="is a generative Lotus") as caught:
        open_checkpoint(tmp_path / "lotus-depth-g-v1-0.safetensors").check()

    assert "lotus-depth-d-v1-1.safetensors" in caught.value.hint


LAYERS = 23
"""Of the encoder in Stable Diffusion 2's folders, whose 24th nobody reads."""


@pytest.mark.parametrize("spelling", ["folder's", "saved", "whole"])
def test_a_layer_that_was_left_out_is_not_left_out_again(spelling: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = clip(64, layers=LAYERS, activation="gelu")
    tensors = {
        "folder's": clip_tensors(encoder, ""),
        "saved": open_clip_tensors(encoder, ""),
        "whole": open_clip_tensors(encoder, "", spare=True),
    }[spelling]
    save_file(tensors, tmp_path / "h.safetensors")
    clip_tokenizer("!").save_pretrained(tmp_path)
    text = find_text(WeightFile(tmp_path / "h.safetensors"))
    assert text is not None

    (part,) = StableDiffusion2.texts
    read = load_text(text, part, (tmp_path,), "cpu", torch.float32)

    ids = clip_tokenizer("!")("", padding="max_length", return_tensors="pt").input_ids
    with torch.inference_mode():
        theirs = encoder(ids).last_hidden_state
    assert (read.encode("").context - theirs).abs().max() <= 1e-4
