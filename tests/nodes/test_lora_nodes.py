"""One LoRA file changes every part of SDXL: the network and both text encoders."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from wirebrush.api import SilentRun
from wirebrush_nodes.live import live_model, live_text_encoder
from wirebrush_nodes.loaders import checkpoint_loader_simple, lora_loader

sys.path.insert(0, str(Path(__file__).parents[1] / "diffusion"))
from tiny_families import pipeline, saved

TEXT = "text_model_encoder_layers_0_mlp_fc1"
NETWORK = "down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
NETWORK_NAME = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight"
CHANGED = {
    f"lora_te1_{TEXT}": (128, 64),
    f"lora_te2_{TEXT}": (256, 128),
    f"lora_unet_{NETWORK}": (128, 192),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SilentRun:
    root = tmp_path_factory.mktemp("models")
    saved(pipeline("sdxl"), root / "checkpoints" / "sdxl")
    (root / "loras").mkdir()
    for mark in ("te1", "te2", "unet"):
        module, (rows, columns) = next(item for item in CHANGED.items() if f"_{mark}_" in item[0])
        factors = {"lora_up": torch.randn(rows, 2), "lora_down": torch.randn(2, columns)}
        tensors = {f"{module}.{name}.weight": factor for name, factor in factors.items()}
        save_file(tensors, root / "loras" / f"{mark}.safetensors")
    return SilentRun(root=root)


@pytest.mark.parametrize("mark", ["te1", "te2", "unet"])
def test_each_part_is_reached_and_left_exactly(run: SilentRun, mark: str) -> None:
    model, clip, _ = checkpoint_loader_simple("sdxl", run=run)
    styled = lora_loader(model, clip, f"{mark}.safetensors", 0.7, 0.7, run=run)

    with live_text_encoder(clip, run) as reader:
        plain = reader.encode("red").context
    with live_text_encoder(styled.CLIP, run) as reader:
        changed = reader.encode("red").context
    with live_model(model, run) as found:
        before = found.network.get_parameter(NETWORK_NAME).clone()
    with live_model(styled.MODEL, run) as found:
        network = not torch.equal(found.network.get_parameter(NETWORK_NAME), before)
    with live_text_encoder(clip, run) as reader:
        again = reader.encode("red").context

    halves = (slice(None, 64), slice(64, None))  # the first encoder's states, the second's
    differs = [not torch.equal(plain[..., half], changed[..., half]) for half in halves]
    assert differs == [mark == "te1", mark == "te2"]
    assert network == (mark == "unet")
    assert torch.equal(plain, again)
