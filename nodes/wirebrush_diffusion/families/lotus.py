"""Lotus (He et al. 2024, arXiv:2409.18124): the depth or the normals of a picture, in one step.

Stable Diffusion 2's network with a switch between two tasks. It is asked once, at the noisiest time
and with the picture's own latent, and answers with the latent of the depth or of the normals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.family import Plan, Sampling
from wirebrush_diffusion.families.sd2 import StableDiffusion2
from wirebrush_diffusion.families.unet import UNetFamily, UNetModel, discrete_schedule
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.latent.space import LatentFormat
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.text.reading import TextPart

SWITCH = (1.0, 0.0)
"""Predict; (0, 1) would give the picture back, which is only a help in training."""
TASK = tuple(f(part) for f in (math.sin, math.cos) for part in SWITCH)


@dataclass(slots=True, eq=False)
class LotusModel(UNetModel):
    """A UNet that is told which task is its own."""

    def inputs(
        self,
        pooled: Tensor | None,
        options: Mapping[str, Any],
        shape: Sequence[int],
        *,
        negative: bool = False,
    ) -> dict[str, Tensor]:
        return {"class_labels": torch.tensor([TASK])}


class Lotus(UNetFamily):
    """The discriminative models (`lotus-depth-d`, `lotus-normal-d`), which need no noise."""

    title: ClassVar[str] = "Lotus"
    model_class: ClassVar[type[DiffusionModel]] = LotusModel
    latent: ClassVar[LatentFormat] = StableDiffusion2.latent
    texts: ClassVar[tuple[TextPart, ...]] = StableDiffusion2.texts

    def fits(self, config: Mapping[str, Any]) -> bool:
        task = config.get("projection_class_embeddings_input_dim") == len(TASK)
        return task and config.get("class_embed_type") == "projection"

    def plan(self, file: WeightFile, prefix: str) -> Plan | None:
        plan = UNetFamily.plan(self, file, prefix)
        if plan is not None:
            _check_kind(plan.config, file.name)
        return plan

    def sampling(self, hints: Mapping[str, Any]) -> Sampling:
        """Whatever a folder's scheduler says: the answer is the picture, and there is no noise."""
        return Sampling(Prediction.IMAGE, discrete_schedule(hints))

    def model(self, network: nn.Module, sampling: Sampling, latent: LatentFormat) -> DiffusionModel:
        config: Any = network.config
        _check_kind(config, "This folder")
        return super().model(network, sampling, latent)


def _check_kind(config: Mapping[str, Any], name: str) -> None:
    if config.get("in_channels", 4) != Lotus.latent.channels:
        raise DiffusionError(
            f"{name} is a generative Lotus (lotus-...-g), which starts from noise beside the "
            "picture; only the discriminative ones are read.",
            "Get the file with -d- in its name, such as lotus-depth-d-v1-1.safetensors.",
        )
