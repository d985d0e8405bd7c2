"""Stable Diffusion x4 upscaler: paints a picture four times as large over a small one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.family import Plan, Sampling
from wirebrush_diffusion.families.sd2 import StableDiffusion2
from wirebrush_diffusion.families.unet import (
    ORIGINAL,
    UNetFamily,
    discrete_schedule,
    fitted,
    unet_plan,
)
from wirebrush_diffusion.files.architectures import SD1_HEADS, Shapes, cross_attending_levels
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.latent.space import LatentFormat
from wirebrush_diffusion.model import CONCAT, DiffusionModel
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.text.reading import TextPart

MAX_NOISE = 350
BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.0001, "beta_end": 0.02}


@dataclass(slots=True, eq=False)
class UpscalerModel(DiffusionModel):
    """A UNet that sees the small picture beside the latent and is told how noisy it was made."""

    def inputs(
        self,
        pooled: Tensor | None,
        options: Mapping[str, Any],
        shape: Sequence[int],
        *,
        negative: bool = False,
    ) -> dict[str, Tensor]:
        picture = options.get("concat_image")
        if picture is None:
            raise DiffusionError(
                "This condition holds no picture to enlarge, which this model wants.",
                "Use SD_4XUpscale_Conditioning between the texts and the sampler.",
            )
        level = round(float(options.get("noise_augmentation", 0.0)) * MAX_NOISE)
        noisy = with_low_noise(fitted(picture, shape), level, int(options.get("seed", 0)))
        return {CONCAT: noisy, "class_labels": torch.tensor([[float(level)]])}


def with_low_noise(picture: Tensor, level: int, seed: int) -> Tensor:
    """A picture `[B,3,h,w]` in -1..1 with the noise of a level, 0..350, of the upscaler's own."""
    sigma = discrete_schedule(BETAS).sigmas[level]
    noise = torch.randn(picture.shape, generator=torch.Generator("cpu").manual_seed(seed))
    return (picture + noise * sigma) / (1.0 + sigma * sigma) ** 0.5


class X4Upscaler(UNetFamily):
    """Reads like Stable Diffusion 2; its latents are a quarter of the picture, not an eighth."""

    title: ClassVar[str] = "Stable Diffusion x4 Upscaler"
    model_class: ClassVar[type[DiffusionModel]] = UpscalerModel
    latent: ClassVar[LatentFormat] = LatentFormat(scale=0.08333, downscale=4)
    texts: ClassVar[tuple[TextPart, ...]] = StableDiffusion2.texts

    def plan(self, file: WeightFile, prefix: str) -> Plan | None:
        plan = unet_plan(file, prefix)
        if plan is None or not self.fits(plan.config):
            return None
        shapes = Shapes(file, prefix)
        crossing = cross_attending_levels(plan.config, shapes, prefix + ORIGINAL in file)
        own = {"attention_head_dim": SD1_HEADS, "only_cross_attention": crossing}
        return Plan(plan.config | own, plan.layout)

    def fits(self, config: Mapping[str, Any]) -> bool:
        beside = config.get("in_channels", 4) - self.latent.channels
        return config.get("num_class_embeds") is not None and beside == 3

    def sampling(self, hints: Mapping[str, Any]) -> Sampling:
        schedule = discrete_schedule(BETAS | dict(hints))
        return Sampling(Prediction(hints.get("prediction_type", "v_prediction")), schedule)
