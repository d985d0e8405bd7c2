"""ControlNets (Zhang et al. 2023, arXiv:2302.05543): a picture that steers the composition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Protocol

from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.model import Residuals
from wirebrush_diffusion.network import Loaded
from wirebrush_diffusion.resize import resize
from wirebrush_diffusion.schedules import NoiseSchedule


class Window(Protocol):
    """A rectangle of latent positions."""

    @property
    def window(self) -> tuple[slice, slice]: ...


@dataclass(slots=True, eq=False)
class ControlModel(Loaded):
    """`network` is diffusers' `ControlNetModel`; `downscale` pixels of the hint per position."""

    network: nn.Module
    downscale: int = 8

    def __post_init__(self) -> None:
        self.freeze()


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """A ControlNet at work on one hint picture `[B,H,W,3]` 0..1.

    It acts from `start` to `end` (0..1) of the run, with `strength` on everything it adds. Several
    in one condition add up.
    """

    model: ControlModel
    hint: Tensor
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0
    first_sigma: float = field(default=inf)
    last_sigma: float = field(default=0.0)

    def on(self, schedule: NoiseSchedule) -> Control:
        """The same, with its times as noise levels of that schedule."""
        return replace(
            self,
            first_sigma=schedule.at_percent(self.start),
            last_sigma=schedule.at_percent(self.end),
        )

    def active(self, sigma: float) -> bool:
        """Whether it acts at this noise level."""
        return self.strength != 0.0 and self.last_sigma <= sigma <= self.first_sigma

    def prepared(self, height: int, width: int, area: Window | None) -> Tensor:
        """The hint for a latent of that size: `[B, channels, pixels, pixels]`, cut to the area."""
        scale = self.model.downscale
        hint = self.hint[..., :3].movedim(-1, 1)
        hint = resize(hint, width * scale, height * scale, "nearest-exact", crop="center")
        if self.model.config.conditioning_channels == 1:
            hint = hint.mean(dim=1, keepdim=True)
        if area is not None:
            rows, columns = area.window
            hint = hint[
                ...,
                rows.start * scale : rows.stop * scale,
                columns.start * scale : columns.stop * scale,
            ]
        return hint

    def residuals(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        hint: Tensor,
        extra: Mapping[str, Tensor],
    ) -> Residuals:
        """What to add inside the UNet: `x` `[N,C,h,w]` as the UNet sees it, and as many hints."""
        self._check(context)
        down, middle = self.model.network(
            x,
            timestep,
            encoder_hidden_states=context,
            controlnet_cond=hint,
            conditioning_scale=self.strength,
            added_cond_kwargs=dict(extra) if extra else None,
            return_dict=False,
        )
        return Residuals(down, middle)

    def _check(self, context: Tensor) -> None:
        """Raise if the ControlNet reads other texts than the model, being of another family."""
        width = self.model.config.cross_attention_dim
        if isinstance(width, int) and width != context.shape[-1]:
            raise DiffusionError(
                f"The ControlNet reads texts {width} wide, the model {context.shape[-1]}.",
                "Choose a ControlNet of the model's family.",
            )
