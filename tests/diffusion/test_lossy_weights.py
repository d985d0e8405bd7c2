"""Weights in fewer bits change the picture within bounds; the default changes nothing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from wirebrush_diffusion.files.checkpoint import Checkpoint, open_checkpoint
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.sampling import sample
from wirebrush_postcards import models_path


@pytest.fixture(scope="module")
def texts() -> list[Condition]:
    reader = source().text_encoder()
    return [Condition(reader.encode(text).context) for text in ("a red house by day", "")]


def source() -> Checkpoint:
    return open_checkpoint(models_path() / "checkpoints" / "postcards")


def painted(
    texts: list[Condition], dtype: torch.dtype = torch.float32, storage: str | None = None
) -> Tensor:
    model = source().model("cpu", dtype, storage)
    empty = torch.zeros(1, 4, 16, 16)
    latent = sample(model, empty, texts[:1], texts[1:], seed=1, steps=8, cfg=5.0)
    return source().autoencoder().decode(latent)


@pytest.fixture(scope="module")
def exact(texts: list[Condition]) -> Tensor:
    return painted(texts)


def test_the_default_is_the_same_to_the_last_bit(texts: list[Condition], exact: Tensor) -> None:
    assert torch.equal(painted(texts), exact)


@pytest.mark.parametrize(("storage", "bound"), [("fp8_e4m3fn", 8 / 255), ("fp8_e5m2", 16 / 255)])
def test_fp8(storage: str, bound: float, texts: list[Condition], exact: Tensor) -> None:
    assert 0 < (painted(texts, storage=storage) - exact).abs().mean() <= bound


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision(dtype: torch.dtype, texts: list[Condition], exact: Tensor) -> None:
    assert 0 < (painted(texts, dtype) - exact).abs().mean() <= 4 / 255
