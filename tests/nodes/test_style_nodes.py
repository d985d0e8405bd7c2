"""Pictures beside texts: as diffusers' Redux and transformers' vision encoders have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.pipelines.flux.modeling_flux import ReduxImageEncoder
from PIL import Image
from safetensors.torch import save_file
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    CLIPVisionModel,
    SiglipImageProcessor,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from wirebrush.api import Cond, NodeError, SilentRun
from wirebrush_nodes.style import (
    clip_vision_encode,
    clip_vision_loader,
    style_model_apply,
    style_model_loader,
)

SIDE, PATCH, TEXT = 28, 7, 48


def siglip() -> Any:
    return SiglipVisionModel(
        SiglipVisionConfig(
            hidden_size=144,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=SIDE,
            patch_size=PATCH,
        )
    ).eval()


def clip() -> Any:
    return CLIPVisionModel(
        CLIPVisionConfig(
            hidden_size=64,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=1,
            image_size=SIDE,
            patch_size=PATCH,
            hidden_act="gelu",
        )
    ).eval()


MAKERS = {"siglip": siglip, "clip": clip}


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    torch.manual_seed(0)
    networks = {name: make() for name, make in MAKERS.items()}
    return {**networks, "redux": ReduxImageEncoder(144, TEXT).eval()}


@pytest.fixture
def run(made: dict[str, Any], tmp_path: Path) -> SilentRun:
    for folder in ("clip_vision", "style_models"):
        (tmp_path / folder).mkdir()
    for name in MAKERS:
        state = made[name].state_dict()
        named = {f"vision_model.{n.removeprefix('vision_model.')}": t for n, t in state.items()}
        save_file(named, tmp_path / "clip_vision" / f"{name}.safetensors")
    save_file(made["redux"].state_dict(), tmp_path / "style_models" / "redux.safetensors")
    return SilentRun(root=tmp_path)


def picture() -> torch.Tensor:
    return torch.randint(0, 256, (1, SIDE, SIDE, 3)).float() / 255


@pytest.mark.parametrize("name", MAKERS)
def test_a_picture_is_seen_as_transformers_sees_it(
    made: dict[str, Any], run: SilentRun, name: str
) -> None:
    image = picture()
    encoder = clip_vision_loader(f"{name}.safetensors", run=run)

    seen = clip_vision_encode(encoder, image, run=run)

    pil = Image.fromarray((image[0] * 255).byte().numpy())
    size: Any = {"height": SIDE, "width": SIDE}
    processor: Any = SiglipImageProcessor if name == "siglip" else CLIPImageProcessor
    pixels = processor(size=size, do_center_crop=False)(pil, return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        expected = made[name](pixels, output_hidden_states=True)
    assert (seen.last - expected.last_hidden_state).abs().max() < 1e-4
    assert (seen.penultimate - expected.hidden_states[-2]).abs().max() < 1e-4
    assert (seen.pooled - expected.pooler_output).abs().max() < 1e-4


@pytest.mark.parametrize("crop", ["center", "none"])
def test_pictures_of_any_size(run: SilentRun, crop: Any) -> None:
    encoder = clip_vision_loader("siglip.safetensors", run=run)

    seen = clip_vision_encode(encoder, torch.rand(2, 50, 31, 4), crop, run=run)

    assert seen.last.shape == (2, (SIDE // PATCH) ** 2, 144)


def test_a_picture_beside_the_text(made: dict[str, Any], run: SilentRun) -> None:
    encoder = clip_vision_loader("siglip.safetensors", run=run)
    seen = clip_vision_encode(encoder, picture(), run=run)
    style = style_model_loader("redux.safetensors", run=run)
    text = (Cond(torch.randn(1, 5, TEXT)),)

    (both,) = style_model_apply(text, style, seen, 0.5, run=run)

    with torch.inference_mode():
        expected = made["redux"](seen.last).image_embeds
    assert torch.equal(both.embedding[:, :5], text[0].embedding)
    assert (both.embedding[:, 5:] - 0.5 * expected).abs().max() < 1e-5
    assert style_model_apply(text, style, seen, 0.0, run=run) == text


def test_a_picture_that_gets_more_attention(run: SilentRun) -> None:
    seen = clip_vision_encode(clip_vision_loader("siglip.safetensors", run=run), picture(), run=run)
    style = style_model_loader("redux.safetensors", run=run)
    text = (Cond(torch.randn(1, 5, TEXT)),)

    plain = style_model_apply(text, style, seen, run=run)
    same = style_model_apply(text, style, seen, 1.0, "attn_bias", run=run)
    (more,) = style_model_apply(text, style, seen, 2.0, "attn_bias", run=run)
    (twice,) = style_model_apply((more,), style, seen, 0.5, run=run)

    assert torch.equal(same[0].embedding, plain[0].embedding)
    assert same[0].options == {}
    assert torch.equal(more.embedding, plain[0].embedding)
    told = more.options["text_bias"]
    assert told.shape == (2, more.embedding.shape[1])
    assert told[0].unique().tolist() == pytest.approx([0.0, 0.6931], abs=1e-4)
    assert twice.options["text_bias"][1].unique().tolist() == [0.0, 1.0, 2.0]


def test_what_does_not_fit_is_named(run: SilentRun) -> None:
    style = style_model_loader("redux.safetensors", run=run)
    small, right = (
        clip_vision_encode(clip_vision_loader(f"{n}.safetensors", run=run), picture(), run=run)
        for n in ("clip", "siglip")
    )
    text = (Cond(torch.randn(1, 5, 7)),)

    for call, reason in (
        (lambda: style_model_apply(text, style, small, run=run), "64 wide, this style model reads"),
        (lambda: style_model_apply(text, style, right, run=run), "48 wide, the text's are 7"),
        (lambda: style_model_loader("../clip_vision/clip.safetensors", run=run), "a CLIP vision"),
        (lambda: clip_vision_loader("../style_models/redux.safetensors", run=run), "a style model"),
    ):
        with pytest.raises(NodeError, match=reason):
            call()
