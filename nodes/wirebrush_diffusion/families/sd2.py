"""Stable Diffusion 2.x: eps at 512 pixels, v at 768; also its inpainting variant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from wirebrush_diffusion.families.sd1 import is_plain_unet
from wirebrush_diffusion.families.unet import ORIGINAL, UNetFamily
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.latent.space import SD15, LatentFormat
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.text.reading import TextPart

NORM = "output_blocks.11.1.transformer_blocks.0.norm1.bias"
V_SPREAD = 0.09  # the spread of NORM lies above it in v-models, below in eps-models


class StableDiffusion2(UNetFamily):
    """One OpenCLIP ViT-H/14, of which the last layer is not read."""

    title: ClassVar[str] = "Stable Diffusion 2"
    latent: ClassVar[LatentFormat] = SD15
    texts: ClassVar[tuple[TextPart, ...]] = (
        TextPart(
            "h",
            prefixes=("cond_stage_model.model.",),
            layer=-2,
            norm_hidden=True,
            activation="gelu",
            padding=0,
            cut=1,
            kept=23,
        ),
    )

    def fits(self, config: Mapping[str, Any]) -> bool:
        return is_plain_unet(config) and bool(config.get("use_linear_projection", False))

    def hints(self, file: WeightFile, prefix: str) -> dict[str, Any]:
        """The two kinds have the same shapes; the field tells them by how far one norm spread."""
        hints = super().hints(file, prefix)
        told = "prediction_type" in hints or "modelspec.prediction_type" in file.metadata
        if not told and prefix + NORM in file and not self._inpaints(file, prefix):
            spread = file.tensor(prefix + NORM).float().std().item()
            hints["prediction_type"] = str(Prediction.V if spread > V_SPREAD else Prediction.EPS)
        return hints

    def _inpaints(self, file: WeightFile, prefix: str) -> bool:
        return file.shape(prefix + ORIGINAL)[1] != self.latent.channels
