"""Union ControlNets for SDXL: one network that knows several kinds of hints.

After ControlNet++ (github.com/xinsir6/ControlNetPlus), as diffusers' `ControlNetUnionModel` has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from wirebrush_diffusion.control.controlnet import AUTO, Control, ControlModel, Question
from wirebrush_diffusion.model import DiffusionModel, Residuals

MODES: tuple[str, ...] = (
    "openpose",
    "depth",
    "hed/pidi/scribble/ted",
    "canny/lineart/anime_lineart/mlsd",
    "normal",
    "segment",
    "tile",
    "repaint",
)
"""In the network's order; smaller ones do not know the last two."""


@dataclass(slots=True, eq=False)
class UnionControl(ControlModel):
    """`network` is diffusers' `ControlNetUnionModel`.

    Without a mode it is told nothing about the hint, which then counts as it looks.
    """

    hosts: ClassVar[str] = "UNet2DConditionModel"

    @property
    def modes(self) -> Mapping[str, int]:
        return {mode: i for i, mode in enumerate(MODES[: self.config.num_control_type])}

    def answer(
        self, control: Control, host: DiffusionModel, asked: Question, hint: Tensor
    ) -> Residuals:
        told = torch.zeros(
            (asked.x.shape[0], self.config.num_control_type),
            device=asked.x.device,
            dtype=asked.x.dtype,
        )
        chosen = [] if control.mode == AUTO else [self.modes[control.mode]]
        told[:, chosen] = 1.0
        with _seen(self.network, None if chosen else hint):
            down, middle = self.network(
                asked.x,
                asked.timestep,
                encoder_hidden_states=asked.context,
                controlnet_cond=[hint] * len(chosen),
                control_type=told,
                control_type_idx=chosen,
                conditioning_scale=[1.0] * len(chosen),
                added_cond_kwargs=dict(asked.extra) or None,
                return_dict=False,
            )
        strength = control.strength
        return Residuals([tensor * strength for tensor in down], middle * strength)


@contextmanager
def _seen(network: nn.Module, hint: Tensor | None) -> Iterator[None]:
    """Let the network see a hint without telling it the kind, which diffusers does not provide."""
    if hint is None:
        yield
        return
    seen = network.get_submodule("controlnet_cond_embedding")(hint)
    first = network.get_submodule("conv_in")
    handle = first.register_forward_hook(lambda layer, given, answer: answer + seen)
    try:
        yield
    finally:
        handle.remove()
