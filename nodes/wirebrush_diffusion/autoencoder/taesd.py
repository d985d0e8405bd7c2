"""Tiny autoencoders: a picture from a latent in next to no time, nearly as the real one's.

TAESD by Ollin Boer Bohan (github.com/madebyollin/taesd), through diffusers' `AutoencoderTiny`. A
pair of files holds the encoder and the decoder, their layers numbered; a diffusers folder both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from wirebrush_diffusion.autoencoder.vae import Autoencoder
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.build import build_diffusers
from wirebrush_diffusion.files.layout import FileTensors, Layout, Stored
from wirebrush_diffusion.files.weights import WeightFile, fill
from wirebrush_diffusion.latent.space import FLUX, SD3, SD15, SDXL, LatentFormat

CLASS = "AutoencoderTiny"
FORMATS: Mapping[str, LatentFormat] = {"taesd": SD15, "taesdxl": SDXL, "taesd3": SD3, "taef1": FLUX}
"""By the names that the files have."""
CHANNELS_AT = {"decoder": 1, "encoder": 0}


@dataclass(slots=True, eq=False)
class TinyAutoencoder(Autoencoder):
    """`network` is diffusers' `AutoencoderTiny`, which works on latents as networks see them."""

    latent: LatentFormat = field(default_factory=LatentFormat)

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        return self.config.latent_channels

    @property
    def downscale(self) -> int:
        """Pixels per latent position."""
        return 2 ** (len(self.config.decoder_block_out_channels) - 1)

    def _decoded(self, latent: Tensor) -> Tensor:
        return Autoencoder._decoded(self, self.latent.to_network(latent))

    def _encoded(self, planes: Tensor) -> Tensor:
        with torch.inference_mode():
            inputs = planes.to(self.device, self.dtype) * 2 - 1
            scaled = self.network.encode(inputs, return_dict=False)[0]
        return self.latent.from_network(scaled.float().cpu().clone())


def load_tiny(decoder: Path, encoder: Path | None, device: str, dtype: torch.dtype) -> Autoencoder:
    """The tiny autoencoder of a pair of files; without an encoder it only decodes."""
    latent = FORMATS[tiny_name(decoder)]
    halves = [_half(decoder, "decoder", latent)]
    if encoder is not None:
        halves.append(_half(encoder, "encoder", latent))
    network = build_diffusers(CLASS, {"latent_channels": latent.channels})
    if encoder is None:
        network.encoder = nn.Identity()
    tensors = FileTensors(*halves)
    fill(network, tensors, where=decoder.name, device=torch.device(device), dtype=dtype)
    return TinyAutoencoder(network.to(device), latent)


def tiny_name(decoder: Path) -> str:
    """Which tiny autoencoder a file is a half of, by its name; empty if it is none."""
    head = decoder.name.partition("_")[0]
    return head if head in FORMATS else ""


def check_tiny(decoder: Path, encoder: Path) -> None:
    """Raise if the files are not the two halves; from names and shapes alone."""
    latent = FORMATS[tiny_name(decoder)]
    _half(decoder, "decoder", latent)
    _half(encoder, "encoder", latent)


def _half(path: Path, half: str, latent: LatentFormat) -> Layout:
    """Where one half's tensors lie, by the network's names."""
    file = WeightFile(path)
    numbers = [int(name.split(".")[0]) for name in file.names() if name[:1].isdecimal()]
    first, last = min(numbers, default=-1), max(numbers, default=-1)
    begins = 1 if half == "decoder" else 0  # a decoder's layer 0 has no weights: it clamps
    mark = f"{begins if half == 'decoder' else last}.weight"
    if first != begins or mark not in file or len(numbers) < len(list(file.names())):
        raise DiffusionError(
            f"{path.name} is not the {half} of a tiny autoencoder.",
            "They are at github.com/madebyollin/taesd; put both halves into models/vae_approx.",
        )
    channels = file.shape(mark)[CHANNELS_AT[half]]
    if channels != latent.channels:
        raise DiffusionError(
            f"{path.name} is for latents of {channels} channels; by its name it should be for "
            f"{latent.channels}.",
            "Give it the name it had: taesd, taesdxl, taesd3 or taef1.",
        )
    entries: dict[str, Stored] = {}
    for name in file.names():
        number, _, rest = name.partition(".")
        entries[f"{half}.layers.{int(number) - begins}.{rest}"] = Stored(name)
    return Layout(file, entries)
