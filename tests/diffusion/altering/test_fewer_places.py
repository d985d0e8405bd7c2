"""Attention in tiles and of merged places: what is computed less, and what stays exact."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from wirebrush_diffusion.alterations import Alteration, Together
from wirebrush_diffusion.altering.fewer_places import MergedPlaces, TiledPlaces, divisions
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.lean import make_lean

TEXT = torch.randn((2, 5, 16), generator=torch.Generator().manual_seed(1))
X = torch.randn((2, 4, 16, 24), generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def unet() -> Any:
    torch.manual_seed(0)
    network = UNet2DConditionModel(
        block_out_channels=(8, 16),
        norm_num_groups=4,
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=2,
    )
    make_lean(network)
    return network.eval().requires_grad_(False)


def answer(network: nn.Module, x: Tensor = X) -> Tensor:
    rows = x.shape[0]
    time = torch.full((rows,), 500.0)
    with torch.inference_mode():
        return network(x, time, encoder_hidden_states=TEXT[:rows], return_dict=False)[0]


ALL: list[Alteration] = [
    TiledPlaces(4, 2),
    TiledPlaces(4, 3, 1, True),
    MergedPlaces(0.5),
    Together((TiledPlaces(4, 2), MergedPlaces(0.3))),
]


@pytest.mark.parametrize("alteration", ALL, ids=lambda a: type(a).__name__)
def test_altered_and_exactly_back(unet: Any, alteration: Alteration) -> None:
    before = answer(unet)
    with alteration.on(unet):
        altered, again = answer(unet), answer(unet)
    with pytest.raises(KeyboardInterrupt), alteration.on(unet):
        raise KeyboardInterrupt

    assert not torch.allclose(altered, before, atol=1e-5)
    assert torch.equal(altered, again)
    assert torch.equal(answer(unet), before)


@pytest.mark.parametrize("alteration", ALL, ids=lambda a: type(a).__name__)
def test_a_picture_is_the_same_in_another_batch(unet: Any, alteration: Alteration) -> None:
    with alteration.on(unet):
        both, first = answer(unet), answer(unet, X[:1])

    assert torch.allclose(both[:1], first, atol=1e-5)


def test_nothing_to_leave_out_changes_nothing(unet: Any) -> None:
    before = answer(unet)
    for alteration in (TiledPlaces(24, 1, 3), MergedPlaces(0.0)):
        with alteration.on(unet):
            assert torch.equal(answer(unet), before)


def asked(network: Any, alteration: Alteration) -> list[int]:
    """How many places each of the finest level's layers asks for at once."""
    rows: list[int] = []
    layer: Any = network.down_blocks[0].attentions[0].transformer_blocks[0].attn1

    def look(module: nn.Module, given: tuple[Any, ...], found: Tensor) -> None:
        rows.append(found.shape[1])

    handle = layer.to_q.register_forward_hook(look)
    try:
        with alteration.on(network):
            answer(network)
    finally:
        handle.remove()
    return rows


def test_places_see_their_tile_only(unet: Any) -> None:
    layer: Any = unet.down_blocks[0].attentions[0].transformer_blocks[0].attn1
    seen: list[Tensor] = []
    handle = layer.register_forward_hook(lambda module, given, found: seen.append(found))
    try:
        with TiledPlaces(8, 1).on(unet):
            answer(unet)
            (states,) = [torch.randn((1, 16 * 24, 8), generator=torch.Generator().manual_seed(3))]
            whole = layer(states)
            tile = states.reshape(1, 16, 24, 8)[:, 8:, 8:16]
    finally:
        handle.remove()

    alone = layer(tile.reshape(1, 64, 8))
    inside = whole.reshape(1, 16, 24, 8)[:, 8:, 8:16].reshape(1, 64, 8)
    assert torch.allclose(inside, alone, atol=1e-5)
    assert asked(unet, TiledPlaces(8, 1)) == [64]


def test_merged_places_ask_once_and_alike_ones_lose_nothing(unet: Any) -> None:
    assert asked(unet, MergedPlaces(0.5)) == [16 * 24 // 2]
    assert asked(unet, MergedPlaces(1.0)) == [16 * 24 // 4]  # one of 2 x 2 always stays
    layer: Any = unet.down_blocks[0].attentions[0].transformer_blocks[0].attn1
    half = torch.randn((1, 16, 24, 8), generator=torch.Generator().manual_seed(3))
    half[:, ::2] = half[:, 1::2]
    half[:, :, ::2] = half[:, :, 1::2]
    states = half.reshape(1, -1, 8)  # 2 x 2 places are alike
    plain = layer(states)
    with MergedPlaces(0.75).on(unet):
        answer(unet)
        merged = layer(states)

    assert torch.allclose(merged, plain, atol=1e-5)


@given(st.integers(1, 300), st.integers(1, 300))
def test_divisions_are_whole_and_no_smaller_than_asked(length: int, least: int) -> None:
    found = divisions(length, least)

    assert found == sorted(found, reverse=True)
    assert found[-1] == 1
    assert all(length % parts == 0 for parts in found)
    assert all(parts == 1 or length // parts >= least for parts in found)


def test_other_networks_are_refused() -> None:
    with pytest.raises(DiffusionError, match="attention of UNets; this model is a Linear"):
        TiledPlaces(8, 1).on(nn.Linear(2, 2)).__enter__()
