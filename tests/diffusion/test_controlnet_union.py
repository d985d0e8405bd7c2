"""Union ControlNets for SDXL act as in diffusers' pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from steering import (
    CFG,
    HINT,
    NEGATIVE,
    PROMPT,
    SIDE,
    STEPS,
    STRENGTH,
    start,
    steered,
    steered_pipeline,
    taught,
)
from tiny_families import pipeline, saved

from wirebrush_diffusion.control.controlnet import Control
from wirebrush_diffusion.control.files import load_controlnet
from wirebrush_diffusion.control.union import MODES
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.checkpoint import Parts, load


def union_of(unet: Any, kinds: int = 6) -> Any:
    """One for a tiny UNet, that has learnt something."""
    torch.manual_seed(1)
    kept = (
        "down_block_types",
        "block_out_channels",
        "layers_per_block",
        "cross_attention_dim",
        "transformer_layers_per_block",
        "attention_head_dim",
        "use_linear_projection",
        "addition_embed_type",
        "addition_time_embed_dim",
        "projection_class_embeddings_input_dim",
    )
    return taught(
        diffusers.ControlNetUnionModel(
            **{name: unet.config[name] for name in kept},
            conditioning_embedding_out_channels=(16, 16, 16, 16),
            num_control_type=kinds,
            num_trans_channel=64,
            num_proj_channel=64,
        )
    )


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return load(saved(pipeline("sdxl"), tmp_path_factory.mktemp("models") / "sdxl"))


@pytest.mark.parametrize(("mode", "kinds"), [("depth", 6), ("normal", 6), ("repaint", 8)])
def test_as_in_diffusers(parts: Parts, tmp_path: Path, mode: str, kinds: int) -> None:
    pipe = pipeline("sdxl")
    network = union_of(pipe.unet, kinds)
    network.save_pretrained(tmp_path)
    settings: Any = {"force_zeros_for_empty_prompt": False, "add_watermarker": False}
    cls = diffusers.StableDiffusionXLControlNetUnionPipeline
    steering = steered_pipeline(cls, pipe, controlnet=network, **settings)
    noise = start()

    expected = steering(
        prompt=PROMPT,
        negative_prompt=NEGATIVE,
        control_image=[HINT.movedim(-1, 1)],
        control_mode=[MODES.index(mode)],
        latents=noise,
        num_inference_steps=STEPS,
        guidance_scale=CFG,
        controlnet_conditioning_scale=STRENGTH,
        height=SIDE,
        width=SIDE,
        output_type="latent",
    ).images

    for place in (tmp_path, tmp_path / "diffusion_pytorch_model.safetensors"):
        use = Control(load_controlnet(place), HINT, STRENGTH, mode=mode)
        ours = steered(parts, noise, steering.scheduler.sigmas.tolist(), use)
        assert (ours - expected).abs().max() <= 1e-4


def test_without_a_kind_it_reads_the_hint_as_it_is(parts: Parts, tmp_path: Path) -> None:
    network = union_of(pipeline("sdxl").unet)
    network.save_pretrained(tmp_path)
    model, noise, sigmas = load_controlnet(tmp_path), start(), [4.0, 0.0]

    auto, depth, other = (
        steered(parts, noise, sigmas, Control(model, hint, mode=mode))
        for mode, hint in (("auto", HINT), ("depth", HINT), ("auto", 1 - HINT))
    )

    assert not torch.allclose(auto, depth, atol=1e-3)
    assert (auto - other).abs().max() > 1e-5
    assert not model.network.conv_in._forward_hooks


def test_a_kind_that_it_does_not_know(parts: Parts, tmp_path: Path) -> None:
    union_of(pipeline("sdxl").unet).save_pretrained(tmp_path)
    use = Control(load_controlnet(tmp_path), HINT, mode="repaint")

    with pytest.raises(DiffusionError, match=r"does not know.*'repaint'. Choose one of auto"):
        use.on(parts.model)
