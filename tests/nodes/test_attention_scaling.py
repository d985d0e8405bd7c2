"""Attention multiplied: exactly the weights that are meant, over LoRAs, and taken back exactly."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from wirebrush.api import Clip, Model, SilentRun
from wirebrush_diffusion.patches.merging import attention_factors
from wirebrush_nodes.attention_scaling import (
    clip_attention_multiply,
    unet_cross_attention_multiply,
    unet_self_attention_multiply,
    unet_temporal_attention_multiply,
)
from wirebrush_nodes.live import live_model, live_text_encoder
from wirebrush_nodes.loaders import checkpoint_loader_simple, lora_loader

BLOCK = "down_blocks.0.attentions.0.transformer_blocks.0"


def weights(model: Model, run: SilentRun) -> dict[str, Tensor]:
    with live_model(model, run) as live:
        return {name: tensor.clone() for name, tensor in live.network.named_parameters()}


def changed(found: dict[str, Tensor], before: dict[str, Tensor]) -> set[str]:
    names = {name for name in found if not torch.equal(found[name], before[name])}
    return {name.removeprefix(f"{BLOCK}.") for name in names if name.startswith(BLOCK)}


def test_each_matrix_by_its_own_factor(run: SilentRun) -> None:
    model = checkpoint_loader_simple("tiny", run=run).MODEL
    before = weights(model, run)

    found = weights(unet_self_attention_multiply(model, 2.0, 1.0, 0.5, 3.0), run)

    assert changed(found, before) == {
        "attn1.to_q.weight",
        "attn1.to_v.weight",
        "attn1.to_out.0.weight",
        "attn1.to_out.0.bias",
    }
    query, value = f"{BLOCK}.attn1.to_q.weight", f"{BLOCK}.attn1.to_v.weight"
    assert torch.equal(found[query], before[query] * 2)
    assert torch.equal(found[value], before[value] * 0.5)
    again = weights(model, run)
    assert all(torch.equal(again[name], tensor) for name, tensor in before.items())


def test_it_lies_over_loras(run: SilentRun) -> None:
    model, clip, _ = checkpoint_loader_simple("tiny", run=run)
    styled = lora_loader(model, clip, "style.safetensors", 0.7, 0.0, run=run).MODEL
    key = f"{BLOCK}.attn2.to_k.weight"

    found = weights(unet_cross_attention_multiply(styled, k=2.0), run)

    assert torch.allclose(found[key], weights(styled, run)[key] * 2, atol=1e-6)


def test_temporal_factors_do_nothing_for_pictures(run: SilentRun) -> None:
    model = checkpoint_loader_simple("tiny", run=run).MODEL
    assert unet_temporal_attention_multiply(model, 1.0, 5.0, 1.0, 5.0) == model
    before = weights(model, run)

    found = weights(unet_temporal_attention_multiply(model, 2.0, 1.0, 0.5, 1.0), run)

    outs = {f"attn{i}.to_out.0.{leaf}" for i in (1, 2) for leaf in ("weight", "bias")}
    assert changed(found, before) == outs


def test_texts_are_read_otherwise(run: SilentRun) -> None:
    clip = checkpoint_loader_simple("tiny", run=run).CLIP

    def read(handle: Clip) -> Tensor:
        with live_text_encoder(handle, run) as reader:
            return reader.encode("a red house").context

    before = read(clip)
    assert not torch.equal(read(clip_attention_multiply(clip, q=2.0)), before)
    assert clip_attention_multiply(clip) == clip
    assert torch.equal(read(clip), before)


@pytest.mark.parametrize("layer", ["attn1", "self_attn"])
def test_factors_of_one_name_nothing(layer: str) -> None:
    names = [f"x.{layer}.to_q.weight", f"x.{layer}.q_proj.bias", "other"]
    assert attention_factors(names, layer, dict.fromkeys(("q", "k", "v", "out"), 1.0)) == {}
