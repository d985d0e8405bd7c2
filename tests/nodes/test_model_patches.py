"""Model patches through the nodes: from files to pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import SiglipVisionConfig, SiglipVisionModel

from wirebrush.api import Cond, Latent, Model, NodeError, SilentRun, Vae, values
from wirebrush.engine.cache.codec import Codec, record_types
from wirebrush_diffusion.control.blockwise import BlockwiseNetwork
from wirebrush_nodes.model_patches import (
    ModelPatch,
    model_patch_loader,
    qwen_image_diffsynth_controlnet,
    uso_style_reference,
)
from wirebrush_nodes.part_loaders import unet_loader, vae_loader
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.style import VisionOutput, clip_vision_encode, clip_vision_loader

sys.path.insert(0, str(Path(__file__).parents[1] / "diffusion"))
from original_names import framed_vae_tensors, written
from tiny_families import T5_WIDTH, flux_transformer
from tiny_language import pipeline

from wirebrush_diffusion.families.flux import RULES as FLUX_RULES

PICTURE = torch.rand((1, 64, 64, 3), generator=torch.Generator().manual_seed(5))
LAYERS, SEEN, PLACES, WIDTH = 21, 72, 16, 64


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with a tiny Qwen-Image, FLUX and SigLIP, and patches for them."""
    root = tmp_path_factory.mktemp("models")
    qwen = pipeline("qwen_image")
    torch.manual_seed(1)
    flux = flux_transformer()
    vision = siglip().state_dict()
    shallow = {n: t for n, t in vision.items() if not _deep(n)}
    blocks = BlockwiseNetwork(64, WIDTH, 2).state_dict()
    files: dict[str, dict[str, Tensor]] = {
        "diffusion_models/qwen": written({}, qwen.transformer.state_dict()),
        "diffusion_models/flux": written(FLUX_RULES, flux.state_dict()),
        "vae/qwen": framed_vae_tensors(qwen.vae, ""),
        "clip_vision/siglip": _named(vision),
        "clip_vision/shallow": _named(shallow),
        "model_patches/canny": {name: 0.2 * torch.randn(t.shape) for name, t in blocks.items()},
        "model_patches/uso": _projector(),
    }
    for name, tensors in files.items():
        path = root / f"{name}.safetensors"
        path.parent.mkdir(exist_ok=True)
        save_file(tensors, path)
    return root


def siglip() -> Any:
    config = SiglipVisionConfig(
        hidden_size=SEEN,
        intermediate_size=32,
        num_hidden_layers=LAYERS,
        num_attention_heads=1,
        image_size=28,
        patch_size=7,
    )
    return SiglipVisionModel(config).eval()


def _deep(name: str) -> bool:
    parts = name.split(".layers.")
    return len(parts) == 2 and int(parts[1].split(".")[0]) > 1


def _named(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"vision_model.{n.removeprefix('vision_model.')}": t for n, t in state.items()}


def _projector() -> dict[str, Tensor]:
    parts = {
        "embedding_linear.0.weight": (4, PLACES),
        "embedding_linear.0.bias": (4,),
        "layer_norm.weight": (SEEN,),
        "layer_norm.bias": (SEEN,),
        "projection.weight": (WIDTH, SEEN),
        "projection.bias": (WIDTH,),
    }
    levels = ("high", "mid", "low")
    return {f"feature_embedder.{v}_{n}": torch.randn(s) for v in levels for n, s in parts.items()}


@pytest.fixture
def run(root: Path) -> SilentRun:
    return SilentRun(root=root)


@pytest.fixture
def qwen(run: SilentRun) -> tuple[Model, Vae, ModelPatch]:
    return (
        unet_loader("qwen.safetensors", run=run),
        vae_loader("qwen.safetensors", run=run),
        model_patch_loader("canny.safetensors", run=run),
    )


def painted(run: SilentRun, model: Model) -> Tensor:
    texts: list[Any] = [
        (Cond(torch.randn((1, 5, T5_WIDTH), generator=torch.Generator().manual_seed(seed))),)
        for seed in (1, 2)
    ]
    return ksampler(
        model=model,
        seed=1,
        steps=2,
        cfg=3.0,
        positive=texts[0],
        negative=texts[1],
        latent_image=Latent(torch.zeros(1, 16, 8, 8)),
        run=run,
    ).samples


def seen(run: SilentRun, name: str, picture: Tensor = PICTURE) -> VisionOutput:
    return clip_vision_encode(clip_vision_loader(name, run=run), picture, run=run)


def test_a_picture_steers_qwen_image(run: SilentRun, qwen: tuple[Model, Vae, ModelPatch]) -> None:
    model, vae, patch = qwen
    plain = painted(run, model)

    steered = qwen_image_diffsynth_controlnet(model, patch, vae, PICTURE, run=run)
    other = qwen_image_diffsynth_controlnet(model, patch, vae, 1 - PICTURE, run=run)
    both = qwen_image_diffsynth_controlnet(steered, patch, vae, 1 - PICTURE, 0.5, run=run)

    assert not torch.allclose(painted(run, steered), plain, atol=1e-3)
    assert not torch.allclose(painted(run, steered), painted(run, other), atol=1e-4)
    assert not torch.allclose(painted(run, steered), painted(run, both), atol=1e-4)
    assert len({steered.key, other.key, both.key}) == 3
    assert torch.equal(painted(run, model), plain)
    assert qwen_image_diffsynth_controlnet(model, patch, vae, PICTURE, 0.0, run=run) == model


def test_flux_paints_in_a_pictures_style(run: SilentRun) -> None:
    model = unet_loader("flux.safetensors", run=run)
    patch = model_patch_loader("uso.safetensors", run=run)
    plain = painted(run, model)

    styled = uso_style_reference(model, patch, seen(run, "siglip.safetensors"), run=run)
    other = seen(run, "siglip.safetensors", 1 - PICTURE)
    another = uso_style_reference(model, patch, other, run=run)

    assert not torch.allclose(painted(run, styled), plain, atol=1e-3)
    assert not torch.allclose(painted(run, styled), painted(run, another), atol=1e-5)
    assert torch.equal(painted(run, model), plain)


def test_the_layers_that_tell_of_style_are_transformers(run: SilentRun, root: Path) -> None:
    network = siglip()
    state = load_file(root / "clip_vision" / "siglip.safetensors")
    bare = {name.removeprefix("vision_model."): tensor for name, tensor in state.items()}
    own = {name: bare[name.removeprefix("vision_model.")] for name in network.state_dict()}
    network.load_state_dict(own)
    ours = seen(run, "siglip.safetensors", torch.full((1, 28, 28, 3), 0.5))

    grey = torch.full((1, 3, 28, 28), round(0.5 * 255) / 255 * 2 - 1)
    with torch.inference_mode():
        states = network(grey, output_hidden_states=True).hidden_states
    assert ours.early is not None
    assert (ours.early[:, 0] - states[-11]).abs().max() < 1e-4
    assert (ours.early[:, 1] - states[-20]).abs().max() < 1e-4


def test_it_survives_the_disk_cache(run: SilentRun, qwen: tuple[Model, Vae, ModelPatch]) -> None:
    model, vae, patch = qwen
    steered = qwen_image_diffsynth_controlnet(model, patch, vae, PICTURE, run=run)
    codec = Codec(record_types([values]))

    encoded = codec.encode((steered,))
    (read,) = codec.decode(bytearray(encoded.data), encoded.packed)

    assert read == steered
    assert torch.equal(painted(run, read), painted(run, steered))


def test_what_does_not_fit_is_named(run: SilentRun, qwen: tuple[Model, Vae, ModelPatch]) -> None:
    model, vae, patch = qwen
    flux = unet_loader("flux.safetensors", run=run)
    uso = model_patch_loader("uso.safetensors", run=run)
    look = seen(run, "siglip.safetensors")
    on_flux = qwen_image_diffsynth_controlnet(flux, patch, vae, PICTURE, run=run)
    on_qwen = uso_style_reference(model, uso, look, run=run)
    shallow = seen(run, "shallow.safetensors")

    for call, reason in (
        (lambda: painted(run, on_flux), "patch is for Qwen-Image; the model that paints is not"),
        (lambda: painted(run, on_qwen), "patch is for FLUX.1; the model that paints is not"),
        (
            lambda: qwen_image_diffsynth_controlnet(model, uso, vae, PICTURE, run=run),
            "a DiffSynth ControlNet for Qwen-Image was expected",
        ),
        (lambda: uso_style_reference(flux, patch, look, run=run), "USO's projector was expected"),
        (lambda: uso_style_reference(flux, uso, shallow, run=run), "this one has not got them"),
        (
            lambda: model_patch_loader("../vae/qwen.safetensors", run=run),
            "a model patch was expected",
        ),
        (
            lambda: painted(
                run,
                qwen_image_diffsynth_controlnet(
                    model, patch, vae, PICTURE, 1.0, torch.ones(1, 8, 8), run=run
                ),
            ),
            "reads no mask, and one is given",
        ),
    ):
        with pytest.raises(NodeError, match=reason):
            call()
