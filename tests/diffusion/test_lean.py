"""Our way through diffusers' attention layers gives diffusers' numbers, and forgets in time."""

from __future__ import annotations

import gc
from copy import deepcopy
from typing import Any

import pytest
import torch
from tiny_families import flux_parts, sd1_parts, sd3_parts, sdxl_parts
from torch import Tensor

from wirebrush_diffusion.lean import PlainAttention, TextAttention, make_lean
from wirebrush_diffusion.patches.weights import PatchedWeights, WeightPatch


class Full:
    """A change of every weight by one."""

    def dense(self, like: Tensor) -> Tensor:
        return torch.ones_like(like)


def unet_inputs(context: int) -> dict[str, Any]:
    return {
        "sample": torch.randn(2, 4, 8, 8),
        "timestep": 7.0,
        "encoder_hidden_states": torch.randn(2, 77, context),
    }


@pytest.mark.parametrize("make", [sd1_parts, sdxl_parts])
@torch.inference_mode()
def test_unets(make: Any) -> None:
    network = make()["unet"]
    inputs = unet_inputs(network.config.cross_attention_dim)
    if network.config.addition_embed_type:
        added = {"text_embeds": torch.randn(2, 128), "time_ids": torch.ones(2, 6)}
        inputs["added_cond_kwargs"] = added
    expected = network(**inputs).sample

    make_lean(network)

    for _ in range(2):
        assert (network(**inputs).sample - expected).abs().max() < 1e-5


@pytest.mark.parametrize("make", [sd3_parts, flux_parts])
@torch.inference_mode()
def test_transformers(make: Any) -> None:
    network = make()["transformer"]
    flux = make is flux_parts
    inputs: dict[str, Any] = {
        "hidden_states": torch.randn(1, 16, 64) if flux else torch.randn(1, 16, 8, 8),
        "encoder_hidden_states": torch.randn(1, 20, 256),
        "pooled_projections": torch.randn(1, network.config.pooled_projection_dim),
        "timestep": torch.tensor([0.5]),
    }
    if flux:
        ids = {"img_ids": torch.rand(16, 3), "txt_ids": torch.zeros(20, 3)}
        inputs |= {**ids, "guidance": torch.tensor([3.5])}
    expected = network(**inputs).sample

    make_lean(network)

    for _ in range(2):
        assert (network(**inputs).sample - expected).abs().max() < 1e-5


@torch.inference_mode()
def test_other_weights_are_noticed_though_the_text_is_the_same() -> None:
    network = sd1_parts()["unet"].requires_grad_(False)
    plain = deepcopy(network)
    make_lean(network)
    inputs = unet_inputs(64)
    before = network(**inputs).sample
    name = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"
    patches = [PatchedWeights(n) for n in (network, plain)]

    for weights in patches:
        weights.apply([WeightPatch("style", {name: Full()})])
    changed, expected = network(**inputs).sample, plain(**inputs).sample
    for weights in patches:
        weights.remove()

    assert not torch.allclose(changed, before)
    assert (changed - expected).abs().max() < 1e-5
    assert torch.equal(network(**inputs).sample, before)


def test_what_was_made_of_a_text_goes_with_it() -> None:
    network = sd1_parts()["unet"].requires_grad_(False)
    make_lean(network)
    inputs = unet_inputs(64)
    with torch.no_grad():
        network(**inputs)
    kept = [m.processor for m in network.modules() if hasattr(m, "processor")]
    remembering = [p.known for p in kept if isinstance(p, TextAttention)]
    assert all(known._answers for known in remembering)

    inputs.clear()
    gc.collect()

    assert remembering
    assert all(not known._answers for known in remembering)
    assert all(isinstance(p, PlainAttention) for p in kept)


def test_training_remembers_nothing() -> None:
    network = sd1_parts()["unet"]
    make_lean(network)
    inputs = unet_inputs(64)

    for _ in range(2):
        network(**inputs).sample.sum().backward()

    gradient = network.down_blocks[0].attentions[0].transformer_blocks[0].attn2.to_k.weight.grad
    assert gradient is not None
    assert gradient.abs().max() > 0
