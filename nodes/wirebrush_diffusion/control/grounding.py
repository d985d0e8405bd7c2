"""GLIGEN (Li et al. 2023, arXiv:2301.07093): texts that say what stands in which rectangle.

Layers of its own, between a UNet's attention to itself and to the text, look at the rectangles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from wirebrush_diffusion.control.controlnet import Control, ControlModel, Question, Window
from wirebrush_diffusion.control.image_prompt import AGAINST
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.names import unet_parameter
from wirebrush_diffusion.guidance.condition import Area
from wirebrush_diffusion.model import DiffusionModel, Residuals

MOST = 30  # rectangles, as in training


class GroundingNetwork(nn.Module):
    """diffusers' projection of boxes, and its layers by the original names of their blocks."""

    def __init__(self, projection: nn.Module, layers: Sequence[tuple[str, nn.Module]]) -> None:
        super().__init__()
        self.projection = projection
        self.blocks = [name for name, _ in layers]
        self.layers = nn.ModuleList([layer for _, layer in layers])


@dataclass(slots=True, eq=False)
class Grounding(ControlModel):
    """`network` is a `GroundingNetwork`."""

    network: nn.Module
    width: int = 768
    hosts: ClassVar[str] = "UNet2DConditionModel"

    def check(self, control: Control, host: DiffusionModel) -> None:
        if type(host.network).__name__ != self.hosts or host.context_width != self.width:
            raise DiffusionError(
                f"The GLIGEN model reads texts {self.width} wide, the model that paints "
                f"{host.context_width}.",
                "GLIGEN models are for Stable Diffusion 1.",
            )
        missing = [name for name in self.places(host) if not _has(host.network, name)]
        if missing:
            raise DiffusionError(
                f"The GLIGEN model has a layer for {missing[0]}, which the model that paints has "
                "not.",
                "GLIGEN models are for Stable Diffusion 1.",
            )
        if control.hint.shape[0] > MOST:
            raise DiffusionError(
                f"There are {control.hint.shape[0]} text boxes; GLIGEN knows {MOST} at most.",
                "Take some out.",
            )

    def places(self, host: DiffusionModel) -> list[str]:
        """The names of the UNet's blocks that have a layer here, in its order."""
        layers: int = host.config.layers_per_block
        blocks = cast(GroundingNetwork, self.network).blocks
        return [unet_parameter(f"{name}.x", layers).removesuffix(".x") for name in blocks]

    def answer(
        self, control: Control, host: DiffusionModel, asked: Question, hint: Tensor
    ) -> Residuals:
        layers = list(self.network.get_submodule("layers").children())
        placed = list(zip(self.places(host), layers, strict=True))
        return Residuals(alterations=[Grounded(placed, hint[:, 0])])


@dataclass(frozen=True, slots=True, eq=False)
class Boxes(Control):
    """GLIGEN at work: `hint` are pooled texts `[n, D]`, `boxes` where each is, in latent positions.

    The negative side sees no boxes.
    """

    boxes: tuple[Area, ...] = ()
    _made: dict[Any, Tensor] = field(init=False, repr=False, default_factory=dict[Any, Tensor])

    def prepared(self, height: int, width: int, area: Window | None, side: str = "") -> Tensor:
        """What the layers look at, `[1, 1, 30, D]`."""
        key = (height, width, None if area is None else str(area.window), side in AGAINST)
        if key not in self._made:
            shown = [] if side in AGAINST else list(zip(self.hint, self.boxes, strict=True))
            frame = _frame(height, width, area)
            with torch.inference_mode():
                self._made[key] = self._objects(shown, frame)
        return self._made[key]

    def _objects(self, shown: list[tuple[Tensor, Area]], frame: Area) -> Tensor:
        projection = self.model.network.get_submodule("projection")
        like = next(projection.parameters())
        boxes = torch.zeros(MOST, 4)
        texts, masks = torch.zeros(MOST, self.hint.shape[-1]), torch.zeros(MOST)
        for i, (text, box) in enumerate(shown):
            left, top = (box.left - frame.left) / frame.width, (box.top - frame.top) / frame.height
            right, bottom = left + box.width / frame.width, top + box.height / frame.height
            boxes[i] = torch.tensor([left, top, right, bottom]).clamp(0.0, 1.0)
            texts[i], masks[i] = text, 1.0
        given = (part.to(like)[None] for part in (boxes, masks, texts))
        return projection(*given)[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class Grounded:
    """An alteration of a UNet: its blocks have one layer more. `objects` `[N, 30, D]`."""

    layers: Sequence[tuple[str, Any]]
    objects: Tensor

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        blocks = [(network.get_submodule(name), layer) for name, layer in self.layers]

        def told(module: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
            others = named.get("cross_attention_kwargs") or {}
            more = {**others, "gligen": {"objects": self.objects}}
            return given, {**named, "cross_attention_kwargs": more}

        hook = network.register_forward_pre_hook(told, with_kwargs=True)
        for block, layer in blocks:
            block.fuser = layer
        network.position_net = _as_they_are  # pyright: ignore[reportArgumentType] (no module)
        try:
            yield
        finally:
            hook.remove()
            for block, _ in blocks:
                del block.fuser
            del network.position_net


def _as_they_are(objects: Tensor) -> Tensor:
    """In the place of the projection, which was asked before the run."""
    return objects


def _frame(height: int, width: int, area: Window | None) -> Area:
    if area is None:
        return Area(height, width)
    rows, columns = area.window
    return Area(rows.stop - rows.start, columns.stop - columns.start, rows.start, columns.start)


def _has(network: nn.Module, name: str) -> bool:
    return any(found == name for found, _ in network.named_modules())
