"""Deep shrink: the inside of a UNet is smaller, what comes out is not, and nothing stays."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from wirebrush_diffusion.altering.shrinking import Shrink
from wirebrush_diffusion.errors import DiffusionError

TEXT = torch.randn((1, 5, 16), generator=torch.Generator().manual_seed(1))
CONFIG: dict[str, Any] = {
    "block_out_channels": (8, 16, 32),
    "norm_num_groups": 4,
    "layers_per_block": 2,
    "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    "cross_attention_dim": 16,
    "attention_head_dim": 4,
}
BLOCKS = 9  # conv_in, (2 layers and a step down) twice, 2 layers


def made() -> UNet2DConditionModel:
    torch.manual_seed(0)
    up = ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D")
    return UNet2DConditionModel(**CONFIG, up_block_types=up).eval().requires_grad_(False)


NETWORK = made()


def latent(height: int = 16, width: int = 16) -> Tensor:
    return torch.randn((1, 4, height, width), generator=torch.Generator().manual_seed(0))


def answer(x: Tensor, **named: Any) -> Tensor:
    time = torch.tensor([500.0])
    return NETWORK(x, time, encoder_hidden_states=TEXT, return_dict=False, **named)[0]


def test_a_factor_of_one_changes_no_bit() -> None:
    x = latent()
    with Shrink(3, 1.0).on(NETWORK):
        same = answer(x)

    assert torch.equal(same, answer(x))


@given(
    block=st.integers(1, BLOCKS - 1),
    factor=st.sampled_from([0.5, 1.5, 2.0, 9.0]),
    after_skip=st.booleans(),
    height=st.integers(9, 21),
    width=st.integers(9, 21),
)
@settings(max_examples=25, deadline=None)
def test_any_block_of_any_size_gives_a_picture_of_the_same_size(
    block: int, factor: float, after_skip: bool, height: int, width: int
) -> None:
    x = latent(height, width)
    with Shrink(block, factor, after_skip).on(NETWORK):
        altered = answer(x)

    assert altered.shape == x.shape
    assert altered.isfinite().all()


@pytest.mark.parametrize("after_skip", [True, False])
def test_sizes_are_those_that_are_foretold(after_skip: bool) -> None:
    seen: list[tuple[int, int]] = []

    def look(module: nn.Module, given: tuple[Any, ...], answer: Any) -> None:
        seen.append(tuple(answer.shape[-2:]))

    shrink = Shrink(3, 2.0, after_skip)
    places: Any = NETWORK.mid_block
    handle = places.resnets[0].register_forward_hook(look)
    middle: Any = NETWORK.down_blocks[1].resnets[0]
    other = middle.register_forward_hook(look)
    try:
        with shrink.on(NETWORK):
            answer(latent(16, 24))
    finally:
        handle.remove()
        other.remove()

    # 16x24, halved to 8x12 by block 3, which shrink makes 4x6; halved once more: 2x3
    assert seen == [(4, 6), (2, 3)]


def test_the_inside_sees_a_smaller_picture_and_nothing_stays() -> None:
    x = latent()
    before = answer(x)
    with Shrink(3, 2.0).on(NETWORK):
        altered = answer(x)
    with pytest.raises(KeyboardInterrupt), Shrink(3, 2.0).on(NETWORK):
        raise KeyboardInterrupt

    assert not torch.allclose(altered, before, atol=1e-4)
    assert torch.equal(answer(x), before)


@pytest.mark.parametrize("after_skip", [True, False])
def test_controls_are_brought_to_the_smaller_size(after_skip: bool) -> None:
    torch.manual_seed(1)
    control = ControlNetModel(**CONFIG, conditioning_embedding_out_channels=(16, 16, 16, 16))
    for parameter in control.parameters():
        parameter.data.add_(0.05 * torch.randn(parameter.shape))
    x, hint = latent(), torch.rand(1, 3, 128, 128)
    with torch.inference_mode():
        down, middle = control.eval()(
            x, 500, encoder_hidden_states=TEXT, controlnet_cond=hint, return_dict=False
        )
        named = {
            "down_block_additional_residuals": tuple(down),
            "mid_block_additional_residual": middle,
        }
        with Shrink(3, 2.0, after_skip).on(NETWORK):
            plain, steered = answer(x), answer(x, **named)

    assert steered.shape == x.shape
    assert not torch.allclose(plain, steered, atol=1e-3)


@pytest.mark.parametrize("block", [2, 3, 6])
def test_adapters_are_brought_to_the_smaller_size(block: int) -> None:
    x = latent()
    sizes = ((8, 16), (16, 8), (32, 4))
    inside = [torch.ones(1, channels, side, side) for channels, side in sizes]
    with Shrink(block, 2.0).on(NETWORK):
        plain = answer(x)
        steered = answer(x, down_intrablock_additional_residuals=[*inside])

    assert not torch.allclose(plain, steered, atol=1e-3)


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(DiffusionError, match=r"no block 9 .* this model has 8, from 1"):
        Shrink(9, 2.0).on(NETWORK).__enter__()
    with pytest.raises(DiffusionError, match="inside of UNets; this model is a Linear"):
        Shrink(3, 2.0).on(nn.Linear(2, 2)).__enter__()
