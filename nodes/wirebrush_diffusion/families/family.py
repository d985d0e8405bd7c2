"""What a family of models is: everything that differs between, say, SDXL and FLUX, in one place.

A family is recognised by what is in a file or a configuration, says how its tensors lie in files,
which text encoders it reads with and how their answers are joined, in which noise schedule it was
trained, and how its network is called. Loading, sampling and nodes know no family by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn

from wirebrush_diffusion.files.architectures import Config
from wirebrush_diffusion.files.layout import Layout, Rules, Stored, places_by_rules
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.latent.space import LatentFormat
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.schedules import NoiseSchedule
from wirebrush_diffusion.text.reading import Encoding, Reader, TextPart

NETWORK_PREFIXES = ("model.diffusion_model.", "diffusion_model.", "")


@dataclass(frozen=True, slots=True)
class Plan:
    """How to build a file's network: its configuration, and where each tensor lies."""

    config: Config
    layout: Layout


@dataclass(frozen=True, slots=True)
class Sampling:
    """What the network predicts, and on which noise levels it was trained."""

    prediction: Prediction
    schedule: NoiseSchedule


class Family:
    """The interface; a family is one subclass in one file (see docs/guides/new-family.md)."""

    title: ClassVar[str]
    network: ClassVar[str]
    """diffusers' class."""
    model_class: ClassVar[type[DiffusionModel]] = DiffusionModel
    """Ours around it, which knows how it is called."""
    part: ClassVar[str] = "transformer"
    """The folder of the network in a diffusers folder."""
    latent: ClassVar[LatentFormat]
    texts: ClassVar[tuple[TextPart, ...]]
    """The text encoders, in the order of diffusers' folders."""
    half: ClassVar[torch.dtype] = torch.bfloat16
    """The precision for devices that are fast in half precision."""
    autoencoder: ClassVar[str] = "AutoencoderKL"
    rules: ClassVar[Rules] = {}
    """The authors' names, where they differ from diffusers'."""

    def plan(self, file: WeightFile, prefix: str) -> Plan | None:
        """How to build the network below the prefix; None if it is not of this family."""
        raise NotImplementedError

    def fits(self, config: Mapping[str, Any]) -> bool:
        """Whether a diffusers configuration of the network is of this family."""
        return config.get("_class_name") == self.network

    def places(self, network: nn.Module) -> dict[str, Stored]:
        """Where the authors' files keep each of the network's weights, by its own names."""
        return places_by_rules(shapes_of(network), self.rules)

    def hints(self, file: WeightFile, prefix: str) -> dict[str, Any]:
        """What a single file says about sampling, in the words of diffusers' schedulers."""
        return {}

    def sampling(self, hints: Mapping[str, Any]) -> Sampling:
        """From a scheduler's configuration (of a folder, or `hints`)."""
        raise NotImplementedError

    def complete(self, network: nn.Module) -> None:
        """Give an empty network what no file holds because it is computed."""

    def gather(self, network: nn.Module, folder: Path) -> None:
        """Give a network of a diffusers folder what is kept beside its own folder."""

    def model(self, network: nn.Module, sampling: Sampling, latent: LatentFormat) -> DiffusionModel:
        """The network with what must be known to sample from it."""
        return self.model_class(network, sampling.prediction, sampling.schedule, latent)

    def read(self, reader: Reader, texts: Mapping[str, str], layer: int | None) -> Encoding:
        """Texts by role -> one condition. `layer` as in `TextEncoder.encode`."""
        (role,) = reader.parts
        return reader.parts[role].encode(texts[role], layer)


def shapes_of(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all weights that a file holds."""
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
