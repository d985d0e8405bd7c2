"""unCLIP: pictures in place of words, as diffusers' pipeline has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import (
    StableUnCLIPImageNormalizer,
)
from original_names import MODEL, open_clip_tensors, unet_tensors, vae_tensors, written
from safetensors.torch import save_file
from test_family_variants import run
from tiny_families import G_WIDTH, assembled, pipeline, saved, sd2_parts, unet
from torch import Tensor
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.shown import Shown
from wirebrush_diffusion.families.unclip import Unclip, UnclipModel
from wirebrush_diffusion.files.checkpoint import Parts, load, open_checkpoint
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.vision.files import OPEN_VISION, load_vision, vision_weights

SEED, STEPS, CFG, SIDE, SEEN, EYE = 4, 4, 3.0, 64, 32, 28
PROMPT = "a red house"


def unclip_parts() -> dict[str, Any]:
    """Stable Diffusion 2.1 unCLIP."""
    parts = sd2_parts()
    eyes = CLIPVisionConfig(
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=1,
        image_size=EYE,
        patch_size=7,
        hidden_act="gelu",
        projection_dim=SEEN,
    )
    size: Any = {"height": EYE, "width": EYE}
    normalizer = StableUnCLIPImageNormalizer(embedding_dim=SEEN)
    torch.nn.init.normal_(normalizer.mean, std=0.1)
    torch.nn.init.uniform_(normalizer.std, 0.5, 1.5)
    shown = {"class_embed_type": "projection", "projection_class_embeddings_input_dim": 2 * SEEN}
    return parts | {
        "unet": unet(parts["text_encoder"].config.hidden_size, **shown),
        "feature_extractor": CLIPImageProcessor(size=size, crop_size=size),
        "image_encoder": CLIPVisionModelWithProjection(eyes).eval(),
        "image_normalizer": normalizer,
        "image_noising_scheduler": diffusers.DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
    }


@pytest.fixture(scope="module")
def pipe() -> Any:
    torch.manual_seed(0)
    return assembled(diffusers.StableUnCLIPImg2ImgPipeline, unclip_parts())


@pytest.fixture(scope="module")
def folder(pipe: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(pipe, tmp_path_factory.mktemp("unclip") / "unclip")


def picture() -> Tensor:
    """`[1,H,W,3]`, in 256 steps."""
    pixels = torch.randint(0, 256, (1, EYE, EYE, 3), generator=torch.Generator().manual_seed(1))
    return pixels.float() / 255


def eyes(path: Path) -> Any:
    return load_vision(vision_weights(path), "cpu", torch.float32)


@pytest.mark.parametrize("level", [0, 300])
def test_variations_are_diffusers_pipeline(pipe: Any, folder: Path, level: int) -> None:
    parts: Parts = load(folder)
    noise = initial_noise(torch.zeros((1, 4, 8, 8)), SEED)
    seen = eyes(folder).encode(picture()).projected
    embedding = pipe.image_encoder(*_pixels(pipe)).image_embeds

    pipe.scheduler.set_timesteps(STEPS)
    expected = pipe(
        prompt=PROMPT,
        negative_prompt="fog",
        image_embeds=embedding,
        noise_level=level,
        latents=noise * pipe.scheduler.init_noise_sigma,  # which it forgets to do
        generator=torch.Generator().manual_seed(SEED),
        num_inference_steps=STEPS,
        guidance_scale=CFG,
        height=SIDE,
        width=SIDE,
        output_type="latent",
    ).images
    shown = Shown(seen, noise=level / 999)
    positive = {"unclip": (shown,), "seed": SEED}
    ours = run(parts, noise, pipe.scheduler.sigmas.tolist(), CFG, positive, negatives={})

    assert (seen - embedding).abs().max() < 1e-4
    assert (ours - expected).abs().max() <= 1e-4


def _pixels(pipe: Any) -> tuple[Tensor]:
    extractor = pipe.feature_extractor
    mean, spread = (torch.tensor(row) for row in (extractor.image_mean, extractor.image_std))
    return (((picture() - mean) / spread).movedim(-1, 1),)


def single(pipe: Any) -> dict[str, Tensor]:
    """Everything by the names of its authors' file."""
    state_of_eyes = {
        name.removeprefix("vision_model."): tensor
        for name, tensor in state(pipe.image_encoder)
        if not name.endswith("position_ids")
    }
    return {
        **unet_tensors(pipe.unet, MODEL),
        **vae_tensors(pipe.vae, "first_stage_model."),
        **open_clip_tensors(pipe.text_encoder, "cond_stage_model.model.", spare=True),
        **written(OPEN_VISION, state_of_eyes, "embedder.model.visual."),
        "noise_augmentor.data_mean": pipe.image_normalizer.mean.detach().clone(),
        "noise_augmentor.data_std": pipe.image_normalizer.std.detach().clone(),
    }


def state(network: Any) -> list[tuple[str, Tensor]]:
    return list(network.state_dict().items())


def test_a_single_file_gives_the_folders_model(pipe: Any, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "unclip.safetensors"
    save_file(single(pipe), path)
    pipe.tokenizer.save_pretrained(tmp_path / "tokenizer")

    loaded, expected = load(path), load(folder)

    assert isinstance(loaded.model, UnclipModel)
    for part in ("model", "autoencoder"):
        ours, theirs = (getattr(parts, part).network.state_dict() for parts in (loaded, expected))
        assert [n for n, tensor in theirs.items() if not torch.equal(tensor, ours[n])] == []
        assert ours.keys() == theirs.keys()
    assert loaded.model.prediction == expected.model.prediction
    ours, theirs = (eyes(place).encode(picture()).projected for place in (path, folder))
    assert torch.allclose(ours, theirs, atol=1e-6)
    shown = {"unclip": (Shown(ours, noise=0.5),), "seed": 1}
    labels = [
        parts.model.inputs(None, shown, (1, 4, 8, 8))["class_labels"]
        for parts in (loaded, expected)
    ]
    assert torch.equal(*labels)
    assert path_of(Unclip().places(loaded.model.network)) <= set(WeightFile(path).names())


def path_of(places: Any) -> set[str]:
    return {MODEL + stored.name for stored in places.values()}


def test_a_network_alone_in_diffusers_names(pipe: Any, tmp_path: Path) -> None:
    path = tmp_path / "unet.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in state(pipe.unet)}, path)

    model = open_checkpoint(path).model()

    assert isinstance(model, UnclipModel)
    assert model.config.projection_class_embeddings_input_dim == 2 * SEEN


def test_several_pictures_and_none(folder: Path) -> None:
    model = load(folder).model
    rows = torch.randn((3, 1, SEEN))
    shape = (1, 4, 8, 8)

    def labels(*shown: Shown) -> Tensor:
        return model.inputs(None, {"unclip": shown}, shape)["class_labels"]

    one, both = labels(Shown(rows[0])), labels(Shown(rows[0]), Shown(rows[1], strength=0.5))

    assert labels().abs().max() == 0
    assert one.shape == both.shape == (1, 2 * SEEN)
    assert torch.equal(labels(Shown(rows[0], strength=2.0)), 2 * one)
    assert not torch.equal(one, both)
    with pytest.raises(DiffusionError, match="encoded 7 wide, this model reads 32"):
        labels(Shown(torch.zeros((1, 7))))


def test_sdxl_reads_what_was_seen_in_place_of_the_pooled_text(tmp_path: Path) -> None:
    model = load(saved(pipeline("sdxl"), tmp_path / "sdxl")).model
    pooled, seen = torch.randn((2, 1, G_WIDTH))

    def told(*shown: Shown) -> Tensor:
        return model.inputs(pooled, {"unclip": shown}, (1, 4, 8, 8))["text_embeds"]

    assert torch.equal(told(), pooled)
    assert (told(Shown(seen)) - seen).abs().max() < 0.2  # a touch of noise is always there
    assert (told(Shown(seen, noise=0.9)) - seen).abs().max() > 0.5
    assert told(Shown(seen), Shown(seen, 0.5)).shape == pooled.shape
    with pytest.raises(DiffusionError, match="encoded 7 wide, this model reads 128"):
        told(Shown(torch.zeros((1, 7))))
