"""Qwen-Image-Edit: the text encoder sees the pictures, and so does the network."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import diffusers
import pytest
import torch
from original_names import MODEL, written
from safetensors.torch import save_file
from test_references import as_batch, photo
from tiny_families import assembled, saved
from tiny_language import pipeline, qwen_image_parts
from torch import Tensor
from transformers import BatchFeature
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import (
    Qwen2VLImageProcessorPil,
    smart_resize,
)

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.flux import packed, unpacked
from wirebrush_diffusion.families.qwen_image import read_edit
from wirebrush_diffusion.files.checkpoint import Parts, load, open_checkpoint
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import sample_sigmas
from wirebrush_diffusion.vision.sight import Sight, sight_size

STEPS, PROMPT, SIDE = 3, "a red house", 112
PAD = "<|image_pad|>"


class Processor:
    """transformers' processor without its part for videos, which needs torchvision."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.images = Qwen2VLImageProcessorPil(max_pixels=12845056)

    def __call__(self, text: list[str], images: Any, **unused: Any) -> BatchFeature:
        seen: Any = self.images(images, return_tensors="pt")
        for grid in seen["image_grid_thw"].tolist():
            words = grid[0] * grid[1] * grid[2] // 4
            text = [text[0].replace(PAD, "\0" * words, 1)]
        read = self.tokenizer([text[0].replace("\0", PAD)], return_tensors="pt")
        return BatchFeature({**read, **seen})


def edited(cls: Any, module: str, patch: pytest.MonkeyPatch) -> Any:
    """diffusers' pipeline; pictures keep their size, and words of pictures stand in a grid."""
    torch.manual_seed(0)
    parts = qwen_image_parts()
    pipe = assembled(cls, parts | {"processor": Processor(parts["tokenizer"])})
    before = pipe.prompt_template_encode.split("{}")[0].split("<|vision_start|>")[0]
    pipe.prompt_template_encode_start_idx = len(pipe.tokenizer(before).input_ids)
    sizes = (SIDE, SIDE, None) if cls is diffusers.QwenImageEditPipeline else (SIDE, SIDE)
    patch.setattr(import_module(module), "calculate_dimensions", lambda area, ratio: sizes)
    forward, pad = pipe.text_encoder.forward, pipe.tokenizer.convert_tokens_to_ids(PAD)

    def told(**given: Any) -> Any:  # without it, transformers 5 counts a picture as a line
        return forward(**given, mm_token_type_ids=(given["input_ids"] == pad).int())

    pipe.text_encoder.forward = told
    return pipe


def twin(folder: Any) -> Parts:
    """The same weights, loaded by us."""
    torch.manual_seed(0)
    plain = assembled(diffusers.QwenImagePipeline, qwen_image_parts())
    return load(saved(plain, folder))


PIPELINES = {
    "edit": diffusers.QwenImageEditPipeline,
    "edit_plus": diffusers.QwenImageEditPlusPipeline,
}


@pytest.mark.parametrize(("name", "count"), [("edit", 1), ("edit_plus", 1), ("edit_plus", 2)])
def test_editing_is_diffusers_pipeline(
    name: str, count: int, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"diffusers.pipelines.qwenimage.pipeline_qwenimage_{name}"
    pipe, parts = edited(PIPELINES[name], module, monkeypatch), twin(tmp_path / "qwen")
    images = [photo(SIDE, SIDE), photo(SIDE, SIDE).rotate(90)][:count]
    noise = initial_noise(torch.zeros((1, 16, 8, 8)), 3)
    shown = [as_batch(image) for image in images]

    tokens = pipe(
        image=images if name == "edit_plus" else images[0],
        prompt=PROMPT,
        latents=packed(noise),
        height=64,
        width=64,
        num_inference_steps=STEPS,
        true_cfg_scale=1.0,
        output_type="latent",
    ).images
    text = read_edit(parts.text_encoder, PROMPT, shown, named=name == "edit_plus")
    latents = tuple(parts.autoencoder.encode(picture) for picture in shown)
    ours = painted(parts, noise, pipe.scheduler.sigmas.tolist(), text.context, latents)

    assert (ours - unpacked(tokens, 4, 4)).abs().max() <= 1e-4


def painted(
    parts: Parts, noise: Tensor, sigmas: list[float], context: Tensor, shown: tuple[Tensor, ...]
) -> Tensor:
    extra = parts.model.inputs(None, {"reference_latents": shown}, noise.shape)
    latent = sample_sigmas(
        parts.model,
        torch.zeros_like(noise),
        noise,
        [Condition(context, extra)],
        [],
        sigmas,
        sampler=SAMPLERS["euler"],
        seed=1,
        cfg=1.0,
    )
    return parts.model.latent.to_network(latent)


def test_a_file_that_sees_pictures_at_time_zero(tmp_path: Any) -> None:
    network = pipeline("qwen_image").transformer
    tensors = written({}, network.state_dict(), MODEL)
    for name, more in (("plain", {}), ("zero", {f"{MODEL}__index_timestep_zero__": torch.ones(1)})):
        save_file(tensors | more, tmp_path / f"{name}.safetensors")
    plain, zero = (
        open_checkpoint(tmp_path / f"{name}.safetensors").model() for name in ("plain", "zero")
    )
    x = torch.randn((1, 16, 8, 8))
    context, time = torch.randn((1, 5, 256)), torch.tensor([500.0])

    for shown, same in (((), True), ((x,), False)):
        answers = [
            model.predict(
                x, time, context, model.inputs(None, {"reference_latents": shown}, x.shape)
            )
            for model in (plain, zero)
        ]
        assert torch.allclose(answers[0], answers[1], atol=1e-6) == same


@pytest.mark.parametrize(
    ("height", "width"), [(112, 84), (100, 100), (30, 40), (5000, 3000), (56, 11000), (1, 150)]
)
def test_pictures_are_seen_in_the_sizes_of_transformers(height: int, width: int) -> None:
    assert sight_size(height, width) == smart_resize(height, width, max_pixels=12_845_056)


def test_patches_are_those_of_transformers() -> None:
    image = photo(140, 84)

    grids, ours = Sight().patches([as_batch(image)])

    theirs: Any = Qwen2VLImageProcessorPil()(image, return_tensors="pt")
    assert [list(grid) for grid in grids] == theirs["image_grid_thw"].tolist()
    assert (ours - theirs["pixel_values"]).abs().max() < 1e-5


def test_what_cannot_look_says_so(tmp_path: Any) -> None:
    lumina = load(saved(pipeline("lumina2"), tmp_path / "lumina2"))
    picture = torch.zeros((1, 56, 56, 3))

    with pytest.raises(DiffusionError, match="reads texts with gemma2_2b, and cannot look"):
        read_edit(lumina.text_encoder, PROMPT, [picture])
    with pytest.raises(DiffusionError, match="500x2: too narrow"):
        sight_size(2, 500)
