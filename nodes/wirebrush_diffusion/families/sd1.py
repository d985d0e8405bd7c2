"""Stable Diffusion 1.x (Rombach et al. 2022): also its inpainting and instruct-pix2pix variants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from wirebrush_diffusion.families.unet import UNetFamily
from wirebrush_diffusion.latent.space import SD15, LatentFormat
from wirebrush_diffusion.text.reading import TextPart


class StableDiffusion1(UNetFamily):
    """One CLIP ViT-L/14, convolutions around attention."""

    title: ClassVar[str] = "Stable Diffusion 1"
    latent: ClassVar[LatentFormat] = SD15
    texts: ClassVar[tuple[TextPart, ...]] = (
        TextPart("l", prefixes=("cond_stage_model.transformer.",), norm_hidden=True),
    )

    def fits(self, config: Mapping[str, Any]) -> bool:
        return is_plain_unet(config) and not config.get("use_linear_projection", False)


def is_plain_unet(config: Mapping[str, Any]) -> bool:
    """A UNet that reads nothing but the text."""
    named = config.get("_class_name", "UNet2DConditionModel") == "UNet2DConditionModel"
    wants = (config.get("addition_embed_type"), config.get("class_embed_type"))
    return named and wants[0] in (None, "text") and wants[1] is None and not _labelled(config)


def _labelled(config: Mapping[str, Any]) -> bool:
    return config.get("num_class_embeds") is not None
