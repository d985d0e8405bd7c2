"""A diffusion network with what must be known to sample from it."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import torch
from torch import Tensor, nn

from wirebrush_diffusion.alterations import Alteration, Together
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.latent.space import LatentFormat
from wirebrush_diffusion.network import Loaded
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.schedules import DiscreteSchedule, NoiseSchedule
from wirebrush_diffusion.patches.weights import PatchedWeights
from wirebrush_diffusion.step_cache import StepCache

CONCAT = "concat"
"""In `extra`: channels that stand beside the latent, `[N,c,h,w]`; cut to an area like it."""


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """What controls add inside a network, place by place; what is empty adds nothing.

    `down` goes to a UNet's skip connections, or to a transformer's blocks with two streams;
    `single` to its blocks with one; `middle` to a UNet's middle, `inside` to its levels on the way
    down. `alterations` are in force while a UNet answers.
    """

    down: Sequence[Tensor] = ()
    middle: Tensor | None = None
    single: Sequence[Tensor] = ()
    inside: Sequence[Tensor] = ()
    alterations: Sequence[Alteration] = ()

    def __add__(self, other: Residuals) -> Residuals:
        both = (self.middle, other.middle)
        middle = [tensor for tensor in both if tensor is not None]
        return Residuals(
            _added(self.down, other.down),
            sum(middle[1:], middle[0]) if middle else None,
            _added(self.single, other.single),
            _added(self.inside, other.inside),
            (*self.alterations, *other.alterations),
        )


def _added(mine: Sequence[Tensor], theirs: Sequence[Tensor]) -> Sequence[Tensor]:
    if not mine or not theirs:
        return mine or theirs
    return [one + other for one, other in zip(mine, theirs, strict=True)]


@dataclass(slots=True, eq=False)
class DiffusionModel(Loaded):
    """`network` is diffusers' `UNet2DConditionModel`; families with other networks subclass this.

    Weights are changed only through `patches`, which can take every change back exactly. Batches of
    more than `rows_at_once` go through the network in parts (0: as they are). With a `step_cache`
    some steps are not computed (*lossy*).
    """

    network: nn.Module
    prediction: Prediction = Prediction.EPS
    schedule: NoiseSchedule = field(default_factory=DiscreteSchedule.from_betas)
    latent: LatentFormat = field(default_factory=LatentFormat)
    patches: PatchedWeights = field(init=False)
    rows_at_once: int = field(init=False, default=0)
    step_cache: StepCache | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.freeze()
        beside = self.beside
        if beside < 0:
            raise DiffusionError(
                f"The network reads {self.config.in_channels} channels, its latents have "
                f"{self.latent.channels}.",
                "The configuration and the VAE do not belong together.",
            )
        self.patches = PatchedWeights(self.network)

    def in_parts(self, rows: int) -> Self:
        """The same model, for batches in parts of so many rows: they need less memory."""
        view = copy.copy(self)
        view.rows_at_once = rows
        return view

    def cached_by(self, cache: StepCache) -> Self:
        """The same model, with steps left out that the cache can stand for."""
        view = copy.copy(self)
        view.step_cache = cache
        return view

    @property
    def beside(self) -> int:
        """How many channels the network reads besides the latent: masks, pictures to edit."""
        return self.config.in_channels - self.latent.channels

    @property
    def context_width(self) -> int | None:
        """How wide a text encoding must be; None if any will do."""
        width = self.config.cross_attention_dim
        return width if isinstance(width, int) else None

    @property
    def attends_across(self) -> bool:
        """Whether the text is only looked at: then it may stand there twice, and nobody notices."""
        return True

    def inputs(
        self,
        pooled: Tensor | None,
        options: Mapping[str, Any],
        shape: Sequence[int],
        *,
        negative: bool = False,
    ) -> dict[str, Tensor]:
        """What the network wants besides the context: `extra` for `predict`, one row.

        `pooled` is the text's pooled state, `options` what nodes put into the condition (sizes,
        guidance, `concat_latent_image`...) and the run itself: the `latent_image` `[B,c,h,w]` that
        it begins with, unscaled, and its `denoise_mask` `[B or 1,1,h,w]`, if it has one. `shape` is
        the latent's, `negative` the side.
        """
        return {}

    def predict(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        extra: Mapping[str, Tensor] | None = None,
        residuals: Residuals | None = None,
    ) -> Tensor:
        """The raw prediction, float32.

        `x` `[N,C,h,w]` already scaled, `timestep` `[N]`, `context` `[N,T,D]`; `extra` as made by
        `inputs`, a row for each of the N.
        """
        if not extra and residuals is None:
            named = {"encoder_hidden_states": context, "return_dict": False}
            return self.network(x, timestep, **named)[0].float()
        added, residuals = dict(extra or {}), residuals or Residuals()
        beside, labels = added.pop(CONCAT, None), added.pop("class_labels", None)
        if labels is not None and labels.shape[-1] == 1:
            labels = labels[:, 0].long()
        with Together(residuals.alterations).on(self.network):
            output = self.network(
                x if beside is None else torch.cat([x, beside], dim=1),
                timestep,
                encoder_hidden_states=context,
                class_labels=labels,
                added_cond_kwargs=added or None,
                down_block_additional_residuals=tuple(residuals.down) if residuals.down else None,
                mid_block_additional_residual=residuals.middle,
                down_intrablock_additional_residuals=list(residuals.inside) or None,
                return_dict=False,
            )[0]
        return output.float()
