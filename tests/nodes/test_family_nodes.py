"""Nodes of the families: parts from files of their own, texts with sizes, pictures shown."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from wirebrush.api import Clip, Cond, Latent, NodeError, SilentRun
from wirebrush_nodes.flux import clip_text_encode_flux, flux_guidance
from wirebrush_nodes.inpaint import (
    inpaint_model_conditioning,
    instruct_pix_to_pix_conditioning,
    sd_4x_upscale_conditioning,
)
from wirebrush_nodes.loaders import checkpoint_loader_simple
from wirebrush_nodes.part_loaders import (
    clip_loader,
    diffusers_loader,
    dual_clip_loader,
    triple_clip_loader,
    unet_loader,
    vae_loader,
)
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.sd3 import clip_text_encode_sd3, empty_sd3_latent_image
from wirebrush_nodes.sdxl import clip_text_encode_sdxl, clip_text_encode_sdxl_refiner
from wirebrush_nodes.text import clip_set_last_layer, clip_text_encode, t5_tokenizer_options
from wirebrush_nodes.vae import vae_decode, vae_encode

sys.path.insert(0, str(Path(__file__).parents[1] / "diffusion"))
from original_names import clip_tensors, plain, unet_tensors, vae_tensors, written
from tiny_families import pipeline, saved

from wirebrush_diffusion.families.flux import RULES as FLUX_RULES


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with tiny models of several families, whole and in parts."""
    root = tmp_path_factory.mktemp("models")
    for name in ("sdxl", "refiner", "sd3", "inpaint", "x4"):
        saved(pipeline(name), root / "checkpoints" / name)
    saved(pipeline("sd1"), root / "diffusers" / "sd1")
    pipe = pipeline("flux")
    files: dict[str, dict[str, Tensor]] = {
        "diffusion_models/flux": written(FLUX_RULES, pipe.transformer.state_dict()),
        "diffusion_models/sd1": unet_tensors(pipeline("sd1").unet, "model.diffusion_model."),
        "text_encoders/clip_l": clip_tensors(pipe.text_encoder, ""),
        "text_encoders/clip_g": clip_tensors(pipeline("sdxl").text_encoder_2, ""),
        "text_encoders/t5xxl": plain(pipe.text_encoder_2, ""),
        "vae/ae": vae_tensors(pipe.vae, ""),
        "vae/diffusers": plain(pipe.vae, ""),
    }
    for name, tensors in files.items():
        path = root / f"{name}.safetensors"
        path.parent.mkdir(exist_ok=True)
        save_file(tensors, path)
    pipe.tokenizer.save_pretrained(root / "tokenizers" / "clip")
    pipe.tokenizer_2.save_pretrained(root / "tokenizers" / "t5")
    return root


@pytest.fixture
def run(root: Path) -> SilentRun:
    return SilentRun(root=root)


def sampled(model: Any, positive: Any, negative: Any, latent: Latent, run: SilentRun) -> Tensor:
    return ksampler(
        model=model,
        seed=1,
        steps=2,
        cfg=1.0 if positive is negative else 3.0,
        positive=positive,
        negative=negative,
        latent_image=latent,
        run=run,
    ).samples


def test_flux_from_four_files(run: SilentRun) -> None:
    model = unet_loader("flux.safetensors", run=run)
    clip = dual_clip_loader("t5xxl.safetensors", "clip_l.safetensors", "flux", run=run)
    vae = vae_loader("ae.safetensors", run=run)

    text = clip_text_encode_flux(clip, "red", "a red house", 2.0, run=run)
    same = flux_guidance(clip_text_encode_flux(clip, "red", "a red house", run=run), 2.0)
    latents = [sampled(model, c, c, empty_sd3_latent_image(64, 64), run) for c in (text, same)]

    assert latents[0].shape == (1, 16, 8, 8)
    assert torch.equal(*latents)
    assert vae_decode(Latent(latents[0]), vae, run=run).shape == (1, 64, 64, 3)
    other = sampled(model, flux_guidance(text, 9.0), text, empty_sd3_latent_image(64, 64), run)
    assert not torch.equal(other, latents[0])


def test_an_empty_latent_of_four_channels_will_do(run: SilentRun) -> None:
    parts = checkpoint_loader_simple("sd3", run=run)
    text, nothing = (clip_text_encode(t, parts.CLIP, run=run) for t in ("a red house", ""))

    latent = sampled(parts.MODEL, text, nothing, Latent(torch.zeros(1, 4, 8, 8)), run)

    assert latent.shape == (1, 16, 8, 8)


def test_silent_encoders_of_sd3(run: SilentRun) -> None:
    clip = checkpoint_loader_simple("sd3", run=run).CLIP

    silent, padded = (
        clip_text_encode_sd3(clip, "red", "", "", padding, run=run)[0]
        for padding in ("none", "empty_prompt")
    )

    assert silent.embedding.shape[1] == 77
    assert padded.embedding.shape[1] == 154
    assert silent.pooled is not None
    assert silent.pooled[0, 64:].abs().max() == 0


def test_sdxl_is_told_sizes(run: SilentRun) -> None:
    parts = checkpoint_loader_simple("sdxl", run=run)
    empty = Latent(torch.zeros(1, 4, 8, 8))

    def text(**sizes: int) -> tuple[Cond, ...]:
        return clip_text_encode_sdxl(
            clip=parts.CLIP, text_g="a house", text_l="red", run=run, **sizes
        )

    plain_text = text(width=64, height=64, target_width=64, target_height=64)
    left_away = tuple(Cond(cond.embedding, cond.pooled) for cond in plain_text)
    latents = [
        sampled(parts.MODEL, cond, plain_text, empty, run)
        for cond in (plain_text, left_away, text(crop_w=100))
    ]

    assert plain_text[0].options["width"] == 64
    assert torch.allclose(latents[0], latents[1], rtol=1e-4)
    assert not torch.allclose(latents[0], latents[2], rtol=1e-2)


def test_the_refiner_is_told_a_score(run: SilentRun) -> None:
    parts = checkpoint_loader_simple("refiner", run=run)
    good, bad = (
        clip_text_encode_sdxl_refiner(
            ascore=score, width=64, height=64, text="red", clip=parts.CLIP, run=run
        )
        for score in (6.0, 2.5)
    )
    empty = Latent(torch.zeros(1, 4, 8, 8))

    assert not torch.equal(*(sampled(parts.MODEL, cond, cond, empty, run) for cond in (good, bad)))


def test_an_inpainting_model_keeps_what_is_not_masked(run: SilentRun) -> None:
    parts = checkpoint_loader_simple("inpaint", run=run)
    text, nothing = (clip_text_encode(t, parts.CLIP, run=run) for t in ("red", ""))
    mask = torch.zeros(1, 70, 70)
    mask[..., 40:] = 1.0

    shown = inpaint_model_conditioning(
        text, nothing, parts.VAE, torch.rand(1, 70, 70, 3), mask, run=run
    )
    latent = sampled(parts.MODEL, shown.positive, shown.negative, shown.latent, run)

    assert latent.shape == (1, 4, 8, 8)
    assert torch.allclose(latent[..., :4], shown.latent.samples[..., :4], atol=1e-5)
    assert shown.positive[0].options["concat_mask"].shape == (1, 64, 64)


def test_an_inpainting_model_sees_the_mask_of_the_latent(run: SilentRun) -> None:
    """As after VAE Encode (for Inpainting): no node tells the conditions of mask and picture."""
    parts = checkpoint_loader_simple("inpaint", run=run)
    text, nothing = (clip_text_encode(t, parts.CLIP, run=run) for t in ("red", ""))
    mask = torch.zeros(1, 8, 8)
    mask[..., 4:] = 1.0
    latent = Latent(torch.randn(1, 4, 8, 8), noise_mask=mask)
    told = {"concat_latent_image": latent.samples, "concat_mask": mask}
    shown, unshown = (
        [replace(cond, options={**cond.options, **told}) for cond in side]
        for side in (text, nothing)
    )

    by_latent = sampled(parts.MODEL, text, nothing, latent, run)
    by_condition = sampled(parts.MODEL, shown, unshown, latent, run)
    blind = sampled(parts.MODEL, text, nothing, replace(latent, noise_mask=None), run)

    assert torch.allclose(by_latent, by_condition, atol=1e-5)
    assert not torch.allclose(by_latent[..., 4:], blind[..., 4:], atol=1e-3)


def test_the_canvas_of_edits_and_enlargements(run: SilentRun) -> None:
    parts = checkpoint_loader_simple("x4", run=run)
    text = clip_text_encode("red", parts.CLIP, run=run)
    small = torch.rand(1, 16, 24, 3)

    edit = instruct_pix_to_pix_conditioning(text, text, parts.VAE, small, run=run)
    large = sd_4x_upscale_conditioning(small, text, text)
    latent = sampled(parts.MODEL, large.positive, large.negative, large.latent, run)

    assert edit.latent.samples.abs().max() == 0
    assert large.latent.samples.shape == (1, 4, 16, 24)
    assert vae_decode(Latent(latent), parts.VAE, run=run).shape == (1, 64, 96, 3)


def test_a_network_without_its_texts_says_which_loader_has_them(run: SilentRun) -> None:
    model = unet_loader("sd1.safetensors", run=run)
    clip = clip_loader("clip_l.safetensors", run=run)
    text = clip_text_encode("red", clip_set_last_layer(clip, -2), run=run)

    assert sampled(model, text, text, Latent(torch.zeros(1, 4, 8, 8)), run).shape == (1, 4, 8, 8)
    flux = unet_loader("flux.safetensors", run=run)
    with pytest.raises(NodeError, match="64 wide, this model reads 256") as wrong:
        sampled(flux, text, text, Latent(torch.zeros(1, 4, 8, 8)), run)
    assert wrong.value.port == "positive"


def test_fp8_in_memory_is_another_model(run: SilentRun) -> None:
    plain_model, half = (unet_loader("sd1.safetensors", kind, run=run)
                         for kind in ("default", "fp8_e4m3fn"))  # fmt: skip
    text = clip_text_encode(
        "red", clip_loader("clip_l.safetensors", device="cpu", run=run), run=run
    )

    a, b = (sampled(m, text, text, Latent(torch.zeros(1, 4, 8, 8)), run)
            for m in (plain_model, half))  # fmt: skip

    assert plain_model.key != half.key
    assert not torch.equal(a, b)


@pytest.mark.parametrize("name", ["ae", "diffusers"])
def test_vaes_in_both_spellings(run: SilentRun, name: str) -> None:
    vae = vae_loader(f"{name}.safetensors", run=run)

    assert vae_encode(torch.rand(1, 64, 64, 3), vae, run=run).samples.shape == (1, 16, 8, 8)


def test_diffusers_folders(run: SilentRun) -> None:
    parts = diffusers_loader("sd1", run=run)

    assert clip_text_encode("red", parts.CLIP, run=run)[0].embedding.shape == (1, 77, 64)


def test_wrong_files_are_named_at_their_input(run: SilentRun) -> None:
    cases: list[tuple[Any, str, str]] = [
        (lambda: unet_loader("../text_encoders/t5xxl.safetensors", run=run), "unet_name", "a T5"),
        (lambda: vae_loader("../text_encoders/clip_l.safetensors", run=run), "vae_name", "a CLIP"),
        (lambda: clip_loader("../vae/ae.safetensors", run=run), "clip_name", "is a VAE; a text"),
        (
            lambda: dual_clip_loader("clip_l.safetensors", "t5xxl.safetensors", run=run),
            "clip_name1",
            "T5 text encoder too many",
        ),
        (
            lambda: triple_clip_loader(*["clip_l.safetensors"] * 3, run=run),
            "clip_name1",
            "too many for Stable Diffusion 3",
        ),
    ]
    for call, port, reason in cases:
        with pytest.raises(NodeError, match=reason) as wrong:
            call()
        assert wrong.value.port == port


def test_t5_fills_up_texts_as_far_as_it_is_told(run: SilentRun) -> None:
    clip = dual_clip_loader("t5xxl.safetensors", "clip_l.safetensors", "flux", run=run)

    def places(clip: Clip) -> int:
        return clip_text_encode("a house", clip, run=run)[0].embedding.shape[1]

    least = t5_tokenizer_options(clip, 0, 0)
    padded = t5_tokenizer_options(clip, 3, 0)
    short = places(least)

    assert (places(clip), places(padded)) == (256, short + 3)
    assert places(t5_tokenizer_options(clip, 3, 40)) == 40
    assert short < 40
    assert places(clip) == 256  # nothing is left behind
