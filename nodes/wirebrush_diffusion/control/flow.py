"""ControlNets for Stable Diffusion 3 and FLUX.1, whose hints are latents of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import torch
from torch import Tensor

from wirebrush_diffusion.control.controlnet import Control, ControlModel, Question, pixels
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.flow import to_patches
from wirebrush_diffusion.families.flux import GUIDANCE, PATCH, FluxModel, packed
from wirebrush_diffusion.latent.space import LatentFormat
from wirebrush_diffusion.model import DiffusionModel, Residuals
from wirebrush_diffusion.pictures.resize import resize

FLUX_MODES: Mapping[str, int] = {
    "canny/lineart/anime_lineart/mlsd": 0,
    "tile": 1,
    "depth": 2,
    "openpose": 4,
}
"""FLUX's union ControlNets count the kinds in an order of their own; 3, 5 and 6 are blurred, grey
and poor pictures, for which the node has no name."""
CANNY, DEPTH = 1, 2  # the kinds that Stability's files for Stable Diffusion 3.5 name


@dataclass(slots=True, eq=False)
class LatentControl(ControlModel):
    """What both have in common: the hint goes through the VAE of the model that paints."""

    def latent(self, control: Control, form: LatentFormat, height: int, width: int) -> Tensor:
        """The hint `[B,C(+1),height,width]` as the model's latents are scaled.

        With a mask, what shall be painted is black in the picture, and a channel tells where it is
        not.
        """
        if control.encode is None:
            raise DiffusionError(
                "This ControlNet reads pictures through a VAE, and none is connected.",
                "Connect the model's VAE to the vae input of Apply ControlNet.",
            )
        scale = form.downscale
        planes = pixels(control.hint, height * scale, width * scale)
        mask = control.mask
        if mask is not None:
            mask = 1.0 - mask.reshape(-1, 1, *mask.shape[-2:]).float()
            shown = resize(mask, planes.shape[-1], planes.shape[-2], "bilinear", crop="center")
            planes = planes * shown.round().to(planes)
        latent = form.to_network(control.encode(self.adjusted(planes).movedim(1, -1)))
        if mask is None:
            return latent
        beside = resize(mask, width, height, "nearest-exact", crop="center").to(latent)
        return torch.cat([latent, beside.expand(latent.shape[0], -1, -1, -1)], dim=1)

    def adjusted(self, planes: Tensor) -> Tensor:
        """The picture in the range that the network was trained on."""
        return planes


@dataclass(slots=True, eq=False)
class SD3Control(LatentControl):
    """`network` is diffusers' `SD3ControlNetModel`; `kind` is what Stability's files are for."""

    kind: int = 0
    hosts: ClassVar[str] = "SD3Transformer2DModel"

    @property
    def context_width(self) -> int | None:
        return self.config.joint_attention_dim

    @property
    def masked(self) -> bool:
        return self.config.extra_conditioning_channels == 1

    def check_texts(self, host: DiffusionModel) -> None:
        LatentControl.check_texts(self, host)
        own, theirs = self.network.inner_dim, host.network.inner_dim
        if own != theirs:
            raise DiffusionError(
                f"The ControlNet's states are {own} wide, the model's {theirs}.",
                "Choose a ControlNet for the same size of Stable Diffusion 3.",
            )

    def adjusted(self, planes: Tensor) -> Tensor:
        """Stability's networks for edges and depth want other ranges (stability: sd3.5)."""
        if self.kind == CANNY:
            return planes * (255 / 4) + 0.75  # the VAE then reads 255 / 2 * x + 1 / 2
        return 1.0 - planes if self.kind == DEPTH else planes

    def read(self, control: Control, host: DiffusionModel, height: int, width: int) -> Tensor:
        # InstantX trained without the shift; the mark of theirs is also on others
        first = self.config.force_zeros_for_pooled_projection and not self.masked
        form = replace(host.latent, shift=0.0) if first else host.latent
        return self.latent(control, form, height, width)

    def answer(
        self, control: Control, host: DiffusionModel, asked: Question, hint: Tensor
    ) -> Residuals:
        x = to_patches(asked.x, PATCH)
        pooled = asked.extra["pooled"]
        silent = self.config.force_zeros_for_pooled_projection or self.masked
        if self.config.joint_attention_dim is None:
            x = host.network.get_submodule("pos_embed")(x)
        (blocks,) = self.network(
            x,
            controlnet_cond=to_patches(hint, PATCH),
            conditioning_scale=control.strength,
            encoder_hidden_states=None if self.context_width is None else asked.context,
            pooled_projections=torch.zeros_like(pooled) if silent else pooled,
            timestep=asked.timestep,
            return_dict=False,
        )
        count = host.config.num_layers
        return Residuals([blocks[i * len(blocks) // count] for i in range(count)])


@dataclass(slots=True, eq=False)
class FluxControl(LatentControl):
    """`network` is diffusers' `FluxControlNetModel`, with modes if it is a union's.

    Those in XLabs' manner read the picture itself, and their few answers are used again and again.
    """

    hosts: ClassVar[str] = "FluxTransformer2DModel"

    @property
    def context_width(self) -> int | None:
        return self.config.joint_attention_dim

    @property
    def modes(self) -> Mapping[str, int]:
        count = self.config.num_mode or 0
        return {name: number for name, number in FLUX_MODES.items() if number < count}

    @property
    def masked(self) -> bool:
        read = self.network.get_submodule("controlnet_x_embedder").in_features
        return self.network.input_hint_block is None and read == self.config.in_channels + PATCH**2

    def read(self, control: Control, host: DiffusionModel, height: int, width: int) -> Tensor:
        if self.network.input_hint_block is None:
            return self.latent(control, host.latent, height, width)
        return pixels(control.hint, height * self.downscale, width * self.downscale) * 2 - 1

    def answer(
        self, control: Control, host: DiffusionModel, asked: Question, hint: Tensor
    ) -> Residuals:
        flux = cast(FluxModel, host)
        x, extra = asked.x, asked.extra
        rows, columns = (-(-side // PATCH) for side in x.shape[-2:])
        image_ids, text_ids = flux.ids(rows, columns, asked.context.shape[1], x)
        plain = self.network.input_hint_block is None
        blocks, single = self.network(
            packed(x),
            controlnet_cond=packed(hint) if plain else to_patches(hint, PATCH * self.downscale),
            controlnet_mode=self._mode(control, x),
            conditioning_scale=control.strength,
            encoder_hidden_states=asked.context,
            pooled_projections=extra["pooled"],
            timestep=asked.timestep / 1000,
            img_ids=image_ids,
            txt_ids=text_ids,
            guidance=self._guidance(asked),
            return_dict=False,
        )
        config = host.config
        return Residuals(
            _spread(blocks, config.num_layers, repeated=not plain),
            single=_spread(single, config.num_single_layers),
        )

    def _mode(self, control: Control, x: Tensor) -> Tensor | None:
        """The number of the hint's kind for each row; without one a union says nothing of it."""
        number = self.modes.get(control.mode)
        cast(Any, self.network).union = number is not None
        if number is None:
            return None
        return torch.full((x.shape[0], 1), number, device=x.device, dtype=torch.long)

    def _guidance(self, asked: Question) -> Tensor | None:
        if not self.config.guidance_embeds:
            return None
        usual = asked.x.new_full((asked.x.shape[0],), GUIDANCE)
        return asked.extra.get("guidance", usual)


def _spread(
    answers: Sequence[Tensor] | None, count: int, *, repeated: bool = False
) -> Sequence[Tensor]:
    """An answer for each of the model's blocks: one for several in a row, or over and over."""
    if not answers:
        return ()
    if repeated:
        return [answers[i % len(answers)] for i in range(count)]
    each = -(-count // len(answers))
    return [answers[i // each] for i in range(count)]
