"""A models folder with a tiny checkpoint of the true architecture, a LoRA and a ControlNet."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from PIL import Image
from safetensors.torch import save_file
from tokenizers import pre_tokenizers
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from wirebrush.api import SilentRun

sys.path.insert(0, str(Path(__file__).parent))  # for `reference_table`

WIDTH = 32
LORA_MODULE = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"


@pytest.fixture(scope="session", autouse=True)
def _few_threads() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    _checkpoint(root / "checkpoints" / "tiny")
    (root / "loras").mkdir()
    factors = {"lora_up": torch.randn(32, 2), "lora_down": torch.randn(2, WIDTH)}
    lora = {f"{LORA_MODULE}.{name}.weight": factor for name, factor in factors.items()}
    save_file(lora, root / "loras" / "style.safetensors")
    control = ControlNetModel(**_unet(), conditioning_embedding_out_channels=(16, 16, 16, 16))
    for parameter in control.parameters():
        parameter.data.add_(0.05 * torch.randn(parameter.shape))
    control.save_pretrained(root / "controlnet" / "edges")
    (root / "image").mkdir()
    picture = Image.new("RGBA", (32, 24), (255, 0, 51, 255))
    picture.putpixel((0, 0), (0, 0, 0, 0))
    picture.save(root / "image" / "red.png")
    return root


@pytest.fixture
def run(models: Path) -> SilentRun:
    return SilentRun(root=models)


def _unet() -> dict[str, Any]:
    return {
        "block_out_channels": (32, 32),
        "layers_per_block": 1,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "cross_attention_dim": WIDTH,
        "attention_head_dim": 4,
    }


def _checkpoint(path: Path) -> None:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*alphabet, *(f"{c}</w>" for c in alphabet), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=[])
    text = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=77,
        bos_token_id=len(words) - 2,
        eos_token_id=len(words) - 1,
        pad_token_id=len(words) - 1,
    )
    vae: dict[str, Any] = {
        "block_out_channels": (8, 8, 8, 8),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "layers_per_block": 1,
        "norm_num_groups": 4,
        "latent_channels": 4,
        "scaling_factor": 0.9,
    }
    up = ("UpBlock2D", "CrossAttnUpBlock2D")
    UNet2DConditionModel(**_unet(), up_block_types=up).save_pretrained(path / "unet")
    AutoencoderKL(**vae).save_pretrained(path / "vae")
    CLIPTextModel(text).save_pretrained(path / "text_encoder")
    tokenizer.save_pretrained(path / "tokenizer")
    (path / "scheduler").mkdir()
    config = {"prediction_type": "v_prediction", "beta_schedule": "scaled_linear"}
    (path / "scheduler" / "scheduler_config.json").write_text(json.dumps(config), "utf-8")
    (path / "model_index.json").write_text("{}", "utf-8")
