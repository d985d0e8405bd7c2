"""HiDream against diffusers' pipeline, from a folder and from files."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from original_names import MODEL, clip_tensors, language_tensors, plain, written
from safetensors.torch import save_file
from tiny_families import L_WIDTH, saved
from tiny_language import pipeline
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.checkpoint import Parts, load, open_checkpoint
from wirebrush_diffusion.files.separate import check_texts, read_texts
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import sample_sigmas
from wirebrush_diffusion.text.encoder import Encoding

STEPS, PROMPT, NEGATIVE = 3, "a red house", "fog"


@pytest.fixture(scope="module")
def pipe() -> Any:
    return pipeline("hidream")


@pytest.fixture(scope="module")
def folder(pipe: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(pipe, tmp_path_factory.mktemp("hidream") / "hidream")


@pytest.fixture(scope="module")
def parts(folder: Path) -> Parts:
    return load(folder)


@pytest.fixture(scope="module")
def files(pipe: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The network and the four encoders in files of their own, with their tokenizers beside."""
    root = tmp_path_factory.mktemp("files")
    tensors: dict[str, dict[str, Tensor]] = {
        "network": written({}, pipe.transformer.state_dict(), MODEL),
        "clip_l": clip_tensors(pipe.text_encoder, ""),
        "clip_g": clip_tensors(pipe.text_encoder_2, ""),
        "t5xxl": plain(pipe.text_encoder_3, ""),
        "llama": language_tensors(pipe.text_encoder_4, ""),
    }
    for name, stored in tensors.items():
        save_file(stored, root / f"{name}.safetensors")
    pipe.tokenizer.save_pretrained(root / "clip")
    pipe.tokenizer_3.save_pretrained(root / "t5")
    pipe.tokenizer_4.save_pretrained(root / "llama3")
    return {name: root / f"{name}.safetensors" for name in tensors}


def theirs(pipe: Any, prompt: str) -> tuple[Tensor, Tensor, Tensor]:
    """T5's states, Llama's layers and the pooled text, as diffusers reads them."""
    with torch.inference_mode():
        t5, _, layers, _, pooled, _ = pipe.encode_prompt(
            prompt, do_classifier_free_guidance=False, max_sequence_length=128
        )
    return t5, layers, pooled


def test_texts_are_read_as_diffusers_reads_them(pipe: Any, parts: Parts) -> None:
    t5, layers, pooled = theirs(pipe, PROMPT)

    ours = parts.text_encoder.encode(PROMPT)

    assert (ours.context - t5).abs().max() < 1e-4
    assert ours.pooled is not None
    assert (ours.pooled - pooled).abs().max() < 1e-4
    assert ours.layers is not None
    assert (ours.layers - layers.transpose(0, 1)).abs().max() < 1e-4


def test_files_of_their_own_are_the_folder(parts: Parts, files: dict[str, Path]) -> None:
    names = ("t5xxl", "llama", "clip_g", "clip_l")
    found = [WeightFile(files[name]) for name in names]
    vocabularies = tuple(files["t5xxl"].parent / name for name in ("clip", "t5", "llama3"))
    check_texts(found, "hidream")

    ours = read_texts(found, "hidream", vocabularies=vocabularies).encode(PROMPT)

    whole = parts.text_encoder.encode(PROMPT)
    assert ours.layers is not None
    assert whole.layers is not None
    assert torch.allclose(ours.layers, whole.layers, atol=1e-5)
    assert torch.allclose(ours.context, whole.context, atol=1e-5)


def condition(parts: Parts, said: Encoding, shape: tuple[int, ...]) -> Condition:
    return Condition(said.context, parts.model.inputs(said.pooled, said.options, shape))


@pytest.mark.parametrize(("height", "width"), [(64, 64), (64, 96)])
def test_a_picture_is_diffusers_picture(
    pipe: Any, parts: Parts, height: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its network is asked, as the pipeline has sizes of its own. It fills pictures that are not
    square up to so many patches, which others look at; we do not, and here there are no more."""
    monkeypatch.setattr(pipe.transformer, "max_seq", height * width // 256)
    noise = initial_noise(torch.zeros((1, 16, height // 8, width // 8)), 3)
    sigmas = [1.0, 0.8, 0.4, 0.0]
    x = noise.clone()
    t5, layers, pooled = theirs(pipe, PROMPT)
    for sigma, after in itertools.pairwise(sigmas):
        with torch.inference_mode():
            slope = -pipe.transformer(
                hidden_states=x,
                timesteps=torch.tensor([sigma * 1000]),
                encoder_hidden_states_t5=t5,
                encoder_hidden_states_llama3=layers,
                pooled_embeds=pooled,
                return_dict=False,
            )[0]
        x = x + (after - sigma) * slope

    given = [condition(parts, parts.text_encoder.encode(PROMPT), tuple(noise.shape))]
    latent = sample_sigmas(
        parts.model,
        torch.zeros_like(noise),
        noise,
        given,
        [],
        sigmas,
        sampler=SAMPLERS["euler"],
        seed=1,
        cfg=1.0,
    )

    assert (parts.model.latent.to_network(latent) - x).abs().max() < 1e-4


def test_the_pipeline_from_end_to_end(
    pipe: Any, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = initial_noise(torch.zeros((1, 16, 8, 8)), 3)
    monkeypatch.setattr(pipe, "default_sample_size", 8)
    theirs = pipe(
        prompt=PROMPT,
        negative_prompt=NEGATIVE,
        latents=noise.clone(),
        height=64,
        width=64,
        num_inference_steps=STEPS,
        guidance_scale=3.0,
        output_type="latent",
    ).images
    sides = [
        [condition(parts, parts.text_encoder.encode(text), tuple(noise.shape))]
        for text in (PROMPT, NEGATIVE)
    ]

    latent = sample_sigmas(
        parts.model,
        torch.zeros_like(noise),
        noise,
        *sides,
        pipe.scheduler.sigmas.tolist(),
        sampler=SAMPLERS["euler"],
        seed=1,
        cfg=3.0,
    )

    assert (parts.model.latent.to_network(latent) - theirs).abs().max() < 1e-4


def test_a_file_holds_the_same_network(parts: Parts, files: dict[str, Path]) -> None:
    found = open_checkpoint(files["network"]).model()
    x, time = torch.randn((2, 16, 6, 10)), torch.tensor([500.0, 500.0])
    said = parts.text_encoder.encode(PROMPT)
    extra = {
        name: tensor.expand(2, *tensor.shape[1:])
        for name, tensor in found.inputs(said.pooled, said.options, x.shape).items()
    }
    context = said.context.expand(2, -1, -1)

    with torch.inference_mode():
        answers = [model.predict(x, time, context, extra) for model in (found, parts.model)]

    assert torch.equal(answers[0], answers[1])
    assert found.schedule.at_percent(0.5) == pytest.approx(0.75)  # shift 3


def test_what_is_missing_is_said(parts: Parts, files: dict[str, Path]) -> None:
    model = parts.model
    with pytest.raises(DiffusionError, match="was not read for HiDream"):
        model.inputs(torch.zeros(1, L_WIDTH), {}, (1, 16, 8, 8))
    short = {"language_layers": torch.zeros(1, 2, 5, 256)}
    with pytest.raises(DiffusionError, match="Llama has 2 layers, 256 wide; this model reads 4"):
        model.inputs(torch.zeros(1, L_WIDTH), short, (1, 16, 8, 8))
    with pytest.raises(DiffusionError, match="is one Llama 3 text encoder too many for HiDream"):
        check_texts([WeightFile(files["llama"])] * 2, "hidream")
