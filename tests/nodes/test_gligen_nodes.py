"""GLIGEN through the nodes: what stands in which rectangle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file

from wirebrush.api import Conditioning, Latent, NodeError, SilentRun
from wirebrush_diffusion.files.names import unet_name
from wirebrush_nodes.control import control_net_apply
from wirebrush_nodes.gligen import Gligen, gligen_loader, gligen_text_box_apply
from wirebrush_nodes.loaders import Checkpoint, checkpoint_loader_simple, control_net_loader
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.text import clip_text_encode

TEXTS = 32


@pytest.fixture(autouse=True)
def _file(models: Path) -> None:
    """A GLIGEN model for the tiny checkpoint."""
    if (models / "gligen").exists():
        return
    torch.manual_seed(6)
    gated: Any = UNet2DConditionModel(
        block_out_channels=(32, 32),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=TEXTS,
        attention_head_dim=4,
        attention_type="gated",
    )
    tensors: dict[str, torch.Tensor] = {}
    for name, parameter in gated.named_parameters():
        noisy = parameter.data + 0.1 * torch.randn(parameter.shape)
        if name.startswith("position_net."):
            tensors[name] = noisy
        elif ".fuser." in name:
            block, leaf = name.split(".fuser.")
            stored = unet_name(f"{block}.x.y", 1, frozenset({1})).removesuffix(".x.y")
            tensors[f"{stored}.fuser.{leaf}"] = noisy
    (models / "gligen").mkdir()
    save_file(tensors, models / "gligen" / "boxes.safetensors")


@pytest.fixture
def parts(run: SilentRun) -> Checkpoint:
    return checkpoint_loader_simple("tiny", run=run)


@pytest.fixture
def model(run: SilentRun) -> Gligen:
    return gligen_loader("boxes.safetensors", run=run)


def painted(run: SilentRun, parts: Checkpoint, positive: Conditioning) -> torch.Tensor:
    return ksampler(
        model=parts.MODEL,
        seed=1,
        steps=2,
        cfg=4.0,
        positive=positive,
        negative=clip_text_encode("fog", parts.CLIP, run=run),
        latent_image=Latent(torch.zeros(1, 4, 16, 16)),
        run=run,
    ).samples


def test_boxes_add_up_and_leave_nothing(parts: Checkpoint, model: Gligen, run: SilentRun) -> None:
    text = clip_text_encode("a red house", parts.CLIP, run=run)
    plain = painted(run, parts, text)

    one = gligen_text_box_apply(text, parts.CLIP, model, "house", 64, 64, 0, 32, run=run)
    two = gligen_text_box_apply(one, parts.CLIP, model, "red", 32, 64, 64, 0, run=run)
    moved = gligen_text_box_apply(text, parts.CLIP, model, "house", 64, 64, 64, 32, run=run)

    pictures = [painted(run, parts, given) for given in (one, two, moved)]
    assert [box.place for box in two[0].options["boxes"]] == [(8, 8, 4, 0), (8, 4, 0, 8)]
    for i, picture in enumerate(pictures):
        assert not torch.allclose(picture, plain, atol=1e-4)
        assert not any(torch.allclose(picture, p, atol=1e-5) for p in pictures[i + 1 :])
    assert torch.equal(painted(run, parts, text), plain)


def test_beside_a_control(parts: Checkpoint, model: Gligen, run: SilentRun) -> None:
    text = clip_text_encode("a red house", parts.CLIP, run=run)
    boxed = gligen_text_box_apply(text, parts.CLIP, model, "house", run=run)
    edges = control_net_loader("edges", run=run)
    picture = torch.rand(1, 64, 64, 3)

    both = painted(run, parts, control_net_apply(boxed, edges, picture))

    assert not torch.allclose(both, painted(run, parts, boxed), atol=1e-4)
    steered = control_net_apply(text, edges, picture)
    assert not torch.allclose(both, painted(run, parts, steered), atol=1e-4)


def test_other_files_are_named(run: SilentRun, models: Path) -> None:
    save_file({"lora_unet_x": torch.zeros(1)}, models / "gligen" / "lora.safetensors")

    with pytest.raises(NodeError, match="is a LoRA; a GLIGEN model for text boxes") as caught:
        gligen_loader("lora.safetensors", run=run)
    assert caught.value.port == "gligen_name"
