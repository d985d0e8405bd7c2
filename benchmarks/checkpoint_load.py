"""How long does a checkpoint take to load, and how much memory? Ours beside diffusers.

    python benchmarks/checkpoint_load.py [--repeats 5] [--shape sd15]

Writes one safetensors file of Stable Diffusion 1.5's true shape in half precision (2.1 GB, random
weights, its authors' names), then loads it whole (network, text encoder, VAE) in fresh processes,
in turns: ours, and `StableDiffusionPipeline.from_single_file` with a local configuration and the
same precision. The file is in the page cache for both. Libraries are imported before the clock
starts. Peak memory is what the process reached above what it held after the imports, and includes
mapped files. Prints JSON: medians; memory in bytes and as a multiple of the file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SHAPES: dict[str, dict[str, Any]] = {
    "sd15": {"unet": (320, 640, 1280, 1280), "text": (768, 12, 3072), "vae": (128, 256, 512, 512)},
    "small": {"unet": (64, 128, 128, 128), "text": (128, 4, 512), "vae": (32, 64, 64, 64)},
}
SIDES = ("ours", "diffusers")


def write_model(folder: Path, shape: str) -> Path:
    """A diffusers folder without weights (for diffusers) and the single file (for both)."""
    import torch
    from diffusers import PNDMScheduler
    from safetensors.torch import save_file

    from wirebrush_diffusion.files.names import unet_name, vae_name

    torch.manual_seed(0)
    unet, vae, text, tokenizer = networks(shape)
    for part, network in (("unet", unet), ("vae", vae)):
        network.save_config(folder / "config" / part)
    text.config.save_pretrained(folder / "config" / "text_encoder")
    for place in (folder / "config" / "tokenizer", folder / "tokenizer"):
        place.mkdir()
        tokenizer.save(str(place / "tokenizer.json"))
        (place / "tokenizer_config.json").write_text(json.dumps(WORDS), "utf-8")
    scheduler = PNDMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    scheduler.save_config(folder / "config" / "scheduler")
    (folder / "config" / "model_index.json").write_text(json.dumps(INDEX), "utf-8")
    tensors: dict[str, Any] = {}
    for name, tensor in unet.state_dict().items():
        original = unet_name(name, 2, frozenset({1, 2, 3}))
        tensors[f"model.diffusion_model.{original}"] = _random(tensor)
    for name, tensor in vae.state_dict().items():
        shaped = _random(tensor)
        if ".mid_block.attentions." in name and tensor.ndim == 2:
            shaped = shaped[:, :, None, None]
        tensors[f"first_stage_model.{vae_name(name, 4)}"] = shaped
    for name, tensor in text.state_dict().items():
        tensors[f"cond_stage_model.transformer.text_model.{name}"] = _random(tensor)
    path = folder / "model.safetensors"
    save_file(tensors, path)
    return path


WORDS = {
    "tokenizer_class": "CLIPTokenizer",
    "bos_token": "<|startoftext|>",
    "eos_token": "<|endoftext|>",
    "unk_token": "<|endoftext|>",
    "pad_token": "<|endoftext|>",
    "model_max_length": 77,
}
INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.38.0",
    "feature_extractor": [None, None],
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "PNDMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def _random(tensor: Any) -> Any:
    import torch

    return torch.randn(tensor.shape).mul_(0.02).half()


def networks(shape: str) -> tuple[Any, Any, Any, Any]:
    """The three networks without memory for their weights, and a tokenizer."""
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    from wirebrush_diffusion.text.vocabulary import find_vocabulary

    sizes = SHAPES[shape]
    tokenizer = find_vocabulary([], 49408).backend
    width, layers, inner = sizes["text"]
    config = CLIPTextConfig(
        vocab_size=49408,
        hidden_size=width,
        intermediate_size=inner,
        projection_dim=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
    )
    vae: dict[str, Any] = {
        "block_out_channels": sizes["vae"],
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "layers_per_block": 2,
        "latent_channels": 4,
        "sample_size": 512,
    }
    with torch.device("meta"):
        unet = UNet2DConditionModel(
            block_out_channels=sizes["unet"], cross_attention_dim=width, attention_head_dim=8
        )
        return unet, AutoencoderKL(**vae), CLIPTextModel(config), tokenizer


def load_ours(path: Path) -> Any:
    """Everything in the file, as a worker loads it."""
    import torch

    from wirebrush_diffusion.files.checkpoint import load

    return load(path, "cpu", torch.float16)


def load_theirs(path: Path) -> Any:
    """The same through diffusers."""
    import torch
    from diffusers import StableDiffusionPipeline

    return StableDiffusionPipeline.from_single_file(
        str(path),
        config=str(path.parent / "config"),
        torch_dtype=torch.float16,
        local_files_only=True,
        safety_checker=None,
        feature_extractor=None,
    )


def measure(side: str, path: Path) -> dict[str, float]:
    """One load in this process: seconds, and bytes above what was there before."""
    import diffusers
    import torch
    import transformers

    import wirebrush_diffusion.files.checkpoint  # noqa: F401

    torch.set_num_threads(1)
    _ = diffusers.UNet2DConditionModel, diffusers.AutoencoderKL, diffusers.StableDiffusionPipeline
    _ = transformers.CLIPTextModel, transformers.CLIPTokenizer

    before = _status("VmRSS")
    start = time.perf_counter()
    loaded = load_ours(path) if side == "ours" else load_theirs(path)
    seconds = time.perf_counter() - start
    peak = _status("VmHWM") - before
    _touch(loaded)
    return {"seconds": seconds, "peak": peak, "after_first_use": _status("VmHWM") - before}


def _touch(loaded: Any) -> None:
    """Read every weight once, as the first step does: mapped files are only read then."""
    from torch import nn

    parts = [getattr(loaded, name, None) for name in ("unet", "vae", "text_encoder")]
    parts += [getattr(getattr(loaded, n, None), "network", None) for n in ("model", "autoencoder")]
    for part in parts:
        for parameter in part.parameters() if isinstance(part, nn.Module) else ():
            parameter.data.view(-1)[::1024].float().sum()


def _status(name: str) -> int:
    """A figure of this process, in bytes (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0


def in_turns(path: Path, repeats: int) -> dict[str, dict[str, float]]:
    """Each side in processes of its own, one after the other; the medians."""
    runs: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for _ in range(repeats):
        for side in SIDES:
            command = [sys.executable, __file__, "--measure", side, "--file", str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            runs[side].append(json.loads(done.stdout.splitlines()[-1]))
    return {
        side: {name: statistics.median(run[name] for run in found) for name in found[0]}
        for side, found in runs.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Raw)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--shape", choices=SHAPES, default="sd15")
    parser.add_argument("--measure", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.file)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = write_model(Path(folder), options.shape)
        size = path.stat().st_size
        sides = in_turns(path, options.repeats)
    for figures in sides.values():
        figures["peak_per_file_byte"] = round(figures["peak"] / size, 3)
        figures["seconds"] = round(figures["seconds"], 3)
    result = {
        "benchmark": "checkpoint_load",
        "machine": {"cpus": os.cpu_count(), "processor": platform.machine()},
        "file_bytes": size,
        **sides,
        "seconds_ratio": round(sides["ours"]["seconds"] / sides["diffusers"]["seconds"], 3),
    }
    print(json.dumps(result, indent=2))


class _Raw(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of the docstring."""


if __name__ == "__main__":
    main()
