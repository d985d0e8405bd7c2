"""HiDream through the nodes: a network and four text encoders from files of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from wirebrush.api import Clip, Conditioning, Model, NodeError, SilentRun
from wirebrush_nodes.hidream import clip_text_encode_hidream
from wirebrush_nodes.part_loaders import (
    clip_loader,
    dual_clip_loader,
    quadruple_clip_loader,
    unet_loader,
)
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.sd3 import empty_sd3_latent_image
from wirebrush_nodes.text import clip_text_encode

sys.path.insert(0, str(Path(__file__).parents[1] / "diffusion"))
from original_names import clip_tensors, language_tensors, plain, written
from tiny_language import pipeline

NAMES = ("clip_l", "clip_g", "t5xxl", "llama")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    pipe = pipeline("hidream")
    files: dict[str, dict[str, Tensor]] = {
        "diffusion_models/hidream": written({}, pipe.transformer.state_dict()),
        "text_encoders/clip_l": clip_tensors(pipe.text_encoder, ""),
        "text_encoders/clip_g": clip_tensors(pipe.text_encoder_2, ""),
        "text_encoders/t5xxl": plain(pipe.text_encoder_3, ""),
        "text_encoders/llama": language_tensors(pipe.text_encoder_4, ""),
    }
    for name, tensors in files.items():
        path = root / f"{name}.safetensors"
        path.parent.mkdir(exist_ok=True)
        save_file(tensors, path)
    pipe.tokenizer.save_pretrained(root / "tokenizers" / "clip")
    pipe.tokenizer_3.save_pretrained(root / "tokenizers" / "t5")
    pipe.tokenizer_4.save_pretrained(root / "tokenizers" / "llama3")
    return root


@pytest.fixture
def run(root: Path) -> SilentRun:
    return SilentRun(root=root)


@pytest.fixture
def model(run: SilentRun) -> Model:
    return unet_loader("hidream.safetensors", run=run)


def clip_of(run: SilentRun, *names: str) -> Clip:
    one, two, three, four = (f"{name}.safetensors" for name in names)
    return quadruple_clip_loader(one, two, three, four, run=run)


def painted(run: SilentRun, model: Model, positive: Conditioning, negative: Conditioning) -> Tensor:
    return ksampler(
        model=model,
        seed=1,
        steps=2,
        cfg=3.0,
        positive=positive,
        negative=negative,
        latent_image=empty_sd3_latent_image(64, 96),
        run=run,
    ).samples


def test_a_picture_from_five_files(run: SilentRun, model: Model) -> None:
    clip, shuffled = clip_of(run, *NAMES), clip_of(run, *reversed(NAMES))
    text, nothing = (clip_text_encode(t, clip, run=run) for t in ("a red house", ""))

    latent = painted(run, model, text, nothing)

    assert latent.shape == (1, 16, 12, 8)
    assert latent.isfinite().all()
    other = (clip_text_encode("a blue sea", clip, run=run), nothing)
    assert not torch.allclose(painted(run, model, *other), latent, atol=1e-4)
    same = [clip_text_encode(t, shuffled, run=run) for t in ("a red house", "")]
    assert torch.allclose(painted(run, model, same[0], same[1]), latent, atol=1e-4)


def test_each_encoder_has_its_own_text(run: SilentRun, model: Model) -> None:
    clip = clip_of(run, *NAMES)
    nothing = clip_text_encode("", clip, run=run)
    usual = ("red", "red", "red", "red")
    latents = [
        painted(run, model, clip_text_encode_hidream(clip, *texts, run=run), nothing)
        for texts in (usual, *(("red",) * i + ("sea",) + ("red",) * (3 - i) for i in range(4)))
    ]

    whole = painted(run, model, clip_text_encode("red", clip, run=run), nothing)
    assert torch.allclose(latents[0], whole, atol=1e-5)
    for place, latent in enumerate(latents[1:]):
        assert not torch.allclose(latent, latents[0], atol=1e-6), NAMES[place]


def test_what_is_missing_is_said(run: SilentRun, model: Model) -> None:
    pair = dual_clip_loader("clip_l.safetensors", "clip_g.safetensors", "hidream", run=run)
    half = clip_text_encode("red", pair, run=run)
    with pytest.raises(NodeError, match="The text encoding is 4096 wide, this model reads 256"):
        painted(run, model, half, half)
    with pytest.raises(NodeError, match="one Llama 3 text encoder too many for HiDream"):
        clip_of(run, "clip_l", "clip_g", "llama", "llama")
    with pytest.raises(NodeError, match="of type 'hunyuan_image' are not read yet"):
        clip_loader("llama.safetensors", "hunyuan_image", run=run)
