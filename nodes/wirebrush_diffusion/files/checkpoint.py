"""Checkpoints: diffusers folders, and single files in original or diffusers' names.

    source = open_checkpoint(path)
    model, text, vae = source.model(), source.text_encoder(), source.autoencoder()

Each part is read on its own, so that a part that is not needed costs nothing. Nothing is ever
fetched from a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from wirebrush_diffusion.autoencoder.vae import Autoencoder
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.folder import FolderCheckpoint
from wirebrush_diffusion.files.single_file import SingleFileCheckpoint
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.text.reading import Reader


class Checkpoint(Protocol):
    """Where the three parts of a model come from.

    Each takes a device and a precision; None is the family's own for that device.
    """

    def check(self) -> None:
        """Raise if it cannot be a whole checkpoint, from names alone: takes no time."""
        ...

    def model(
        self,
        device: str = "cpu",
        dtype: torch.dtype | None = torch.float32,
        storage: str | None = None,
    ) -> DiffusionModel:
        """The diffusion network with its schedule and latent format.

        `storage` is the field's `weight_dtype`: "fp8_e4m3fn" or "fp8_e5m2" halve its memory.
        """
        ...

    def text_encoder(
        self, device: str = "cpu", dtype: torch.dtype | None = torch.float32
    ) -> Reader:
        """The text encoder with its tokenizer."""
        ...

    def autoencoder(
        self, device: str = "cpu", dtype: torch.dtype | None = torch.float32
    ) -> Autoencoder:
        """The VAE."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """All three parts, for scripts."""

    model: DiffusionModel
    text_encoder: Reader
    autoencoder: Autoencoder


def open_checkpoint(path: Path, *, vocabularies: tuple[Path, ...] = ()) -> Checkpoint:
    """A diffusers folder or a safetensors file.

    Single files hold no tokenizer: `vocabularies` are folders that may hold CLIP's (`vocab.json`
    and `merges.txt`, or `tokenizer.json`); the file's own folder is searched too.
    """
    if path.is_dir():
        return FolderCheckpoint(path)
    if not path.exists():
        raise DiffusionError(f"There is no checkpoint {path.name}.", "Choose another.")
    return SingleFileCheckpoint(WeightFile(path), (path.parent, *vocabularies))


def load(path: Path, device: str = "cpu", dtype: torch.dtype | None = torch.float32) -> Parts:
    """All parts at once."""
    source = open_checkpoint(path)
    return Parts(
        source.model(device, dtype),
        source.text_encoder(device, dtype),
        source.autoencoder(device, dtype),
    )
