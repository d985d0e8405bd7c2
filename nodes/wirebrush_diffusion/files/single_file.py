"""Checkpoints and single parts as one safetensors file, in original or diffusers' names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from wirebrush_diffusion.autoencoder.files import load_vae
from wirebrush_diffusion.autoencoder.vae import Autoencoder
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families import recognised
from wirebrush_diffusion.families.family import Family, Plan
from wirebrush_diffusion.files.build import build_diffusers
from wirebrush_diffusion.files.precision import mapped_precision, precision_for, set_precision
from wirebrush_diffusion.files.weights import WeightFile, fill
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.text.encoder_files import find_text, load_text
from wirebrush_diffusion.text.reading import Reader


@dataclass
class SingleFileCheckpoint:
    """One file; `folders` are searched for tokenizers."""

    file: WeightFile
    folders: tuple[Path, ...] = ()

    @cached_property
    def _recognised(self) -> tuple[Family, str, Plan]:
        return recognised(self.file)

    @property
    def family(self) -> Family:
        """The family of the file's diffusion network."""
        return self._recognised[0]

    def check(self) -> None:
        """Raise if this is another kind of file."""
        _ = self._recognised

    def model(
        self,
        device: str = "cpu",
        dtype: torch.dtype | None = torch.float32,
        storage: str | None = None,
    ) -> DiffusionModel:
        family, prefix, plan = self._recognised
        network = build_diffusers(family.network, plan.config)
        family.complete(network)
        precision = precision_for(device, family.half, dtype)
        set_precision(network, precision, storage)
        tensors = plan.layout.tensors(mapped=mapped_precision(device, precision))
        fill(network, tensors, where=self.file.name, device=torch.device(device), dtype=None)
        hints = family.hints(self.file, prefix)
        return family.model(network.to(device), family.sampling(hints), family.latent)

    def text_encoder(
        self, device: str = "cpu", dtype: torch.dtype | None = torch.float32
    ) -> Reader:
        family = self.family
        precision = precision_for(device, family.half, dtype)
        found = {part: find_text(self.file, *part.prefixes) for part in family.texts}
        parts = {
            part.role: load_text(text, part, self.folders, device, precision)
            for part, text in found.items()
            if text is not None
        }
        if not parts:
            raise DiffusionError(
                f"{self.file.name} has no text encoder of {family.title}.",
                "Load it from a file of its own, with CLIPLoader or DualCLIPLoader.",
            )
        return Reader(parts, family.read)

    def autoencoder(
        self, device: str = "cpu", dtype: torch.dtype | None = torch.float32
    ) -> Autoencoder:
        return load_vae(self.file, device, precision_for(device, torch.bfloat16, dtype))


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
