"""ControlNets through the nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ControlNetModel
from safetensors.torch import load_file, save_file

from wirebrush.api import Conditioning, ControlNet, Latent, NodeError, SilentRun
from wirebrush_diffusion.files.names import controlnet_name
from wirebrush_nodes.conditioning_area import conditioning_set_area
from wirebrush_nodes.control import (
    control_net_apply,
    control_net_apply_advanced,
    control_net_apply_sd3,
    control_net_inpainting_apply,
    set_union_control_net_type,
)
from wirebrush_nodes.loaders import (
    Checkpoint,
    checkpoint_loader_simple,
    control_net_loader,
    diff_control_net_loader,
)
from wirebrush_nodes.preprocessors import inpaint_preprocessor
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.text import clip_text_encode, clip_text_encode_controlnet

Texts = tuple[Conditioning, Conditioning]
PICTURE = torch.rand((1, 64, 64, 3), generator=torch.Generator().manual_seed(5))


@pytest.fixture
def parts(run: SilentRun) -> Checkpoint:
    return checkpoint_loader_simple("tiny", run=run)


@pytest.fixture
def texts(parts: Checkpoint, run: SilentRun) -> tuple[Conditioning, Conditioning]:
    red, fog = (clip_text_encode(text, parts.CLIP, run=run) for text in ("red", "fog"))
    return red, fog


@pytest.fixture
def edges(run: SilentRun) -> ControlNet:
    return control_net_loader("edges", run=run)


def painted(
    run: SilentRun, parts: Checkpoint, positive: Conditioning, negative: Conditioning
) -> torch.Tensor:
    return ksampler(
        model=parts.MODEL,
        seed=1,
        steps=2,
        cfg=4.0,
        positive=positive,
        negative=negative,
        latent_image=Latent(torch.zeros(1, 4, 16, 16)),
        run=run,
    ).samples


def test_the_old_node_steers_both_sides(
    parts: Checkpoint, texts: Texts, edges: ControlNet, run: SilentRun
) -> None:
    positive, negative = texts
    new = control_net_apply_advanced(positive, negative, edges, PICTURE, 0.8)
    old = control_net_apply(positive, edges, PICTURE, 0.8)

    expected = painted(run, parts, *new)

    assert torch.allclose(painted(run, parts, old, negative), expected, atol=1e-4)
    assert not torch.allclose(expected, painted(run, parts, *texts), atol=1e-3)
    own = control_net_apply_advanced(negative, negative, edges, 1 - PICTURE, 0.3).negative
    both = painted(run, parts, old, own)
    assert not torch.allclose(both, expected, atol=1e-4), "what has a control keeps it"
    assert control_net_apply(positive, edges, PICTURE, 0.0) == positive


def test_the_old_node_in_areas(
    parts: Checkpoint, texts: Texts, edges: ControlNet, run: SilentRun
) -> None:
    positive, negative = texts
    left = conditioning_set_area(positive, 64, 128, 0, 0)
    old = (*control_net_apply(left, edges, PICTURE), *positive)
    one_sided = (*control_net_apply_advanced(left, (), edges, PICTURE).positive, *positive)

    ours = painted(run, parts, old, negative)

    assert ours.isfinite().all()
    assert not torch.allclose(ours, painted(run, parts, one_sided, negative), atol=1e-4)


def test_the_node_with_a_vae_is_the_same(
    parts: Checkpoint, texts: Texts, edges: ControlNet, run: SilentRun
) -> None:
    new = control_net_apply_advanced(*texts, edges, PICTURE, 0.8, 0.1, 0.9, parts.VAE)
    same = control_net_apply_sd3(*texts, edges, parts.VAE, PICTURE, 0.8, 0.1, 0.9)

    assert torch.equal(painted(run, parts, *new), painted(run, parts, *same))


def test_a_controlnet_reads_its_own_text(
    parts: Checkpoint, texts: Texts, edges: ControlNet, run: SilentRun
) -> None:
    def told(text: str) -> torch.Tensor:
        red, fog = (clip_text_encode_controlnet(parts.CLIP, t, text, run=run) for t in texts)
        return painted(run, parts, *control_net_apply_advanced(red, fog, edges, PICTURE))

    usual = painted(run, parts, *control_net_apply_advanced(*texts, edges, PICTURE))
    positive, negative = texts
    own = clip_text_encode_controlnet(parts.CLIP, positive, "red", run=run)
    same = painted(run, parts, *control_net_apply_advanced(own, negative, edges, PICTURE))
    unused = clip_text_encode_controlnet(parts.CLIP, positive, "a blue sea", run=run)

    assert not torch.allclose(told("a blue sea"), usual, atol=1e-4)
    assert not torch.allclose(told("a blue sea"), told("fog"), atol=1e-4)
    assert torch.allclose(same, usual, atol=1e-4), "the text that the model reads as well"
    assert torch.equal(painted(run, parts, unused, negative), painted(run, parts, *texts))


def test_what_a_network_does_not_know(
    parts: Checkpoint, texts: Texts, edges: ControlNet, run: SilentRun
) -> None:
    depth = set_union_control_net_type(edges, "depth")
    masked = control_net_inpainting_apply(
        *texts, edges, parts.VAE, PICTURE, torch.ones(1, 8, 8), 1.0
    )

    for sides, reason in (
        (control_net_apply_advanced(*texts, depth, PICTURE), "does not know hints of the type"),
        (masked, "reads no mask, and one is given"),
    ):
        with pytest.raises(NodeError, match=reason):
            painted(run, parts, *sides)
    plain = set_union_control_net_type(depth)
    assert painted(run, parts, *control_net_apply_advanced(*texts, plain, PICTURE)).isfinite().all()


def test_types_share_one_network(edges: ControlNet, parts: Checkpoint, run: SilentRun) -> None:
    texts = clip_text_encode("red", parts.CLIP, run=run)
    plain = control_net_apply_advanced(texts, texts, edges, PICTURE)
    painted(run, parts, *plain)
    before = set(run.kept)

    auto = set_union_control_net_type(edges, "auto")
    painted(run, parts, *control_net_apply_advanced(texts, texts, auto, PICTURE))

    assert set(run.kept) == before


def test_differences(parts: Checkpoint, texts: Texts, run: SilentRun, models: Path) -> None:
    """A change of the model that paints, and the same of a model that is named."""
    whole = load_file(models / "controlnet" / "edges" / "diffusion_pytorch_model.safetensors")
    unet = load_file(
        models / "checkpoints" / "tiny" / "unet" / "diffusion_pytorch_model.safetensors"
    )
    control: Any = ControlNetModel.from_pretrained(models / "controlnet" / "edges")
    hints = len(control.controlnet_cond_embedding.blocks)
    tensors = {
        f"control_model.{controlnet_name(name, 1, hints)}": tensor - unet.get(name, 0 * tensor)
        for name, tensor in whole.items()
    }
    save_file(tensors | {"difference": torch.zeros(())}, models / "controlnet" / "diff.safetensors")
    expected = control_net_apply_advanced(*texts, control_net_loader("edges", run=run), PICTURE)
    implied = control_net_loader("diff.safetensors", run=run)
    named = diff_control_net_loader(parts.MODEL, "diff.safetensors", run=run)

    for net in (implied, named, diff_control_net_loader(parts.MODEL, "edges", run=run)):
        ours = painted(run, parts, *control_net_apply_advanced(*texts, net, PICTURE))
        assert torch.allclose(ours, painted(run, parts, *expected), atol=1e-3)


def test_cut_out_for_inpainting() -> None:
    mask = torch.zeros(1, 8, 8)
    mask[:, :, 4:] = 1.0

    cut = inpaint_preprocessor(PICTURE, mask)
    black = inpaint_preprocessor(PICTURE, mask, True)

    assert torch.equal(cut[:, :, :28], PICTURE[:, :, :28])
    assert (cut[:, :, 36:] == -1).all()
    assert (black[:, :, 36:] == 0).all()


def test_files_that_are_no_controls(run: SilentRun, models: Path) -> None:
    (models / "controlnet" / "cut.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{}")
    save_file({"lora_unet_x": torch.zeros(1)}, models / "controlnet" / "lora.safetensors")

    for name, reason in (
        ("cut.safetensors", "only the beginning of one"),
        ("lora.safetensors", "is a LoRA; a ControlNet or T2I-Adapter was expected"),
    ):
        with pytest.raises(NodeError, match=reason) as caught:
            control_net_loader(name, run=run)
        assert caught.value.port == "control_net_name"
