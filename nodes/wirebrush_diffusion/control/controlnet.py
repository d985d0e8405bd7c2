"""Controls: pictures that steer the composition, through a network beside the one that paints.

ControlNets (Zhang et al. 2023, arXiv:2302.05543) read the latent, the text and the picture at every
step. `ControlModel` is the one for UNets; the others in this folder subclass it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.model import DiffusionModel, Residuals
from wirebrush_diffusion.network import Loaded
from wirebrush_diffusion.pictures.resize import resize

AUTO = "auto"
FAMILIES: Mapping[str, str] = {
    "UNet2DConditionModel": "Stable Diffusion 1, 2 or XL",
    "SD3Transformer2DModel": "Stable Diffusion 3",
    "FluxTransformer2DModel": "FLUX.1",
}
"""How the families are called whose networks can be steered."""


class Window(Protocol):
    """A rectangle of latent positions."""

    @property
    def window(self) -> tuple[slice, slice]: ...


class Question(NamedTuple):
    """What a network is asked: `x` `[N,C,h,w]` as it sees it, times `[N]`, text, other inputs.

    `x` is the `area` of a latent of that `size` (rows, columns).
    """

    x: Tensor
    timestep: Tensor
    context: Tensor
    extra: Mapping[str, Tensor]
    area: Window | None = None
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """A ControlNet at work on one hint picture `[B,H,W,3]` 0..1.

    It acts from `start` to `end` (0..1) of the run, with `strength` on everything it adds. Several
    in one condition add up. `mode` says what kind the hint is, for networks that know several;
    `mask` `[B,H,W]` is 1 where an inpainting network shall paint; `encode` turns pictures into
    latents, for networks that read those. With `everywhere` it also steers conditions of other
    sides at the same place that have no controls of their own. `text` `[1,T,D]` is read instead of
    the condition's.
    """

    model: ControlModel
    hint: Tensor
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0
    mode: str = AUTO
    mask: Tensor | None = None
    encode: Callable[[Tensor], Tensor] | None = None
    everywhere: bool = False
    text: Tensor | None = None
    host: DiffusionModel | None = None
    first_sigma: float = field(default=inf)
    last_sigma: float = field(default=0.0)
    _read: dict[tuple[int, int], Tensor] = field(
        init=False, repr=False, default_factory=dict[tuple[int, int], Tensor]
    )
    _told: dict[int, Tensor] = field(init=False, repr=False, default_factory=dict[int, Tensor])

    def on(self, host: DiffusionModel) -> Control:
        """The same, for the model that paints: checked, with its times as noise levels."""
        self.model.check(self, host)
        return replace(
            self,
            host=host,
            first_sigma=host.schedule.at_percent(self.start),
            last_sigma=host.schedule.at_percent(self.end),
        )

    def active(self, sigma: float) -> bool:
        """Whether it acts at this noise level."""
        return self.strength != 0.0 and self.last_sigma <= sigma <= self.first_sigma

    def prepared(self, height: int, width: int, area: Window | None, side: str = "") -> Tensor:
        """What the network reads for a latent of that size, cut to the area; made once per size.

        `side` is that of the condition; hints are the same for all.
        """
        if (height, width) not in self._read:
            with torch.inference_mode():
                self._read[height, width] = self.model.read(self, self._host, height, width)
        hint = self._read[height, width]
        if area is None:
            return hint
        scale = hint.shape[-2] // height
        rows, columns = area.window
        return hint[
            ...,
            rows.start * scale : rows.stop * scale,
            columns.start * scale : columns.stop * scale,
        ]

    def residuals(self, asked: Question, hint: Tensor) -> Residuals:
        """What to add inside the network that paints; as many hints as latents."""
        return self.model.answer(self, self._host, self._worded(asked), hint)

    def _worded(self, asked: Question) -> Question:
        """The question with the control's own text, one tensor for the whole run."""
        if self.text is None:
            return asked
        rows = asked.x.shape[0]
        if rows not in self._told:
            self._told[rows] = self.text.to(asked.context).expand(rows, -1, -1)
        return asked._replace(context=self._told[rows])

    @property
    def _host(self) -> DiffusionModel:
        if self.host is None:
            raise DiffusionError("A control acts on a model; call `on(model)` first.")
        return self.host


@dataclass(slots=True, eq=False)
class ControlModel(Loaded):
    """`network` is diffusers' `ControlNetModel`; `downscale` pixels of the hint per position."""

    network: nn.Module
    downscale: int = 8
    hosts: ClassVar[str] = "UNet2DConditionModel"
    """diffusers' class of the networks that it steers."""

    def __post_init__(self) -> None:
        self.freeze()

    @property
    def modes(self) -> Mapping[str, int]:
        """The kinds of hints that it tells apart, and their numbers; empty if it knows one."""
        return {}

    @property
    def masked(self) -> bool:
        """Whether it also reads a mask, because it paints inside of one."""
        return False

    def check(self, control: Control, host: DiffusionModel) -> None:
        """Raise if the control cannot act on that model."""
        kind = type(host.network).__name__
        if kind != self.hosts:
            raise DiffusionError(
                f"The ControlNet is for {FAMILIES[self.hosts]}; the model that paints is "
                f"{FAMILIES.get(kind, 'of a family without ControlNets')}.",
                "Choose a ControlNet of the model's family.",
            )
        if control.mode != AUTO and control.mode not in self.modes:
            known = ", ".join([AUTO, *self.modes])
            raise DiffusionError(
                f"The ControlNet does not know hints of the type {control.mode!r}.",
                f"Choose one of {known}."
                if self.modes
                else "SetUnionControlNetType is for others.",
            )
        if self.masked != (control.mask is not None):
            raise DiffusionError(
                *(
                    ("The ControlNet paints inside a mask, and none is given.", INPAINT_HINT)
                    if self.masked
                    else ("The ControlNet reads no mask, and one is given.", PLAIN_HINT)
                )
            )
        self.check_texts(host)
        if control.text is not None and control.text.shape[-1] != host.context_width:
            raise DiffusionError(
                f"The ControlNet's own text is {control.text.shape[-1]} wide; the model that "
                f"paints reads {host.context_width}.",
                "Encode it with the CLIP of the same checkpoint.",
            )

    def check_texts(self, host: DiffusionModel) -> None:
        """Raise if the ControlNet reads other texts than the model, being of another family."""
        width, theirs = self.context_width, host.context_width
        if width is not None and theirs is not None and width != theirs:
            raise DiffusionError(
                f"The ControlNet reads texts {width} wide, the model {theirs}.",
                "Choose a ControlNet of the model's family.",
            )

    @property
    def context_width(self) -> int | None:
        """How wide the texts are that it reads."""
        width = self.config.cross_attention_dim
        return width if isinstance(width, int) else None

    def read(self, control: Control, host: DiffusionModel, height: int, width: int) -> Tensor:
        """The hint as the network reads it, `[B, channels, rows, columns]`, for a latent."""
        hint = pixels(control.hint, height * self.downscale, width * self.downscale)
        return hint.mean(dim=1, keepdim=True) if self.config.conditioning_channels == 1 else hint

    def answer(
        self, control: Control, host: DiffusionModel, asked: Question, hint: Tensor
    ) -> Residuals:
        """What it adds, with the control's strength."""
        down, middle = self.network(
            asked.x,
            asked.timestep,
            encoder_hidden_states=asked.context,
            controlnet_cond=hint,
            conditioning_scale=control.strength,
            added_cond_kwargs=dict(asked.extra) or None,
            return_dict=False,
        )
        return Residuals(down, middle)


INPAINT_HINT = "Use ControlNetInpaintingAliMamaApply, with a mask."
PLAIN_HINT = "Use Apply ControlNet (ControlNetApplyAdvanced)."


def pixels(picture: Tensor, height: int, width: int) -> Tensor:
    """A picture `[B,H,W,C]` as `[B,3,height,width]`, its middle in the new proportions."""
    return resize(picture[..., :3].movedim(-1, 1), width, height, "nearest-exact", crop="center")
