"""Compiled models, attention kernels and steps left out, as nodes."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import torch

import wirebrush_nodes
from wirebrush.api import Conditioning, Latent, Model, NodeError, SilentRun
from wirebrush.api.node import spec_of
from wirebrush_nodes.loaders import checkpoint_loader_simple
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.speed import attention_backend, easy_cache, lazy_cache, torch_compile_model
from wirebrush_nodes.text import clip_text_encode
from wirebrush_postcards import models_path

STEPS = 12


@pytest.fixture(scope="module")
def run() -> SilentRun:
    return SilentRun(root=models_path())


@pytest.fixture(scope="module")
def model(run: SilentRun) -> Model:
    return checkpoint_loader_simple("postcards", run=run).MODEL


@pytest.fixture(scope="module")
def texts(run: SilentRun) -> tuple[Conditioning, Conditioning]:
    clip = checkpoint_loader_simple("postcards", run=run).CLIP
    return clip_text_encode("a boat at sea", clip, run=run), clip_text_encode("", clip, run=run)


@pytest.fixture(scope="module")
def plain(model: Model, texts: Any, run: SilentRun) -> torch.Tensor:
    return painted(model, texts, run)


def painted(model: Model, texts: Any, run: SilentRun) -> torch.Tensor:
    return ksampler(
        model=model, seed=3, steps=STEPS, cfg=5.0, sampler_name="euler", scheduler="normal",
        positive=texts[0], negative=texts[1], latent_image=Latent(torch.zeros(1, 4, 16, 16)),
        denoise=1.0, run=run,
    ).samples  # fmt: skip


@pytest.mark.parametrize("cached", [easy_cache, lazy_cache])
def test_caches_change_little_and_off_is_exact(
    cached: Any, model: Model, texts: Any, run: SilentRun, plain: torch.Tensor
) -> None:
    lossy = painted(cached(model, 0.2), texts, run)
    assert not torch.equal(lossy, plain)
    assert (lossy - plain).abs().mean() <= 0.1 * plain.abs().mean()
    assert torch.equal(painted(cached(model, 0.0), texts, run), plain)
    assert torch.equal(painted(model, texts, run), plain), "the model itself is as it was"


def test_kernels(model: Model, texts: Any, run: SilentRun, plain: torch.Tensor) -> None:
    assert attention_backend(model, "auto") == model
    answer = painted(attention_backend(model, "math"), texts, run)
    assert (answer - plain).abs().max() <= 1e-3
    with pytest.raises(NodeError, match="'cudnn' cannot run here: cpu, float32"):
        painted(attention_backend(model, "cudnn"), texts, run)


def test_a_missing_compiler_is_shown_and_it_paints_all_the_same(
    model: Model, texts: Any, plain: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    run = SilentRun(root=models_path())
    compiled = torch_compile_model(model, run=run)
    assert run.texts[0].startswith("torch.compile needs a C++ compiler")
    assert torch.equal(painted(compiled, texts, run), plain)
    torch_compile_model(model, "cudagraphs", run=run)
    assert run.texts[1].startswith("cudagraphs needs an NVIDIA card")


def test_what_is_lossy_says_so() -> None:
    assert wirebrush_nodes.speed
    for function in (easy_cache, lazy_cache):
        spec = spec_of(function)
        assert spec.title.endswith("(lossy)")
        assert "*Lossy*" in spec.help
