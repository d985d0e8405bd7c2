"""Tiny checkpoints of the true architecture, made on the fly: folders and single files."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from safetensors.torch import save_file
from tokenizers import pre_tokenizers
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from wirebrush_diffusion.files.names import unet_name, vae_name

sys.path.insert(0, str(Path(__file__).parent))  # for `tiny_families` and `original_names`

MERGES = [("r", "e"), ("re", "d</w>"), ("h", "o"), ("ho", "u"), ("hou", "s"), ("hous", "e</w>")]
PLACES = 77
WIDTH = 64
UNET_LAYERS = 1


@dataclass(frozen=True)
class Tiny:
    """The parts of a tiny Stable Diffusion 1 model."""

    unet: UNet2DConditionModel
    vae: AutoencoderKL
    text: CLIPTextModel
    tokenizer: Any


@pytest.fixture(scope="session", autouse=True)
def _few_threads() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny() -> Tiny:
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer()
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=UNET_LAYERS,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=8,
    )
    vae_config: Any = {
        "block_out_channels": (32, 32, 64, 64),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "layers_per_block": 1,
        "latent_channels": 4,
        "sample_size": 64,
    }
    vae = AutoencoderKL(**vae_config)
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=3,
        num_attention_heads=1,
        max_position_embeddings=PLACES,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return Tiny(unet.eval(), vae.eval(), CLIPTextModel(config).eval(), tokenizer)


@pytest.fixture(scope="session")
def tiny_control() -> ControlNetModel:
    torch.manual_seed(1)
    network = ControlNetModel(
        block_out_channels=(32, 64),
        layers_per_block=UNET_LAYERS,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=8,
        conditioning_embedding_out_channels=(16, 32, 96, 256),
    )
    for parameter in network.parameters():  # its outputs start as zeros; make them matter
        parameter.data.add_(0.02 * torch.randn(parameter.shape))
    return network.eval()


@pytest.fixture(scope="session")
def folder(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as a diffusers folder."""
    path = tmp_path_factory.mktemp("checkpoints") / "tiny"
    tiny.unet.save_pretrained(path / "unet")
    tiny.vae.save_pretrained(path / "vae")
    tiny.text.save_pretrained(path / "text_encoder")
    tiny.tokenizer.save_pretrained(path / "tokenizer")
    scheduler = {
        "_class_name": "DDIMScheduler",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "num_train_timesteps": 1000,
        "prediction_type": "epsilon",
    }
    (path / "scheduler").mkdir()
    (path / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler), "utf-8")
    return path


@pytest.fixture(scope="session")
def single_file(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same weights as one file in the original layout, with the tokenizer beside it."""
    path = tmp_path_factory.mktemp("single") / "tiny.safetensors"
    save_file(original_tensors(tiny), path)
    tiny.tokenizer.save_pretrained(path.parent / "tokenizer")
    return path


def tiny_tokenizer() -> Any:
    """A byte-level CLIP tokenizer with a handful of merges."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*alphabet, *(f"{char}</w>" for char in alphabet)]
    words += ["".join(pair) for pair in MERGES] + ["<|startoftext|>", "<|endoftext|>"]
    merges: Any = MERGES  # annotated as text, read as pairs
    return CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=merges)


def original_tensors(tiny: Tiny) -> dict[str, Tensor]:
    """All parts by the names of the original files."""
    tensors: dict[str, Tensor] = {}
    for name, tensor in tiny.unet.state_dict().items():
        original = unet_name(name, UNET_LAYERS, frozenset({1}))
        tensors[f"model.diffusion_model.{original}"] = tensor.contiguous()
    for name, tensor in tiny.vae.state_dict().items():
        convolution = ".mid_block.attentions." in name and tensor.ndim == 2
        shaped = tensor[:, :, None, None] if convolution else tensor
        tensors[f"first_stage_model.{vae_name(name, 4)}"] = shaped.contiguous()
    for name, tensor in tiny.text.state_dict().items():
        tensors[f"cond_stage_model.transformer.text_model.{name}"] = tensor.contiguous()
    return tensors
