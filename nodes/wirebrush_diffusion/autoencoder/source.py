"""VAEs wherever they lie: in a checkpoint, a file or a folder of their own, or nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from wirebrush_diffusion.autoencoder.files import check_vae, load_vae
from wirebrush_diffusion.autoencoder.frames import CLASS as FRAMED
from wirebrush_diffusion.autoencoder.frames import framed
from wirebrush_diffusion.autoencoder.taesd import check_tiny, load_tiny, tiny_name
from wirebrush_diffusion.autoencoder.vae import Autoencoder
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.folder import FolderCheckpoint, load_network, read_config
from wirebrush_diffusion.files.precision import precision_for
from wirebrush_diffusion.files.weights import WeightFile

PIXELS = "PixelSpace"
"""What a folder's configuration calls a VAE that changes nothing."""
KL = ("AutoencoderKL", FRAMED)


class PixelSpace(Autoencoder):
    """No VAE: the latent is the picture itself, -1..1, three channels. For models that paint so."""

    __slots__ = ()

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        return 3

    @property
    def downscale(self) -> int:
        """Pixels per latent position."""
        return 1

    @property
    def config(self) -> object:
        return _Nothing()

    def _decoded(self, latent: Tensor) -> Tensor:
        return latent.float().add(1.0).mul_(0.5).clamp_(0.0, 1.0).movedim(1, -1).cpu().contiguous()

    def _encoded(self, planes: Tensor) -> Tensor:
        return (planes * 2 - 1).float().cpu()


@dataclass(frozen=True)
class _Nothing:
    """The configuration of no network, as far as the memory's accounting asks for it."""

    block_out_channels: tuple[int, ...] = (3,)


def open_vae(path: Path, other: Path | None, device: str, dtype: torch.dtype | None) -> Autoencoder:
    """The VAE of a path; `other` is the encoder that belongs to a tiny autoencoder's decoder.

    A `dtype` of None is the VAE's own for the device.
    """
    precision = precision_for(device, torch.bfloat16, dtype)
    if not path.is_dir():
        if other is not None:
            return load_tiny(path, other, device, precision)
        return load_vae(WeightFile(path), device, precision)
    kind = _kind_of_folder(path)
    if kind == PIXELS:
        return PixelSpace(nn.Linear(1, 1))
    if kind in KL:
        return framed(load_network(path, kind, device, precision))
    return FolderCheckpoint(path).autoencoder(device, dtype)


def check_vae_source(path: Path, other: Path | None) -> None:
    """Raise if there is no VAE; takes no time."""
    if not path.is_dir():
        if other is not None:
            check_tiny(path, other)
        elif tiny_name(path):
            raise DiffusionError(
                f"{path.name} is half of a tiny autoencoder.", "Choose it by its name alone."
            )
        else:
            check_vae(WeightFile(path))
    elif _kind_of_folder(path) not in (PIXELS, *KL):
        read_config(path / "vae" / "config.json")


def _kind_of_folder(path: Path) -> str:
    if not (path / "config.json").is_file():
        return ""
    return str(read_config(path / "config.json").get("_class_name", ""))
