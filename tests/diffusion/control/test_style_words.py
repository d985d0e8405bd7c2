"""USO's style references: pictures as words before FLUX's text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tiny_families import L_WIDTH, T5_WIDTH, flux_transformer
from torch import Tensor, nn
from torch.nn.functional import layer_norm, silu

from wirebrush_diffusion.control.style_words import (
    StyleReference,
    StyleWords,
    WordsBefore,
    load_style_words,
)
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.family import Sampling
from wirebrush_diffusion.families.flux import Flux, FluxModel
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.model import Residuals
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.schedules import FlowSchedule
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import sample_sigmas
from wirebrush_diffusion.text.bias import TEXT_BIAS, with_part

PLACES, WORDS, SEEN, WIDTH = 16, 4, 24, 64
X = torch.randn((1, 16, 8, 8), generator=torch.Generator().manual_seed(0))
TEXT = torch.randn((1, 5, T5_WIDTH), generator=torch.Generator().manual_seed(1))
LEVELS = torch.randn((1, 3, PLACES, SEEN), generator=torch.Generator().manual_seed(2))


def tensors(width: int = WIDTH) -> dict[str, Tensor]:
    """In the names of USO's file."""
    generator = torch.Generator().manual_seed(4)
    shapes = {
        "embedding_linear.0.weight": (WORDS, PLACES),
        "embedding_linear.0.bias": (WORDS,),
        "layer_norm.weight": (SEEN,),
        "layer_norm.bias": (SEEN,),
        "projection.weight": (width, SEEN),
        "projection.bias": (width,),
    }
    return {
        f"feature_embedder.{level}_{name}": torch.randn(shape, generator=generator)
        for level in ("high", "mid", "low")
        for name, shape in shapes.items()
    }


@pytest.fixture
def projector(tmp_path: Path) -> StyleWords:
    save_file(tensors(), tmp_path / "uso.safetensors")
    return load_style_words(WeightFile(tmp_path / "uso.safetensors"), "cpu", torch.float32)


@pytest.fixture(scope="module")
def model() -> FluxModel:
    torch.manual_seed(0)
    network = flux_transformer().requires_grad_(False)
    made = Flux().model(network, Sampling(Prediction.FLOW, FlowSchedule(1.0)), Flux.latent)
    assert isinstance(made, FluxModel)
    return made


def test_words_are_those_of_the_published_formula(projector: StyleWords) -> None:
    stored = tensors()
    expected: list[Tensor] = []
    for number, level in enumerate(("high", "mid", "low")):
        part = {
            name.removeprefix(f"feature_embedder.{level}_"): tensor
            for name, tensor in stored.items()
            if f".{level}_" in name
        }
        seen = LEVELS[:, number].transpose(1, 2)
        words = silu(seen @ part["embedding_linear.0.weight"].T + part["embedding_linear.0.bias"])
        norm = layer_norm(
            words.transpose(1, 2), (SEEN,), part["layer_norm.weight"], part["layer_norm.bias"]
        )
        expected.append(norm @ part["projection.weight"].T + part["projection.bias"])

    assert torch.allclose(projector.words(LEVELS), torch.cat(expected, dim=1), atol=1e-4)
    two = projector.words(torch.cat([LEVELS, -LEVELS]))
    assert two.shape == (1, 2 * 3 * WORDS, WIDTH)


def test_the_network_reads_them_before_the_text(model: FluxModel) -> None:
    """The same as a longer text whose first states are the words."""
    words = torch.randn((1, 6, WIDTH))
    time, pooled = torch.tensor([500.0]), torch.randn((1, L_WIDTH))
    extra = model.inputs(pooled, {}, X.shape)
    embedder: Any = model.network.get_submodule("context_embedder")
    longer = torch.cat([torch.zeros(1, 6, T5_WIDTH), TEXT], dim=1)

    def put(module: nn.Module, given: Any, states: Tensor) -> Tensor:
        return torch.cat([words, states[:, 6:]], dim=1)

    with torch.inference_mode():
        plain = model.predict(X, time, TEXT, extra)
        handle = embedder.register_forward_hook(put)
        reference = model.predict(X, time, longer, extra)
        handle.remove()
        residuals = Residuals(alterations=[WordsBefore(words)])
        ours = model.predict(X, time, TEXT, extra, residuals)
        again = model.predict(X, time, TEXT, extra)

    assert (ours - reference).abs().max() < 1e-5
    assert not torch.allclose(ours, plain, atol=1e-4)
    assert torch.equal(again, plain)


def test_beside_a_picture_that_is_weighed_by_attention(model: FluxModel) -> None:
    told = with_part(None, 2, 3, -50.0)  # the last three of the text are hardly looked at
    extra = model.inputs(torch.zeros(1, L_WIDTH), {TEXT_BIAS: told}, X.shape)
    residuals = Residuals(alterations=[WordsBefore(torch.randn((1, 6, WIDTH)))])
    changed = TEXT.clone()
    changed[:, 2:] += 1.0
    time = torch.tensor([500.0])

    with torch.inference_mode():
        ours = model.predict(X, time, TEXT, extra, residuals)
        unbiased = model.inputs(torch.zeros(1, L_WIDTH), {}, X.shape)
        free = model.predict(X, time, TEXT, unbiased, residuals)

    assert ours.isfinite().all()
    assert not torch.allclose(ours, free, atol=1e-4)


def test_pictures_get_the_style_on_both_sides(model: FluxModel, projector: StyleWords) -> None:
    def painted(*controls: StyleReference) -> Tensor:
        extra = model.inputs(torch.zeros(1, L_WIDTH), {}, X.shape)
        sides = [[Condition(text, extra, controls=controls)] for text in (TEXT, -TEXT)]
        empty = torch.zeros_like(X)
        sigmas = [1.0, 0.5, 0.0]
        return sample_sigmas(
            model, empty, X, *sides, sigmas, sampler=SAMPLERS["euler"], seed=1, cfg=3.0
        )

    plain = painted()
    styled = painted(StyleReference(projector, LEVELS))

    assert not torch.allclose(styled, plain, atol=1e-3)
    assert not torch.allclose(styled, painted(StyleReference(projector, -LEVELS)), atol=1e-3)
    assert torch.equal(painted(), plain)


def test_what_does_not_fit_is_named(
    model: FluxModel, projector: StyleWords, tmp_path: Path
) -> None:
    save_file(tensors(width=48), tmp_path / "wide.safetensors")
    wide = load_style_words(WeightFile(tmp_path / "wide.safetensors"), "cpu", torch.float32)
    with pytest.raises(DiffusionError, match="words 48 wide, the model's are 64"):
        StyleReference(wide, LEVELS).on(model)
    with pytest.raises(DiffusionError, match="sees 9 places, 24 wide; the model patch reads 16"):
        projector.check_seen(torch.zeros(1, 3, 9, SEEN))
    flat = {name: tensor.flatten() for name, tensor in tensors().items()}
    save_file(flat, tmp_path / "flat.safetensors")
    with pytest.raises(DiffusionError, match="is a model patch; a model patch with USO"):
        load_style_words(WeightFile(tmp_path / "flat.safetensors"), "cpu")
    save_file({"redux_up.weight": torch.zeros(1)}, tmp_path / "style.safetensors")
    with pytest.raises(DiffusionError, match="is a style model; a model patch with USO"):
        load_style_words(WeightFile(tmp_path / "style.safetensors"), "cpu")
