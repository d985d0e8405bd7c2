"""Stable Diffusion 2.1 unCLIP (Ramesh et al. 2022, arXiv:2204.06125): pictures instead of words.

The network is told what a CLIP vision encoder saw, with noise laid over it, and how much noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from wirebrush_diffusion.families.family import Plan
from wirebrush_diffusion.families.sd2 import StableDiffusion2
from wirebrush_diffusion.families.shown import SEEN, Shown, check_shown, shown
from wirebrush_diffusion.families.unet import UNetFamily, UNetModel
from wirebrush_diffusion.files.layout import Layout, Stored
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.latent.space import LatentFormat
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.text.reading import TextPart

MERGE_NOISE = 0.05  # laid over what several pictures were added up to
MEAN, SPREAD = "noise_augmentor.data_mean", "noise_augmentor.data_std"
NORMALIZER = Path("image_normalizer") / "diffusion_pytorch_model.safetensors"


@dataclass(slots=True, eq=False)
class UnclipModel(UNetModel):
    """A UNet with the mean and the spread of what its CLIP sees, to lay noise over it."""

    def inputs(
        self,
        pooled: Tensor | None,
        options: Mapping[str, Any],
        shape: Sequence[int],
        *,
        negative: bool = False,
    ) -> dict[str, Tensor]:
        extra = UNetModel.inputs(self, pooled, options, shape)
        width = self.config.projection_class_embeddings_input_dim
        pictures: Sequence[Shown] = options.get(SEEN, ())
        if not pictures:
            return {**extra, "class_labels": torch.zeros((1, width))}
        mean, spread = (
            self.network.get_buffer(name).float().cpu() for name in ("seen_mean", "seen_spread")
        )
        check_shown(pictures, width // 2)
        seed = int(options.get("seed", 0))
        return {**extra, "class_labels": shown(pictures, seed, MERGE_NOISE, mean, spread)}


class Unclip(UNetFamily):
    """Stable Diffusion 2.1 that was trained on with pictures."""

    title: ClassVar[str] = "Stable Diffusion 2.1 unCLIP"
    model_class: ClassVar[type[DiffusionModel]] = UnclipModel
    latent: ClassVar[LatentFormat] = StableDiffusion2.latent
    texts: ClassVar[tuple[TextPart, ...]] = StableDiffusion2.texts

    def fits(self, config: Mapping[str, Any]) -> bool:
        return config.get("class_embed_type") == "projection"

    def plan(self, file: WeightFile, prefix: str) -> Plan | None:
        plan = UNetFamily.plan(self, file, prefix)
        if plan is None or MEAN not in file:
            return plan
        own = {"seen_mean": Stored(MEAN), "seen_spread": Stored(SPREAD)}
        return replace(plan, layout=Layout(file, {**plan.layout.entries, **own}))

    def hints(self, file: WeightFile, prefix: str) -> dict[str, Any]:
        return {"prediction_type": "v_prediction"} | UNetFamily.hints(self, file, prefix)

    def complete(self, network: nn.Module) -> None:
        """What CLIP sees on average; some files tell it, for others it is taken as it is."""
        config: Any = network.config
        width = config.projection_class_embeddings_input_dim // 2
        with torch.device("cpu"):
            network.register_buffer("seen_mean", torch.zeros((1, width)), persistent=False)
            network.register_buffer("seen_spread", torch.ones((1, width)), persistent=False)

    def gather(self, network: nn.Module, folder: Path) -> None:
        path = folder / NORMALIZER
        if path.is_file():
            file = WeightFile(path)
            for ours, stored in (("seen_mean", "mean"), ("seen_spread", "std")):
                buffer = network.get_buffer(ours)
                setattr(network, ours, file.tensor(stored).float().reshape(1, -1).to(buffer))
