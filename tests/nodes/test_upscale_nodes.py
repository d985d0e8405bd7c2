"""Pictures through an upscale model, as nodes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from wirebrush.api import NodeError, SilentRun
from wirebrush_diffusion.pictures.upscalers import Compact
from wirebrush_nodes.upscale_models import image_upscale_with_model, upscale_model_loader


def test_a_picture_twice_as_large(models: Path, run: SilentRun) -> None:
    folder = models / "upscale_models"
    folder.mkdir(exist_ok=True)
    save_file(Compact(4, 1, 2).state_dict(), folder / "x2.safetensors")
    save_file({"other": torch.zeros(2)}, folder / "other.safetensors")
    picture = torch.rand((2, 8, 12, 3))

    model = upscale_model_loader("x2.safetensors", run=run)
    assert image_upscale_with_model(model, picture, run=run).shape == (2, 16, 24, 3)
    assert run.steps == [(1, 1)]
    other = upscale_model_loader("other.safetensors", run=run)
    with pytest.raises(NodeError, match="no upscale model that is known here") as caught:
        image_upscale_with_model(other, picture, run=run)
    assert caught.value.port == "upscale_model"
    with pytest.raises(NodeError, match="no 'none' in upscale_models"):
        upscale_model_loader("none", run=run)
