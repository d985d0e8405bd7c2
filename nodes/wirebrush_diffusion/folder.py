"""Checkpoints as diffusers folders: unet, vae, text_encoder, tokenizer and scheduler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from wirebrush_diffusion.build import build_clip, build_diffusers
from wirebrush_diffusion.denoiser import Prediction
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.latents import LatentFormat, known_format
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.schedules import DiscreteSchedule
from wirebrush_diffusion.text import TextEncoder
from wirebrush_diffusion.tokens import Tokenizer
from wirebrush_diffusion.vae import Autoencoder
from wirebrush_diffusion.vocabulary import load_vocabulary
from wirebrush_diffusion.weights import WeightFile, fill, refuse_pickles

TEXT_ONLY = (None, "text")  # nothing is wanted besides the text's encoding
PARTS = ("unet", "vae", "text_encoder")
STEMS = ("diffusion_pytorch_model", "model")
VARIANTS = ("", ".fp16", ".bf16", ".non_ema")
OLD_ATTENTION = {
    ".query.": ".to_q.",
    ".key.": ".to_k.",
    ".value.": ".to_v.",
    ".proj_attn.": ".to_out.0.",
}
MAX_JSON = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FolderCheckpoint:
    """A diffusers folder of a Stable Diffusion 1 or 2 shaped model."""

    path: Path

    def check(self) -> None:
        """Raise if a part is not there."""
        for part in PARTS:
            read_config(self.path / part / "config.json")
        config = read_config(self.path / "unet" / "config.json")
        wanted = config.get("addition_embed_type"), config.get("class_embed_type")
        if wanted[0] not in TEXT_ONLY or wanted[1] is not None:
            raise DiffusionError(
                f"{self.path.name} is a Stable Diffusion XL (or unCLIP) model; folders of this "
                "family are not read yet.",
                "Use a Stable Diffusion 1 or 2 model.",
            )

    def model(self, device: str = "cpu", dtype: torch.dtype = torch.float32) -> DiffusionModel:
        self.check()
        network = self._network("unet", "UNet2DConditionModel", device, dtype)
        scheduler = read_config(self.path / "scheduler" / "scheduler_config.json")
        return DiffusionModel(
            network,
            prediction=_prediction(scheduler),
            schedule=_schedule(scheduler),
            latent=self.latent_format(),
        )

    def latent_format(self) -> LatentFormat:
        """Channels and scale, from the VAE's configuration."""
        config = read_config(self.path / "vae" / "config.json")
        channels = config.get("latent_channels", 4)
        scale = config.get("scaling_factor", 0.18215)
        levels = len(config.get("block_out_channels", (0,) * 4))
        return known_format(channels, scale) or LatentFormat(
            channels=channels,
            scale=scale,
            shift=config.get("shift_factor") or 0.0,
            downscale=2 ** (levels - 1),
        )

    def text_encoder(self, device: str = "cpu", dtype: torch.dtype = torch.float32) -> TextEncoder:
        folder = self.path / "text_encoder"
        config = read_config(folder / "config.json")
        _check_class(folder, config.get("architectures", ["CLIPTextModel"])[0], "CLIPTextModel")
        network = build_clip(config)
        tensors = {
            name.removeprefix("text_model."): tensor
            for name, tensor in folder_tensors(folder).items()
            if not name.endswith("position_ids")
        }
        fill(network, tensors, where=_label(folder), device=torch.device(device), dtype=dtype)
        vocabulary = load_vocabulary(self.path / "tokenizer")
        places = config.get("max_position_embeddings", 77)
        return TextEncoder(network.to(device), Tokenizer(vocabulary, places))

    def autoencoder(self, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Autoencoder:
        return Autoencoder(self._network("vae", "AutoencoderKL", device, dtype))

    def _network(self, part: str, kind: str, device: str, dtype: torch.dtype) -> nn.Module:
        return load_network(self.path / part, kind, device, dtype)


def load_network(folder: Path, kind: str, device: str, dtype: torch.dtype) -> nn.Module:
    """A diffusers model of class `kind` from its folder (config.json and safetensors)."""
    config = read_config(folder / "config.json")
    _check_class(folder, config.get("_class_name", kind), kind)
    network = build_diffusers(kind, config)
    fill(
        network,
        {_current_name(name): tensor for name, tensor in folder_tensors(folder).items()},
        where=_label(folder),
        device=torch.device(device),
        dtype=dtype,
    )
    return network.to(device)


def read_config(path: Path) -> dict[str, Any]:
    """A JSON table from a model's folder."""
    label = f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
    if not path.is_file():
        raise DiffusionError(
            f"{label} is missing, so this is no complete diffusers folder.",
            "Get the whole folder again.",
        )
    if path.stat().st_size > MAX_JSON:
        raise DiffusionError(f"{label} is far too large for a configuration.")
    try:
        data = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DiffusionError(f"{label} is damaged: {error}.", "Get the file again.") from error
    if not isinstance(data, dict):
        raise DiffusionError(f"{label} is not a JSON table.", "Get the file again.")
    return data


def folder_tensors(folder: Path) -> Mapping[str, Tensor]:
    """All tensors of a model's folder, whether in one file or several."""
    for stem in STEMS:
        for variant in VARIANTS:
            single = folder / f"{stem}{variant}.safetensors"
            if single.is_file():
                file = WeightFile(single)
                return {name: file.tensor(name) for name in file.names()}
            index = folder / f"{stem}.safetensors.index{variant}.json"
            if index.is_file():
                return _sharded(folder, index)
    for pickled in sorted(folder.glob("*.bin")):
        refuse_pickles(pickled)
    raise DiffusionError(
        f"{_label(folder)} has no weights.",
        f"Expected {STEMS[0]}.safetensors (or .fp16.safetensors) there.",
    )


def _sharded(folder: Path, index: Path) -> dict[str, Tensor]:
    names = sorted(set(read_config(index).get("weight_map", {}).values()))
    tensors: dict[str, Tensor] = {}
    for name in names:
        if Path(name).name != name:
            raise DiffusionError(f"{_label(index)} names a file elsewhere: {name[:80]!r}.")
        file = WeightFile(folder / name)
        tensors.update((key, file.tensor(key)) for key in file.names())
    return tensors


def _check_class(folder: Path, found: object, expected: str) -> None:
    if found != expected:
        raise DiffusionError(
            f"{_label(folder)} holds a {found}; a {expected} was expected.",
            "Models of this family are not read yet, or the folder is of another kind.",
        )


def _prediction(scheduler: Mapping[str, Any]) -> Prediction:
    name = scheduler.get("prediction_type", "epsilon")
    if name not in set(Prediction):
        raise DiffusionError(
            f"The scheduler says prediction_type {name!r}; known are {', '.join(Prediction)}.",
            "Correct scheduler/scheduler_config.json.",
        )
    return Prediction(name)


def _schedule(scheduler: Mapping[str, Any]) -> DiscreteSchedule:
    trained = scheduler.get("trained_betas")
    if trained:
        alphas, product = [], 1.0
        for beta in trained:
            product *= 1.0 - beta
            alphas.append(product)
        return DiscreteSchedule.from_alphas(alphas)
    return DiscreteSchedule.from_betas(
        scheduler.get("beta_start", 0.00085),
        scheduler.get("beta_end", 0.012),
        steps=scheduler.get("num_train_timesteps", 1000),
        kind=scheduler.get("beta_schedule", "scaled_linear"),
        zero_snr=bool(scheduler.get("rescale_betas_zero_snr", False)),
    )


def _current_name(name: str) -> str:
    """VAEs saved by diffusers before 0.15 call their attention's parts otherwise."""
    if ".attentions." not in name:
        return name
    for old, new in OLD_ATTENTION.items():
        name = name.replace(old, new)
    return name


def _label(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"
