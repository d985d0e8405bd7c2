"""What is put in a network's way does what it says, and is gone afterwards, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import SD3Transformer2DModel, UNet2DConditionModel
from diffusers.models.transformers import FluxTransformer2DModel
from torch import Tensor, nn

from wirebrush_diffusion.alterations import (
    Alteration,
    AttentionMap,
    FreeU,
    IdentityAttention,
    SkippedLayers,
    Together,
)
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.guidance.guide import Guided
from wirebrush_diffusion.guidance.perturbed import (
    PerturbedAttention,
    SelfAttention,
    SkipLayers,
    SkipNegativeLayers,
    blur,
)
from wirebrush_diffusion.guidance.rules import Rule
from wirebrush_diffusion.guidance.sides import Sides

X = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0))
TEXT = torch.randn((1, 5, 64), generator=torch.Generator().manual_seed(1))


def unet_of(*widths: int) -> UNet2DConditionModel:
    torch.manual_seed(0)
    network = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=widths,
        norm_num_groups=4,
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=64,
        attention_head_dim=4,
    )
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def unet() -> UNet2DConditionModel:
    return unet_of(8, 16, 32)


@pytest.fixture(scope="module")
def flux() -> FluxTransformer2DModel:
    torch.manual_seed(0)
    network = FluxTransformer2DModel(
        in_channels=16,
        num_layers=3,
        num_single_layers=3,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=64,
        pooled_projection_dim=8,
        axes_dims_rope=(4, 4, 8),
    )
    return network.eval().requires_grad_(False)


def answer(network: nn.Module) -> Tensor:
    return network(X, torch.tensor([500.0]), encoder_hidden_states=TEXT, return_dict=False)[0]


ON_UNETS: list[Alteration] = [
    IdentityAttention(),
    FreeU(1.3, 1.4, 0.9, 0.2),
    FreeU(1.3, 1.4, 0.9, 0.2, version=2),
    Together((IdentityAttention(), FreeU(1.1, 1.2, 0.9, 0.2))),
]


@pytest.mark.parametrize("alteration", ON_UNETS, ids=lambda a: type(a).__name__)
def test_altered_and_exactly_back(unet: nn.Module, alteration: Alteration) -> None:
    before = answer(unet)

    with alteration.on(unet):
        altered = answer(unet)
    with pytest.raises(KeyboardInterrupt), alteration.on(unet):
        raise KeyboardInterrupt

    assert altered.isfinite().all()
    assert not torch.allclose(altered, before, atol=1e-4)
    assert torch.equal(answer(unet), before)


def test_freeu_of_one_changes_nothing(unet: nn.Module) -> None:
    for version in (1, 2):
        with FreeU(1.0, 1.0, 1.0, 1.0, version=version).on(unet):
            altered = answer(unet)
        assert torch.allclose(altered, answer(unet), atol=1e-5)


def test_freeu_version_1_is_diffusers_where_they_agree(unet: nn.Module) -> None:
    """diffusers changes the whole first two blocks; so do we, if only those widths are there."""
    resnet = unet.up_blocks[0].resnets[0]
    seen: list[Tensor] = []
    handle = resnet.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    with FreeU(1.5, 1.0, 0.5, 1.0).on(unet):
        answer(unet)
    answer(unet)
    handle.remove()
    changed, plain = seen

    from diffusers.utils.torch_utils import apply_freeu

    hidden, skip = apply_freeu(0, plain[:, :32].clone(), plain[:, 32:].clone(), b1=1.5, s1=0.5)
    assert torch.allclose(changed, torch.cat([hidden, skip], dim=1), atol=1e-5)


@pytest.mark.parametrize("widths", [(8, 16, 32), (8, 12, 16), (8, 16, 16)])
@pytest.mark.parametrize("version", [1, 2])
def test_freeu_changes_the_deepest_levels(widths: tuple[int, ...], version: Any) -> None:
    """Whatever their widths are: only some models double them from level to level."""
    network = unet_of(*widths)
    before = answer(network)
    for alteration in (FreeU(3.0, 1.0, 0.1, 1.0, version), FreeU(1.0, 3.0, 1.0, 0.1, version)):
        with alteration.on(network):
            changed = not torch.allclose(answer(network), before, atol=1e-4)
        assert changed == (alteration.b1 != 1.0 or len(set(widths)) == 3)


def test_freeu_needs_levels() -> None:
    with (
        pytest.raises(DiffusionError, match="in this one all are 8 channels wide"),
        FreeU(1.1, 1.2, 0.9, 0.2).on(unet_of(8, 8, 8)),
    ):
        pass


def test_the_map_changes_nothing_and_adds_up(unet: nn.Module) -> None:
    looked = AttentionMap()
    with looked.on(unet):
        altered = answer(unet)

    assert torch.allclose(altered, answer(unet), atol=1e-5)
    assert looked.seen is not None
    assert looked.seen.shape == (1, 2, 2)
    assert float(looked.seen.sum()) == pytest.approx(4.0)  # each of 4 positions looks once


def flux_answer(network: nn.Module) -> Tensor:
    return network(
        hidden_states=torch.ones((1, 4, 16)),
        encoder_hidden_states=TEXT,
        pooled_projections=torch.ones((1, 8)),
        timestep=torch.tensor([0.5]),
        img_ids=torch.zeros((4, 3)),
        txt_ids=torch.zeros((5, 3)),
        return_dict=False,
    )[0]


def test_skipped_layers_are_not_run(flux: FluxTransformer2DModel) -> None:
    before = flux_answer(flux)
    ran: list[int] = []
    blocks = [*flux.transformer_blocks, *flux.single_transformer_blocks]
    handles = [
        block.attn.register_forward_hook(lambda *_, i=i: ran.append(i))
        for i, block in enumerate(blocks)
    ]
    with SkippedLayers((1,), (0, 2)).on(flux):
        altered = flux_answer(flux)
    for handle in handles:
        handle.remove()

    assert ran == [0, 2, 4]
    assert not torch.allclose(altered, before, atol=1e-5)
    assert torch.equal(flux_answer(flux), before)
    assert "forward" not in vars(flux.transformer_blocks[1])


def test_sd3_skips_as_its_authors_do() -> None:
    torch.manual_seed(0)
    network = SD3Transformer2DModel(
        sample_size=8,
        patch_size=2,
        in_channels=4,
        num_layers=3,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=64,
        caption_projection_dim=16,
        pooled_projection_dim=8,
        out_channels=4,
    ).eval()

    def ask(**options: Any) -> Tensor:
        return network(
            hidden_states=X,
            encoder_hidden_states=TEXT,
            pooled_projections=torch.ones((1, 8)),
            timestep=torch.tensor([500.0]),
            return_dict=False,
            **options,
        )[0]

    with torch.no_grad(), SkippedLayers((1,)).on(network):
        ours = ask()

    with torch.no_grad():
        assert torch.equal(ours, ask(skip_layers=[1]))


@pytest.mark.parametrize(
    ("alteration", "words"),
    [
        (SkippedLayers((7,)), "There is no layer 7 in transformer_blocks; this model has 3"),
        (IdentityAttention(), "needs attention in the middle of a UNet; FluxTransformer2DModel"),
        (FreeU(1, 1, 1, 1), "FreeU changes the skips of UNets"),
    ],
)
def test_what_does_not_fit_is_said(flux: nn.Module, alteration: Any, words: str) -> None:
    with pytest.raises(DiffusionError, match=words), alteration.on(flux):
        pass


def test_unets_have_no_layers_to_skip(unet: nn.Module) -> None:
    with (
        pytest.raises(DiffusionError, match="has no transformer_blocks"),
        SkippedLayers((1,)).on(unet),
    ):
        pass


@pytest.fixture(scope="module")
def parts(folder: Path) -> Parts:
    return load(folder)


def paint(parts: Parts, rules: Sequence[Rule], cfg: float = 4.0) -> tuple[Tensor, list[int]]:
    texts = ("a red house", "fog")
    sides = [[Condition(parts.text_encoder.encode(text).context)] for text in texts]
    rows: list[int] = []
    handle = parts.model.network.conv_in.register_forward_hook(
        lambda module, inputs, output: rows.append(inputs[0].shape[0])
    )
    with torch.inference_mode():
        guided = Guided(parts.model, sides[0], sides[1], cfg, X.shape, rules=rules)
        found = guided(3 * X, 3.0)
    handle.remove()
    return found, rows


def alone(parts: Parts, text: str, alteration: Alteration | None, x: Tensor) -> Tensor:
    condition = Condition(parts.text_encoder.encode(text).context)
    sides = Sides(parts.model, {"positive": [condition]}, x.shape)
    with torch.inference_mode():
        if alteration is None:
            return sides.denoised(x, 3.0, ("positive",))[0]
        with alteration.on(parts.model.network):
            return sides.denoised(x, 3.0, ("positive",))[0]


def test_perturbed_attention_guidance(parts: Parts) -> None:
    plain, _ = paint(parts, [])
    found, rows = paint(parts, [PerturbedAttention(2.0)])
    good = alone(parts, "a red house", None, 3 * X)
    bad = alone(parts, "a red house", IdentityAttention(), 3 * X)

    assert rows == [2, 1]
    assert torch.allclose(found, plain + 2 * (good - bad), atol=1e-3)
    assert torch.equal(paint(parts, [PerturbedAttention(0.0)])[0], paint(parts, [Rule()])[0])
    assert paint(parts, [PerturbedAttention(2.0)], cfg=1.0)[1] == [1, 1]


def test_self_attention_guidance(parts: Parts) -> None:
    plain, _ = paint(parts, [])
    found, rows = paint(parts, [SelfAttention(0.5, 2.0)])
    negative = alone(parts, "fog", None, 3 * X)
    looked = AttentionMap()
    alone(parts, "fog", looked, 3 * X)
    assert looked.seen is not None
    mask = (looked.seen > 1.0).float()[:, None].repeat_interleave(2, -1).repeat_interleave(2, -2)
    blurred = negative * (1 - mask) + blur(negative, 2.0) * mask
    worse = alone(parts, "fog", None, blurred + 3 * X - negative)

    assert rows == [1, 1, 1]
    assert torch.allclose(found, plain + 0.5 * (blurred - worse), atol=1e-3)
    assert paint(parts, [SelfAttention()], cfg=1.0)[1] == [1, 1, 1]


def test_blur_keeps_means_and_softens() -> None:
    assert torch.equal(blur(X, 0.0), X)
    flat = torch.full_like(X, 0.3)
    assert torch.allclose(blur(flat, 2.0), flat, atol=1e-6)
    assert float(blur(X, 2.0).std()) < 0.5 * float(X.std())


class Worse(SkippedLayers):
    """A UNet has no layers to skip: here, the worse network is one without attention."""

    def on(self, network: nn.Module) -> Any:
        return IdentityAttention().on(network)


def test_skip_layer_guidance(parts: Parts) -> None:
    plain, _ = paint(parts, [])
    good = alone(parts, "a red house", None, 3 * X)
    bad = alone(parts, "a red house", Worse(), 3 * X)

    always, _ = paint(parts, [SkipLayers(Worse(), 2.0, 0.0, 1.0)])
    never, rows = paint(parts, [SkipLayers(Worse(), 2.0, 0.9, 1.0)])
    scaled, _ = paint(parts, [SkipLayers(Worse(), 2.0, 0.0, 1.0, rescaling=1.0)])

    assert torch.allclose(always, plain + 2 * (good - bad), atol=1e-3)
    assert torch.allclose(never, plain, atol=1e-4)
    assert rows == [2]
    assert float(scaled.std()) == pytest.approx(float(good.std()), rel=1e-3)


def test_a_negative_side_with_fewer_layers(parts: Parts) -> None:
    good = alone(parts, "a red house", None, 3 * X)
    bad = alone(parts, "fog", Worse(), 3 * X)

    found, rows = paint(parts, [SkipNegativeLayers(Worse())])

    assert rows == [1, 1]
    assert torch.allclose(found, bad + 4 * (good - bad), atol=1e-3)
