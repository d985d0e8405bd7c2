"""Checkpoints as one safetensors file in the original Stable Diffusion 1 layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from wirebrush_diffusion.architectures import (
    CLIP_PREFIXES,
    UNET_PREFIX,
    VAE_PREFIX,
    clip_config,
    full_unet_config,
    up_blocks_with_attention,
    vae_config,
)
from wirebrush_diffusion.build import build_clip, build_diffusers
from wirebrush_diffusion.denoiser import Prediction
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.latents import SD15, LatentFormat
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.names import unet_name, vae_name
from wirebrush_diffusion.text import TextEncoder
from wirebrush_diffusion.tokens import Tokenizer
from wirebrush_diffusion.vae import Autoencoder
from wirebrush_diffusion.vocabulary import find_vocabulary
from wirebrush_diffusion.weights import WeightFile, fill

OPEN_CLIP_PREFIX = "cond_stage_model.model."
IGNORED = ("embeddings.position_ids", "loss.", "model_ema.")  # what training left behind
LORA_MARKS = ("lora_unet_", "lora_te")


@dataclass(frozen=True, slots=True)
class SingleFileCheckpoint:
    """One file; `folders` are searched for CLIP's vocabulary."""

    file: WeightFile
    folders: tuple[Path, ...] = ()

    def check(self) -> None:
        """Raise if this is another kind of file."""
        if self._has(UNET_PREFIX):
            return
        kind = "a LoRA" if self.file.with_prefix(*LORA_MARKS) else "no Stable Diffusion checkpoint"
        hint = "LoraLoader reads LoRAs." if kind == "a LoRA" else "Choose a complete checkpoint."
        raise DiffusionError(
            f"{self.file.name} is {kind}: no tensor name starts with {UNET_PREFIX!r}.", hint
        )

    def model(self, device: str = "cpu", dtype: torch.dtype = torch.float32) -> DiffusionModel:
        self.check()
        config = full_unet_config(self.file)
        network = build_diffusers("UNet2DConditionModel", config)
        attention = up_blocks_with_attention(config)
        layers = config["layers_per_block"]
        self._fill(
            network, UNET_PREFIX, lambda name: unet_name(name, layers, attention), device, dtype
        )
        return DiffusionModel(network.to(device), self._prediction(), latent=self._latent(config))

    def text_encoder(self, device: str = "cpu", dtype: torch.dtype = torch.float32) -> TextEncoder:
        prefix = self.file.with_prefix(*CLIP_PREFIXES)
        if prefix is None:
            raise DiffusionError(
                f"{self.file.name} has no CLIP text encoder that can be read"
                + (" (it has an OpenCLIP one)." if self._has(OPEN_CLIP_PREFIX) else "."),
                "Use a complete Stable Diffusion 1 checkpoint, or a diffusers folder.",
            )
        config = clip_config(self.file, prefix)
        network = build_clip(config)
        self._fill(network, prefix, lambda name: name, device, dtype)
        vocabulary = find_vocabulary(self.folders, config["vocab_size"])
        tokenizer = Tokenizer(vocabulary, config["max_position_embeddings"])
        return TextEncoder(network.to(device), tokenizer)

    def autoencoder(self, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Autoencoder:
        config = vae_config(self.file)
        network = build_diffusers("AutoencoderKL", config)
        levels = len(config["block_out_channels"])
        self._fill(network, VAE_PREFIX, lambda name: vae_name(name, levels), device, dtype)
        return Autoencoder(network.to(device))

    def _fill(
        self,
        network: nn.Module,
        prefix: str,
        rename: Callable[[str], str],
        device: str,
        dtype: torch.dtype,
    ) -> None:
        tensors = renamed_tensors(self.file, network, prefix, rename)
        self._refuse_leftovers(network, prefix, rename)
        fill(network, tensors, where=self.file.name, device=torch.device(device), dtype=dtype)

    def _refuse_leftovers(
        self, network: nn.Module, prefix: str, rename: Callable[[str], str]
    ) -> None:
        """Raise if the file has weights for this part that the network has no place for."""
        known = {prefix + rename(name) for name, _ in network.named_parameters()}
        leftovers = [
            name
            for name in self.file.names()
            if name.startswith(prefix)
            and name not in known
            and not name.removeprefix(prefix).startswith(IGNORED)
        ]
        if leftovers:
            raise DiffusionError(
                f"{self.file.name} holds weights that this architecture has no place for: "
                f"{', '.join(name[:80] for name in leftovers[:3])}"
                + (f" and {len(leftovers) - 3} more." if len(leftovers) > 3 else "."),
                "It is of another model family, or changed by hand.",
            )

    def _latent(self, unet: Mapping[str, int]) -> LatentFormat:
        channels = unet["out_channels"]
        return SD15 if channels == SD15.channels else LatentFormat(channels)

    def _prediction(self) -> Prediction:
        """eps unless the file says otherwise: the shapes do not tell."""
        stated = self.file.metadata.get("modelspec.prediction_type", "epsilon")
        return (
            Prediction.V
            if stated in ("v", "v_prediction") or "v_pred" in self.file
            else Prediction.EPS
        )

    def _has(self, prefix: str) -> bool:
        return self.file.with_prefix(prefix) is not None


def renamed_tensors(
    file: WeightFile, network: nn.Module, prefix: str, rename: Callable[[str], str]
) -> dict[str, Tensor]:
    """A network's tensors out of a file, by the file's names for them.

    Attention weights that the file keeps as 1x1 convolutions are flattened, and the other way
    round. Names that are missing in the file are missing in the answer.
    """
    tensors: dict[str, Tensor] = {}
    for name, parameter in network.named_parameters():
        stored = prefix + rename(name)
        if stored not in file:
            continue
        tensor = file.tensor(stored)
        if tensor.ndim != parameter.ndim and tensor.numel() == parameter.numel():
            tensor = tensor.reshape(parameter.shape)
        tensors[name] = tensor
    return tensors
