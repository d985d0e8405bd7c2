"""What the families with diffusers' `UNet2DConditionModel` share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.family import Family, Plan, Sampling
from wirebrush_diffusion.files.architectures import (
    Config,
    diffusers_unet_config,
    full_unet_config,
)
from wirebrush_diffusion.files.layout import Layout, Stored, is_left_over
from wirebrush_diffusion.files.names import unet_name, unet_parameter
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.guidance.regions import for_batch
from wirebrush_diffusion.model import CONCAT, DiffusionModel
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.schedules import DiscreteSchedule

ORIGINAL, DIFFUSERS = "input_blocks.0.0.weight", "down_blocks.0.resnets.0.conv1.weight"
LEFT_BEHIND = ("model_ema.", "loss.")
INPAINT, EDIT = 5, 4  # channels beside the latent: mask and picture; a picture to edit
BLANK = (0.8223, -0.6876, 0.6364, 0.1380)
"""Mid-grey as a scaled latent: the field's picture behind a mask that nobody gave."""
V_NAMES = ("v", "v_prediction", "v-prediction")


def unet_plan(file: WeightFile, prefix: str) -> Plan | None:
    """The UNet below the prefix, in original or diffusers' names; None if there is none."""
    if prefix + ORIGINAL in file:
        config = full_unet_config(file, prefix)
        return Plan(config, _original_layout(file, prefix, config))
    if prefix + DIFFUSERS in file and f"{prefix}conv_out.weight" in file:
        return Plan(diffusers_unet_config(file, prefix), _plain_layout(file, prefix))
    return None


def _plain_layout(file: WeightFile, prefix: str) -> Layout:
    names = [name for name in file.names() if name.startswith(prefix)]
    kept = {
        name.removeprefix(prefix): Stored(name)
        for name in names
        if not is_left_over(name.removeprefix(prefix), LEFT_BEHIND)
    }
    return Layout(file, kept)


def _original_layout(file: WeightFile, prefix: str, config: Config) -> Layout:
    layers = config["layers_per_block"]
    entries = _plain_layout(file, prefix).entries.items()
    named = {unet_parameter(name, layers): place for name, place in entries}
    if config.get("class_embed_type") == "projection":
        named = {name.replace("add_embedding", "class_embedding"): p for name, p in named.items()}
    return Layout(file, named)


@dataclass(slots=True, eq=False)
class UNetModel(DiffusionModel):
    """A UNet with what it may read beside the latent: an inpaint mask, a picture to edit."""

    def inputs(
        self,
        pooled: Tensor | None,
        options: Mapping[str, Any],
        shape: Sequence[int],
        *,
        negative: bool = False,
    ) -> dict[str, Tensor]:
        if not self.beside:
            return {}
        if self.beside == EDIT:
            picture = options.get("concat_latent_image")
            return {CONCAT: self._zeros(shape) if picture is None else fitted(picture, shape)}
        if self.beside != INPAINT:
            raise DiffusionError(
                f"This network reads {self.beside} channels besides the latent; it is not known "
                "what they are.",
                "Known are 4 (instruct-pix2pix) and 5 (inpainting).",
            )
        return {CONCAT: self._behind_mask(options, shape)}

    def _zeros(self, shape: Sequence[int]) -> Tensor:
        return torch.zeros((1, self.latent.channels, *shape[-2:]))

    def _behind_mask(self, options: Mapping[str, Any], shape: Sequence[int]) -> Tensor:
        """The mask and the picture behind it: a node's, or those of the run itself."""
        mask = options.get("concat_mask", options.get("denoise_mask"))
        if mask is None:
            grey = torch.tensor(BLANK).reshape(1, -1, 1, 1) + self._zeros(shape)
            return torch.cat([torch.ones_like(grey[:, :1]), grey], dim=1)
        picture = options.get("concat_latent_image", options.get("latent_image"))
        picture = self._zeros(shape) if picture is None else fitted(picture, shape)
        scaled = (picture - self.latent.shift) * self.latent.scale
        mask = fitted(mask.reshape(-1, 1, *mask.shape[-2:]), shape).round()
        rows = max(len(mask), len(scaled))
        return torch.cat([for_batch(mask, rows), for_batch(scaled, rows)], dim=1)


def fitted(picture: Tensor, shape: Sequence[int]) -> Tensor:
    """A picture or mask `[B,c,H,W]` in a latent's size."""
    size = (int(shape[-2]), int(shape[-1]))
    picture = picture.float()
    return picture if picture.shape[-2:] == size else interpolate(picture, size, mode="bilinear")


class UNetFamily(Family):
    """Stable Diffusion's line: discrete noise levels, eps or v."""

    network: ClassVar[str] = "UNet2DConditionModel"
    model_class: ClassVar[type[DiffusionModel]] = UNetModel
    part: ClassVar[str] = "unet"
    half: ClassVar[torch.dtype] = torch.float16

    def plan(self, file: WeightFile, prefix: str) -> Plan | None:
        plan = unet_plan(file, prefix)
        return plan if plan is not None and self.fits(plan.config) else None

    def places(self, network: nn.Module) -> dict[str, Stored]:
        config: Any = network.config
        kinds = config.up_block_types
        attending = frozenset(i for i, kind in enumerate(kinds) if "CrossAttn" in kind)
        layers = config.layers_per_block
        return {name: Stored(unet_name(name, layers, attending)) for name in network.state_dict()}

    def hints(self, file: WeightFile, prefix: str) -> dict[str, Any]:
        """What fine-tunes say in keys and metadata: the shapes do not tell."""
        stated = file.metadata.get("modelspec.prediction_type", "")
        hints: dict[str, Any] = {}
        if stated in V_NAMES or "v_pred" in file:
            hints["prediction_type"] = str(Prediction.V)
        if "ztsnr" in file:
            hints["rescale_betas_zero_snr"] = True
        return hints

    def sampling(self, hints: Mapping[str, Any]) -> Sampling:
        return Sampling(_prediction(hints), discrete_schedule(hints))


def _prediction(hints: Mapping[str, Any]) -> Prediction:
    name = hints.get("prediction_type", "epsilon")
    if name not in set(Prediction):
        raise DiffusionError(
            f"The scheduler says prediction_type {name!r}; known are {', '.join(Prediction)}.",
            "Correct scheduler/scheduler_config.json.",
        )
    return Prediction(name)


def discrete_schedule(hints: Mapping[str, Any]) -> DiscreteSchedule:
    """The noise levels of a discrete scheduler's configuration; Stable Diffusion's by default."""
    trained = hints.get("trained_betas")
    if trained:
        alphas, product = [], 1.0
        for beta in trained:
            product *= 1.0 - beta
            alphas.append(product)
        return DiscreteSchedule.from_alphas(alphas)
    return DiscreteSchedule.from_betas(
        hints.get("beta_start", 0.00085),
        hints.get("beta_end", 0.012),
        steps=hints.get("num_train_timesteps", 1000),
        kind=hints.get("beta_schedule", "scaled_linear"),
        zero_snr=bool(hints.get("rescale_betas_zero_snr", False)),
    )
