"""Stable Diffusion XL (Podell et al. 2023, arXiv:2307.01952): base and refiner.

Also Turbo and Lightning, which differ in nothing but how few steps they need, and inpainting and
instruct-pix2pix variants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.family import Sampling
from wirebrush_diffusion.families.shown import SEEN, check_shown, shown
from wirebrush_diffusion.families.unet import UNetFamily, UNetModel
from wirebrush_diffusion.latent.space import SDXL, LatentFormat
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.text.encoder import Encoding
from wirebrush_diffusion.text.reading import Reader, TextPart

TIME_WIDTH = 256
MERGE_NOISE = 0.0  # over the sum of several pictures that are shown
GOOD_SCORE, BAD_SCORE = 6.0, 2.5

CLIP_L = TextPart("l", prefixes=("conditioner.embedders.0.transformer.",), layer=-2)
CLIP_G = TextPart(
    "g",
    folder="text_encoder_2",
    tokenizer="tokenizer_2",
    prefixes=("conditioner.embedders.1.model.",),
    layer=-2,
    projected=True,
    activation="gelu",
    padding=0,
)


@dataclass(slots=True, eq=False)
class SDXLModel(UNetModel):
    """A UNet that is told the pooled text and the picture's original size, cut and target size."""

    def inputs(
        self,
        pooled: Tensor | None,
        options: Mapping[str, Any],
        shape: Sequence[int],
        *,
        negative: bool = False,
    ) -> dict[str, Tensor]:
        if pooled is None:
            raise DiffusionError(
                "This condition has no pooled text, which Stable Diffusion XL wants.",
                "Encode the text with the CLIP of the same checkpoint.",
            )
        if pictures := options.get(SEEN, ()):  # what was seen stands for what was said
            check_shown(pictures, pooled.shape[-1])
            seen = shown(pictures, int(options.get("seed", 0)), MERGE_NOISE)
            pooled = seen[:, : pooled.shape[-1]]
        height, width = (side * self.latent.downscale for side in shape[-2:])
        sizes = self.sizes(options, int(height), int(width), negative)
        extra = UNetModel.inputs(self, pooled, options, shape)
        return {**extra, "text_embeds": pooled, "time_ids": torch.tensor([sizes])}

    def sizes(
        self, options: Mapping[str, Any], height: int, width: int, negative: bool
    ) -> list[float]:
        """The numbers the network is told, in its order; pixels."""
        height, width = options.get("height", height), options.get("width", width)
        return [
            float(height),
            float(width),
            float(options.get("crop_h", 0)),
            float(options.get("crop_w", 0)),
            float(options.get("target_height", height)),
            float(options.get("target_width", width)),
        ]


@dataclass(slots=True, eq=False)
class RefinerModel(SDXLModel):
    """The refiner is told how good the picture should look instead of a target size."""

    def sizes(
        self, options: Mapping[str, Any], height: int, width: int, negative: bool
    ) -> list[float]:
        score = float(options.get("aesthetic_score", BAD_SCORE if negative else GOOD_SCORE))
        return [*SDXLModel.sizes(self, options, height, width, negative)[:4], score]


class StableDiffusionXL(UNetFamily):
    """CLIP ViT-L/14 and OpenCLIP ViT-bigG/14 side by side."""

    title: ClassVar[str] = "Stable Diffusion XL"
    model_class: ClassVar[type[DiffusionModel]] = SDXLModel
    latent: ClassVar[LatentFormat] = SDXL
    texts: ClassVar[tuple[TextPart, ...]] = (CLIP_L, CLIP_G)

    def fits(self, config: Mapping[str, Any]) -> bool:
        return config.get("addition_embed_type") == "text_time" and not is_refiner(config)

    def read(self, reader: Reader, texts: Mapping[str, str], layer: int | None) -> Encoding:
        """Both encoders' states side by side; the pooled text is the second's."""
        first, second = read_pair(reader, texts, layer)
        return Encoding(torch.cat([first.context, second.context], dim=-1), second.pooled)


class SDXLRefiner(UNetFamily):
    """The refiner reads with the larger encoder alone."""

    title: ClassVar[str] = "Stable Diffusion XL Refiner"
    latent: ClassVar[LatentFormat] = SDXL
    texts: ClassVar[tuple[TextPart, ...]] = (
        TextPart(
            "g",
            folder="text_encoder_2",
            tokenizer="tokenizer_2",
            prefixes=("conditioner.embedders.0.model.",),
            layer=-2,
            projected=True,
            activation="gelu",
            padding=0,
        ),
    )

    def fits(self, config: Mapping[str, Any]) -> bool:
        return config.get("addition_embed_type") == "text_time" and is_refiner(config)

    def model(self, network: nn.Module, sampling: Sampling, latent: LatentFormat) -> DiffusionModel:
        return RefinerModel(network, sampling.prediction, sampling.schedule, latent)


def is_refiner(config: Mapping[str, Any]) -> bool:
    """Five numbers and one encoder's pooled text, as wide as its states: that is the refiner."""
    told = config.get("projection_class_embeddings_input_dim") or 0
    numbers = config.get("addition_time_embed_dim") or TIME_WIDTH
    return told - 5 * numbers == config.get("cross_attention_dim")


def read_pair(
    reader: Reader, texts: Mapping[str, str], layer: int | None
) -> tuple[Encoding, Encoding]:
    """Two CLIP encoders' answers, filled up with empty text to one length."""
    first, second = (reader.parts[role] for role in ("l", "g"))
    answers = first.encode(texts["l"], layer), second.encode(texts["g"], layer)
    lengths = [answer.context.shape[1] for answer in answers]
    if lengths[0] == lengths[1]:
        return answers
    windows = max(lengths) // first.places
    return first.encode(texts["l"], layer, windows), second.encode(texts["g"], layer, windows)
