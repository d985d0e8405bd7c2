"""Merged models: handles until they are used, then exactly the sums they say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from wirebrush.api import Clip, Model, SilentRun
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.patches.merging import check_alike, shares
from wirebrush_nodes.block_merging import blocks_of, model_merge_sd1
from wirebrush_nodes.live import live_model, live_text_encoder
from wirebrush_nodes.loaders import checkpoint_loader_simple, lora_loader
from wirebrush_nodes.merging import (
    clip_merge_add,
    clip_merge_simple,
    clip_merge_subtract,
    model_merge_add,
    model_merge_blocks,
    model_merge_simple,
    model_merge_subtract,
)

CONTROLLED = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"


@pytest.fixture(scope="module")
def root(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, and another whose weights are half as large and a bit."""
    root = tmp_path_factory.mktemp("merging")
    for name in ("tiny", "other"):
        shutil.copytree(models / "checkpoints" / "tiny", root / "checkpoints" / name)
    shutil.copytree(models / "loras", root / "loras")
    files = ("unet/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors")
    for file in files:
        path = root / "checkpoints" / "other" / file
        stored = load_file(path).items()
        tensors = {name: t / 2 + 0.1 if t.is_floating_point() else t for name, t in stored}
        save_file(tensors, path)
    return root


@pytest.fixture
def run(root: Path) -> SilentRun:
    return SilentRun(root=root)


def weights(handle: Model, run: SilentRun) -> dict[str, Tensor]:
    with live_model(handle, run) as model:
        return {name: tensor.clone() for name, tensor in model.network.named_parameters()}


def text_weights(handle: Clip, run: SilentRun) -> dict[str, Tensor]:
    with live_text_encoder(handle, run) as reader:
        return {name: tensor.clone() for name, tensor in reader.network.named_parameters()}


def close(found: dict[str, Tensor], expected: dict[str, Tensor]) -> bool:
    return all(torch.allclose(tensor, expected[name], atol=1e-6) for name, tensor in found.items())


def test_sums_of_models(run: SilentRun) -> None:
    first = checkpoint_loader_simple("tiny", run=run).MODEL
    second = checkpoint_loader_simple("other", run=run).MODEL
    a, b = weights(first, run), weights(second, run)

    quarter = weights(model_merge_simple(first, second, 0.25), run)
    difference = model_merge_subtract(second, first, 2.0)
    added = weights(model_merge_add(first, difference), run)

    assert model_merge_simple(first, second, 1.0) == first
    assert close(quarter, {name: 0.25 * a[name] + 0.75 * b[name] for name in a})
    assert close(added, {name: a[name] + 2 * (b[name] - a[name]) for name in a})
    whole = weights(model_merge_simple(first, second, 0.0), run)
    assert all(torch.equal(whole[name], b[name]) for name in b)
    again = weights(first, run)
    assert all(torch.equal(again[name], a[name]) for name in a)


def test_blocks(run: SilentRun) -> None:
    first = checkpoint_loader_simple("tiny", run=run).MODEL
    second = checkpoint_loader_simple("other", run=run).MODEL
    a, b = weights(first, run), weights(second, run)

    mixed = weights(model_merge_blocks(first, second, 1.0, 0.5, 0.0), run)

    for name, tensor in mixed.items():
        outwards = name.startswith(("up_", "conv_norm", "conv_out"))
        part = 0.5 if name.startswith("mid_") else 0.0 if outwards else 1.0
        assert torch.allclose(tensor, part * a[name] + (1 - part) * b[name], atol=1e-6)
    settings = {"input": 0.1, "middle": 0.2, "out": 0.3}
    assert shares(settings, "time_embedding.linear_1.weight") == (0.1, 0.9)


def test_blocks_by_their_authors_names(run: SilentRun) -> None:
    first = checkpoint_loader_simple("tiny", run=run).MODEL
    second = checkpoint_loader_simple("other", run=run).MODEL
    a, b = weights(first, run), weights(second, run)
    parts = dict.fromkeys(blocks_of("time_embed. input_blocks.{0..11}. middle_block.{0..2}."), 1.0)

    mixed = weights(
        model_merge_sd1(first, second, **parts | {"input_blocks.1.": 0.25, "middle_block.1.": 0.0}),
        run,
    )

    halves = {"down_blocks.0.resnets.0.": 0.25, "down_blocks.0.attentions.0.": 0.25}
    halves |= {"mid_block.attentions.0.": 0.0}
    for name, tensor in mixed.items():
        part = next((part for start, part in halves.items() if name.startswith(start)), 1.0)
        assert torch.allclose(tensor, part * a[name] + (1 - part) * b[name], atol=1e-6), name
    assert model_merge_sd1(first, second, **parts) == first
    settings = {"blocks": 1.0, "a.": 0.5, "b.1": 0.1, "b.11": 0.2}
    assert [shares(settings, name)[0] for name in ("b.11.x", "b.12.x", "c")] == [0.2, 0.1, 0.5]


def test_loras_before_and_after(run: SilentRun) -> None:
    first, clip, _ = checkpoint_loader_simple("tiny", run=run)
    second = checkpoint_loader_simple("other", run=run).MODEL
    a, b = weights(first, run), weights(second, run)
    styled = lora_loader(first, clip, "style.safetensors", 1.0, 0.0, run=run).MODEL
    change = weights(styled, run)[CONTROLLED] - a[CONTROLLED]

    before = weights(model_merge_simple(styled, second, 0.5), run)
    merged = model_merge_simple(second, styled, 0.5)
    after = lora_loader(merged, clip, "style.safetensors", 2.0, 0.0, run=run).MODEL

    half = (a[CONTROLLED] + b[CONTROLLED]) / 2
    assert torch.allclose(before[CONTROLLED], half + change / 2, atol=1e-5)
    assert torch.allclose(weights(after, run)[CONTROLLED], half + 2.5 * change, atol=1e-5)


def test_sums_of_text_encoders(run: SilentRun) -> None:
    first = checkpoint_loader_simple("tiny", run=run).CLIP
    second = checkpoint_loader_simple("other", run=run).CLIP
    a, b = text_weights(first, run), text_weights(second, run)

    half = text_weights(clip_merge_simple(first, second, 0.5), run)
    moved = text_weights(clip_merge_add(first, clip_merge_subtract(second, first, 0.5)), run)

    assert close(half, {name: (a[name] + b[name]) / 2 for name in a})
    assert close(moved, half)


def test_nothing_is_loaded_again_for_another_ratio_or_strength(run: SilentRun) -> None:
    first, clip, _ = checkpoint_loader_simple("tiny", run=run)
    second = checkpoint_loader_simple("other", run=run).MODEL
    merged = model_merge_simple(first, second, 0.5)
    assert not run.kept
    with live_model(merged, run) as model:
        network = model.network
    loaded = dict(run.kept)

    for ratio in (0.1, 0.9):
        with live_model(model_merge_simple(first, second, ratio), run) as model:
            assert model.network is network
    assert run.kept == loaded
    for strength in (1.0, 0.3, -2.0):
        styled = lora_loader(first, clip, "style.safetensors", strength, run=run).MODEL
        with live_model(styled, run) as model:
            assert model.network is network
    assert len(run.kept) == len(loaded) + 1  # the LoRA's own factors


def test_models_of_different_kinds_are_refused() -> None:
    with pytest.raises(
        DiffusionError, match="other is a model of another kind: of 1 weights only 0"
    ):
        check_alike({"x": (1,)}, {"x": (2,)}, "other")
