"""Controls in half precision: everything they hand on has the precision of the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from steering import HINT, start, steered, taught
from test_control_adapters import adapter
from test_controlnet_flow import flux_control, sd3_control
from test_controlnet_union import union_of
from test_image_prompts import SEEN
from test_image_prompts import adapter as image_adapter
from tiny_families import pipeline, saved

from wirebrush_diffusion.control.controlnet import Control
from wirebrush_diffusion.control.files import load_controlnet
from wirebrush_diffusion.control.image_prompt import ImagePrompt
from wirebrush_diffusion.control.image_prompt_file import load_image_adapter
from wirebrush_diffusion.files.checkpoint import load
from wirebrush_diffusion.files.weights import WeightFile

HALF = torch.bfloat16
KINDS: dict[str, tuple[str, Any, str]] = {
    "plain": ("sd1", lambda unet: taught(diffusers.ControlNetModel.from_unet(unet)), "auto"),
    "union": ("sdxl", union_of, "depth"),
    "union without a kind": ("sdxl", union_of, "auto"),
    "adapter": ("sd1", lambda unet: adapter(channels=[64, 128]), "auto"),
    "sd3": ("sd3", lambda _: sd3_control(), "auto"),
    "flux": ("flux", lambda _: flux_control(num_mode=10), "depth"),
    "xlabs": (
        "flux",
        lambda _: flux_control(
            num_single_layers=0, patch_size=2, conditioning_embedding_channels=16
        ),
        "auto",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_in_half_precision(tmp_path: Path, kind: str) -> None:
    family, make, mode = KINDS[kind]
    pipe = pipeline(family)
    make(getattr(pipe, "unet", None)).save_pretrained(tmp_path / "control")
    parts = load(saved(pipe, tmp_path / "model"))
    half = load(tmp_path / "model", dtype=HALF)
    flow = family in ("sd3", "flux")
    noise, sigmas = start(16 if flow else 4), [0.9, 0.5, 0.0] if flow else [8.0, 3.0, 0.0]
    cfg = 1.0 if family == "flux" else 4.0
    answers: list[torch.Tensor] = []
    for model, precision in ((parts, torch.float32), (half, HALF)):
        control = load_controlnet(tmp_path / "control", dtype=precision)
        use = Control(control, HINT, mode=mode, encode=model.autoencoder.encode)
        answers.append(steered(model, noise, sigmas, use, cfg=cfg))

    exact, rough = answers
    assert (rough - exact).abs().max() < 0.3 * exact.abs().max()


def test_pictures_in_half_precision(tmp_path: Path) -> None:
    pipe = pipeline("sd1")
    half = load(saved(pipe, tmp_path / "model"), dtype=HALF)
    file = WeightFile(image_adapter(pipe.unet, "basic", tmp_path))
    mask = torch.ones(1, 8, 8)
    prompt = ImagePrompt(
        load_image_adapter(file, "cpu", HALF), torch.randn(1, SEEN), 0.5, mask=mask
    )

    assert steered(half, start(), [8.0, 3.0, 0.0], prompt).isfinite().all()
