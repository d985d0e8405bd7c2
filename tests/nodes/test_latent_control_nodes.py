"""ControlNets that read latents, through the nodes: Stable Diffusion 3."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch

from wirebrush.api import Conditioning, Latent, NodeError, SilentRun
from wirebrush_diffusion.autoencoder.vae import Autoencoder
from wirebrush_diffusion.control.controlnet import ControlModel
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_nodes.control import (
    control_net_apply,
    control_net_apply_sd3,
    control_net_inpainting_apply,
)
from wirebrush_nodes.loaders import Checkpoint, checkpoint_loader_simple, control_net_loader
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.text import clip_text_encode

sys.path.insert(0, str(Path(__file__).parents[1] / "diffusion"))
from steering import taught
from tiny_families import T5_WIDTH, pipeline, saved

PICTURE = torch.rand((1, 64, 64, 3), generator=torch.Generator().manual_seed(5))
MASK = torch.zeros(1, 64, 64)
MASK[:, :, 32:] = 1.0
Texts = tuple[Conditioning, Conditioning]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    saved(pipeline("sd3"), root / "checkpoints" / "sd3")
    for name, more in (("plain", 0), ("inpaint", 1)):
        torch.manual_seed(1)
        network: Any = diffusers.SD3ControlNetModel(
            sample_size=32,
            num_layers=1,
            attention_head_dim=64,
            num_attention_heads=2,
            joint_attention_dim=T5_WIDTH,
            caption_projection_dim=128,
            pooled_projection_dim=192,
            pos_embed_max_size=24,
            extra_conditioning_channels=more,
        )
        taught(network, much=0.05).save_pretrained(root / "controlnet" / name)
    return root


@pytest.fixture
def run(root: Path) -> SilentRun:
    return SilentRun(root=root)


@pytest.fixture
def parts(run: SilentRun) -> Checkpoint:
    return checkpoint_loader_simple("sd3", run=run)


@pytest.fixture
def texts(parts: Checkpoint, run: SilentRun) -> Texts:
    red, fog = (clip_text_encode(text, parts.CLIP, run=run) for text in ("a red house", "fog"))
    return red, fog


def painted(run: SilentRun, parts: Checkpoint, sides: tuple[Conditioning, ...]) -> torch.Tensor:
    return ksampler(
        model=parts.MODEL,
        seed=1,
        steps=2,
        cfg=4.0,
        positive=sides[0],
        negative=sides[1],
        latent_image=Latent(torch.zeros(1, 16, 8, 8)),
        run=run,
    ).samples


def test_it_steers(parts: Checkpoint, texts: Texts, run: SilentRun) -> None:
    plain, masked = (control_net_loader(name, run=run) for name in ("plain", "inpaint"))
    nothing = painted(run, parts, texts)

    steered = painted(run, parts, control_net_apply_sd3(*texts, plain, parts.VAE, PICTURE))
    inside = painted(
        run, parts, control_net_inpainting_apply(*texts, masked, parts.VAE, PICTURE, MASK)
    )
    hidden = PICTURE.clone()
    hidden[:, :, 32:] = 0.7
    same = painted(
        run, parts, control_net_inpainting_apply(*texts, masked, parts.VAE, hidden, MASK)
    )

    assert not torch.allclose(steered, nothing, atol=1e-3)
    assert not torch.allclose(inside, nothing, atol=1e-3)
    assert torch.equal(same, inside), "what shall be painted is not seen"


def test_what_is_missing_is_named(parts: Checkpoint, texts: Texts, run: SilentRun) -> None:
    plain, masked = (control_net_loader(name, run=run) for name in ("plain", "inpaint"))

    for sides, reason in (
        ((control_net_apply(texts[0], plain, PICTURE), texts[1]), "through a VAE, and none is"),
        (control_net_apply_sd3(*texts, masked, parts.VAE, PICTURE), "paints inside a mask, and n"),
    ):
        with pytest.raises(NodeError, match=reason):
            painted(run, parts, sides)


def test_the_vae_looks_once_and_before_the_painting(
    parts: Checkpoint, texts: Texts, run: SilentRun
) -> None:
    """It needs memory of its own, which the model that paints would not leave it."""
    sides = control_net_apply_sd3(*texts, control_net_loader("plain", run=run), parts.VAE, PICTURE)
    painted(run, parts, sides)
    happened: list[str] = []
    for kept in run.kept.values():
        if isinstance(kept, Autoencoder):
            kept.network.get_submodule("encoder").register_forward_pre_hook(
                lambda *_: happened.append("look")
            )
        elif isinstance(kept, DiffusionModel):
            kept.network.register_forward_pre_hook(lambda *_: happened.append("paint"))
        elif isinstance(kept, ControlModel):
            kept.network.register_forward_pre_hook(lambda *_: happened.append("steer"))

    painted(run, parts, sides)

    assert happened == ["look", "steer", "paint", "steer", "paint"]
