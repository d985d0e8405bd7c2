"""How scripts load models in files of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import torch
from safetensors.torch import load_file, save_file
from tiny_families import saved
from tiny_language import pipeline

from wirebrush.graph.script.functions import FUNCTIONS


def test_weights_of_8_bits_with_factors_are_multiplied_out(tmp_path: Path) -> None:
    """The network that diffusers makes of them has the weights that they stand for."""
    pipe = pipeline("qwen_image")
    folder = saved(pipe, tmp_path / "published")
    stored: dict[str, torch.Tensor] = {"scaled_fp8": torch.zeros(2)}
    expected: dict[str, torch.Tensor] = {}
    for name, weight in pipe.transformer.state_dict().items():
        stored[name] = expected[name] = weight.contiguous()
        if weight.ndim == 2:
            factor = weight.abs().max() / 448
            stored[name] = (weight / factor).to(torch.float8_e4m3fn)
            stored[f"{name.removesuffix('.weight')}.scale_weight"] = factor
            expected[name] = stored[name].float() * factor
    file = tmp_path / "qwen_image_fp8_scaled.safetensors"
    save_file(stored, file)
    names: dict[str, Any] = {"load_file": load_file, "dtype": torch.float32}
    exec(FUNCTIONS["unscaled"], names)
    network: Any = diffusers.QwenImageTransformer2DModel.from_single_file(
        names["unscaled"](file),
        config=str(folder),
        subfolder="transformer",
        torch_dtype=torch.float32,
    )
    for name, weight in network.state_dict().items():
        assert torch.equal(weight, expected[name]), name
