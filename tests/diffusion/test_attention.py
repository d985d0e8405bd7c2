"""Another kernel for attention: the same picture up to rounding, or a sentence."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import torch

from wirebrush_diffusion.attention import AttentionBackend
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.sampling import sample


@pytest.mark.parametrize("backend", ["auto", "math", "flash"])
def test_kernels_agree(backend: str, tiny: Any) -> None:
    torch.manual_seed(3)
    texts = [Condition(torch.randn(1, 7, 64)), Condition(torch.randn(1, 7, 64))]
    model = DiffusionModel(deepcopy(tiny.unet))

    def painted() -> torch.Tensor:
        empty = torch.zeros(1, 4, 8, 8)
        return sample(model, empty, texts[:1], texts[1:], seed=1, steps=2, cfg=4.0)

    expected = painted()
    with AttentionBackend(backend).on(model.network):
        answer = painted()
    assert (answer - expected).abs().max() <= 1e-5 * expected.abs().max()
    assert torch.equal(painted(), expected), "afterwards it is torch's choice again"


@pytest.mark.parametrize("backend", ["efficient", "cudnn"])
def test_what_cannot_run_here_is_said_before_the_run(backend: str, tiny: Any) -> None:
    before = torch.backends.cuda.flash_sdp_enabled()
    with (
        pytest.raises(DiffusionError, match=f"'{backend}' cannot run here: cpu, float32") as raised,
        AttentionBackend(backend).on(deepcopy(tiny.unet)),
    ):
        pytest.fail("it was entered")
    assert "math, which runs everywhere" in raised.value.hint
    assert torch.backends.cuda.flash_sdp_enabled() == before


def test_unknown_backends_are_refused(tiny: Any) -> None:
    with (
        pytest.raises(DiffusionError, match="no attention backend 'sage'"),
        AttentionBackend("sage").on(tiny.unet),
    ):
        pytest.fail("it was entered")
