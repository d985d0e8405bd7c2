"""Nodes of the families that language models read for, and of reference pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from wirebrush.api import Cond, Latent, NodeError, SilentRun
from wirebrush_nodes.conditions import Controls, condition_from
from wirebrush_nodes.flux import flux_disable_guidance, flux_guidance
from wirebrush_nodes.live import live_model
from wirebrush_nodes.loaders import checkpoint_loader_simple
from wirebrush_nodes.lumina import clip_text_encode_lumina2
from wirebrush_nodes.part_loaders import clip_loader, unet_loader, vae_loader
from wirebrush_nodes.pixart import clip_text_encode_pixart_alpha
from wirebrush_nodes.references import (
    flux_kontext_multi_reference_latent_method,
    reference_latent,
    text_encode_qwen_image_edit,
    text_encode_qwen_image_edit_plus,
)
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.sd3 import empty_sd3_latent_image
from wirebrush_nodes.style import clip_vision_encode
from wirebrush_nodes.text import clip_text_encode
from wirebrush_nodes.unclip import (
    image_only_checkpoint_loader,
    unclip_checkpoint_loader,
    unclip_conditioning,
)
from wirebrush_nodes.vae import vae_decode, vae_encode

sys.path.insert(0, str(Path(__file__).parents[1] / "diffusion"))
from original_names import framed_vae_tensors, language_tensors, vae_tensors, written
from test_unclip import unclip_parts
from tiny_families import assembled, saved
from tiny_language import pipeline

from wirebrush_diffusion.families.lumina2 import RULES as LUMINA2_RULES
from wirebrush_diffusion.families.z_image import RULES as Z_IMAGE_RULES

RULES = {"lumina2": LUMINA2_RULES, "z_image": Z_IMAGE_RULES, "qwen_image": {}}
TYPES = {"lumina2": "lumina2", "z_image": "lumina2", "qwen_image": "qwen_image"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with the new families in parts, and others whole."""
    import diffusers

    root = tmp_path_factory.mktemp("models")
    for name, rules in RULES.items():
        pipe = pipeline(name)
        framed = name == "qwen_image"
        files: dict[str, dict[str, Tensor]] = {
            "diffusion_models": written(rules, pipe.transformer.state_dict()),
            "text_encoders": language_tensors(pipe.text_encoder, ""),
            "vae": framed_vae_tensors(pipe.vae, "") if framed else vae_tensors(pipe.vae, ""),
        }
        for kind, tensors in files.items():
            (root / kind).mkdir(exist_ok=True)
            save_file(tensors, root / kind / f"{name}.safetensors")
        folder = {"lumina2": "gemma2", "z_image": "qwen3", "qwen_image": "qwen25vl"}[name]
        pipe.tokenizer.save_pretrained(root / "tokenizers" / folder)
    for name in ("flux", "pixart_alpha"):
        saved(pipeline(name), root / "checkpoints" / name)
    torch.manual_seed(0)
    unclip = assembled(diffusers.StableUnCLIPImg2ImgPipeline, unclip_parts())
    saved(unclip, root / "checkpoints" / "unclip")
    return root


@pytest.fixture
def run(root: Path) -> SilentRun:
    return SilentRun(root=root)


def sampled(model: Any, positive: Any, negative: Any, run: SilentRun, channels: int = 16) -> Tensor:
    empty = Latent(torch.zeros(1, channels, 8, 8))
    cfg = 1.0 if positive is negative else 3.0
    return ksampler(
        model=model,
        seed=1,
        steps=2,
        cfg=cfg,
        positive=positive,
        negative=negative,
        latent_image=empty,
        run=run,
    ).samples


@pytest.mark.parametrize("name", RULES)
def test_from_text_to_picture_with_three_files(run: SilentRun, name: str) -> None:
    model = unet_loader(f"{name}.safetensors", run=run)
    clip = clip_loader(f"{name}.safetensors", TYPES[name], run=run)
    vae = vae_loader(f"{name}.safetensors", run=run)
    texts = [clip_text_encode(text, clip, run=run) for text in ("a red house", "fog")]

    canvas = empty_sd3_latent_image(64, 64)
    latent = ksampler(
        model=model, seed=1, steps=2, cfg=3.0, positive=texts[0], negative=texts[1],
        latent_image=canvas, run=run,
    )  # fmt: skip
    picture = vae_decode(latent, vae, run=run)

    assert latent.samples.shape == (1, 16, 8, 8)
    assert picture.shape == (1, 64, 64, 3)
    assert vae_encode(picture, vae, run=run).samples.shape == (1, 16, 8, 8)
    framed = Latent(latent.samples.unsqueeze(2))  # as other programs keep it
    if name == "qwen_image":
        assert torch.equal(vae_decode(framed, vae, run=run), picture)


def test_lumina_is_told_what_it_is(run: SilentRun) -> None:
    clip = clip_loader("lumina2.safetensors", "lumina2", run=run)

    superior, aligned = (
        clip_text_encode_lumina2(kind, "a red house", clip, run=run)[0].embedding
        for kind in ("superior", "alignment")
    )
    plain = clip_text_encode("a red house", clip, run=run)[0].embedding

    assert superior.shape[1] > plain.shape[1]
    assert superior.shape != aligned.shape


def test_an_instruction_about_pictures(run: SilentRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wirebrush_nodes.references.PAINTED", 64 * 64)
    monkeypatch.setattr("wirebrush_nodes.references.LOOKED_AT", 56 * 56)
    model = unet_loader("qwen_image.safetensors", run=run)
    clip = clip_loader("qwen_image.safetensors", "qwen_image", run=run)
    vae = vae_loader("qwen_image.safetensors", run=run)
    first, second = torch.rand(1, 100, 50, 3), torch.rand(1, 30, 30, 4)

    blind = text_encode_qwen_image_edit(clip, "make it red", run=run)
    seen = text_encode_qwen_image_edit(clip, "make it red", image=first, run=run)
    shown = text_encode_qwen_image_edit(clip, "make it red", vae, first, run=run)
    both = text_encode_qwen_image_edit_plus(clip, "mix", vae, first, image3=second, run=run)

    assert torch.equal(
        blind[0].embedding, clip_text_encode("make it red", clip, run=run)[0].embedding
    )
    assert torch.equal(seen[0].embedding, shown[0].embedding)
    assert seen[0].embedding.shape[1] > blind[0].embedding.shape[1]
    assert [tuple(t.shape[-2:]) for t in shown[0].options["reference_latents"]] == [(11, 5)]
    assert [tuple(t.shape[-2:]) for t in both[0].options["reference_latents"]] == [(11, 6), (8, 8)]
    latents = [sampled(model, cond, cond, run) for cond in (seen, shown, both)]
    assert not torch.equal(latents[0], latents[1])
    assert latents[2].isfinite().all()


def test_reference_pictures_add_up(run: SilentRun) -> None:
    model = checkpoint_loader_simple("flux", run=run).MODEL
    text = (Cond(torch.randn(1, 5, 256), torch.randn(1, 64)),)
    latent = Latent(torch.randn(1, 16, 4, 8))

    assert reference_latent(text) is text
    one = reference_latent(text, latent)
    two = reference_latent(one, latent)
    indexed = flux_kontext_multi_reference_latent_method(two, "index")
    latents = [sampled(model, cond, cond, run) for cond in (text, one, two, indexed)]

    assert [len(cond[0].options.get("reference_latents", ())) for cond in (text, one, two)] == [
        0,
        1,
        2,
    ]
    assert all(not torch.equal(a, b) for i, a in enumerate(latents) for b in latents[:i])
    silent = [sampled(model, c, c, run) for c in (flux_disable_guidance(text),
              flux_disable_guidance(flux_guidance(text, 9.0)))]  # fmt: skip
    assert torch.equal(*silent)
    assert not torch.equal(silent[0], latents[0])


def test_pixart_alpha_is_told_sizes(run: SilentRun) -> None:
    parts = checkpoint_loader_simple("pixart_alpha", run=run)

    texts = [
        clip_text_encode_pixart_alpha(size, 64, text="a red house", clip=parts.CLIP, run=run)
        for size in (64, 512)
    ]
    plain = clip_text_encode("a red house", parts.CLIP, run=run)
    latents = [sampled(parts.MODEL, cond, cond, run, 4) for cond in (*texts, plain)]

    assert not torch.equal(latents[0], latents[1])
    assert torch.equal(latents[0], latents[2])


def test_a_checkpoint_without_words(run: SilentRun) -> None:
    parts, whole = (
        load("unclip", run=run) for load in (image_only_checkpoint_loader, unclip_checkpoint_loader)
    )
    assert parts == (whole.MODEL, whole.CLIP_VISION, whole.VAE)


def test_variations_of_a_picture(run: SilentRun) -> None:
    parts = unclip_checkpoint_loader("unclip", run=run)
    seen = clip_vision_encode(parts.CLIP_VISION, torch.rand(1, 40, 40, 3), run=run)
    text = clip_text_encode("a house", parts.CLIP, run=run)

    shown = unclip_conditioning(text, seen)
    freely = unclip_conditioning(text, seen, 1.0, 0.9)
    latents = [sampled(parts.MODEL, cond, text, run, 4) for cond in (text, shown, freely)]

    assert unclip_conditioning(text, seen, 0.0) is text
    assert all(not torch.equal(a, b) for i, a in enumerate(latents) for b in latents[:i])


def test_the_noise_over_a_shown_picture_is_the_runs(run: SilentRun) -> None:
    parts = unclip_checkpoint_loader("unclip", run=run)
    seen = clip_vision_encode(parts.CLIP_VISION, torch.rand(1, 40, 40, 3), run=run)
    (cond,) = unclip_conditioning((Cond(torch.zeros(1, 77, 128)),), seen, 1.0, 0.5)

    with live_model(parts.MODEL, run) as model:
        labels = [
            condition_from(
                cond, model, Controls(run), (1, 4, 8, 8), port="positive", negative=False, seed=seed
            ).extra["class_labels"]
            for seed in (1, 1, 2)
        ]
        direct = model.inputs(None, {**cond.options, "seed": -9}, (1, 4, 8, 8))["class_labels"]

    assert torch.equal(labels[0], labels[1])
    assert torch.equal(labels[0], direct)
    assert not torch.equal(labels[0], labels[2])


def test_what_is_wrong_is_said_at_its_input(run: SilentRun) -> None:
    flux = checkpoint_loader_simple("flux", run=run)
    lumina = clip_loader("lumina2.safetensors", "lumina2", run=run)
    picture = torch.rand(1, 60, 60, 3)
    cases: list[tuple[Any, str, str]] = [
        (lambda: unclip_checkpoint_loader("flux", run=run), "ckpt_name", "flux has no vision"),
        (lambda: image_only_checkpoint_loader("flux", run=run), "ckpt_name", "flux has no vision"),
        (
            lambda: clip_loader("qwen_image.safetensors", "sdxl", run=run),
            "clip_name",
            "one Qwen2.5",
        ),
        (
            lambda: text_encode_qwen_image_edit(lumina, "x", image=picture, run=run),
            "clip",
            "cannot",
        ),
        (
            lambda: text_encode_qwen_image_edit(
                lumina, "x", image=torch.rand(1, 1, 900, 3), run=run
            ),
            "",
            "too narrow",
        ),
    ]
    for call, port, reason in cases:
        with pytest.raises(NodeError, match=reason) as wrong:
            call()
        assert (wrong.value.port or "") == port
    text = reference_latent(
        (Cond(torch.randn(1, 5, 256), torch.randn(1, 64)),), Latent(torch.ones(1, 4, 8, 8))
    )
    with pytest.raises(NodeError, match="4 channels, the model works on 16"):
        sampled(flux.MODEL, text, text, run)
