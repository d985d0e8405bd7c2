"""IP-Adapters (Ye et al. 2023, arXiv:2308.06721): pictures that count like texts.

What a vision encoder saw becomes a few tokens; every layer of a UNet that looks at the text looks
at them as well, with keys and values of its own, and adds what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, scaled_dot_product_attention

from wirebrush_diffusion.control.controlnet import Control, ControlModel, Question, Window
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.lean import Remembered
from wirebrush_diffusion.model import DiffusionModel, Residuals

AGAINST = ("negative", "empty")
"""Sides that see the picture of what shall not be there, or nothing."""
PLACES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "linear": {},
        "weak input": {"down": 0.2},
        "weak middle": {"mid": 0.2},
        "weak output": {"up": 0.2},
        "strong middle": {"down": 0.2, "up": 0.2},
    }
)
"""What the strength is multiplied with on the way down, in the middle and on the way up."""


class Layer(nn.Module):
    """The keys and values that one layer of the UNet looks at."""

    def __init__(self, width: int, places: int) -> None:
        super().__init__()
        self.to_k_ip = nn.Linear(width, places, bias=False)
        self.to_v_ip = nn.Linear(width, places, bias=False)
        self.known = Remembered()

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """`[N,1,T,width]` -> keys and values `[N,T,places]`, made once for these very tokens."""
        return self.known.get(tokens, lambda t: (self.to_k_ip(t[:, 0]), self.to_v_ip(t[:, 0])))


class AdapterNetwork(nn.Module):
    """diffusers' image projection, and a `Layer` for each of the UNet's that look at the text."""

    def __init__(self, projection: nn.Module, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.projection = projection
        self.layers = nn.ModuleList(layers)


@dataclass(slots=True, eq=False)
class ImageAdapter(ControlModel):
    """`network` is an `AdapterNetwork`; `whole` if it reads the encoder's projected answer, else
    the states of all places in the last layer but one."""

    network: nn.Module
    whole: bool = True
    hosts: ClassVar[str] = "UNet2DConditionModel"

    def check(self, control: Control, host: DiffusionModel) -> None:
        if type(host.network).__name__ != self.hosts:
            raise DiffusionError(
                "The IP-Adapter is for Stable Diffusion 1, 2 or XL; the model that paints is not "
                "of that line.",
                "Choose a checkpoint of the IP-Adapter's family.",
            )
        found = [tuple(layer.to_k_ip.weight.shape) for layer in self._layers()]
        wanted = [tuple(layer.to_k.weight.shape) for _, layer in looking(host.network)]
        if found != wanted:
            raise DiffusionError(
                f"The IP-Adapter has {_sizes(found)}, the model {_sizes(wanted)}.",
                "Choose an IP-Adapter of the model's family.",
            )

    def tokens(self, seen: Tensor) -> Tensor:
        """What was seen in n pictures, `[n,P]` or `[n,T,D]` -> tokens `[1, n * T, width]`."""
        weight = next(self.network.projection.parameters())
        reads = self.network.projection
        try:
            with torch.inference_mode():
                made = reads(seen.to(weight.device, weight.dtype))
        except RuntimeError as error:
            raise DiffusionError(
                f"The IP-Adapter cannot read what this vision encoder says: states "
                f"{seen.shape[-1]} wide.",
                "IP-Adapters are made for one encoder: CLIP ViT-H, or for some of SDXL's ViT-bigG.",
            ) from error
        return made.flatten(0, 1).unsqueeze(0)

    def answer(
        self, control: Control, host: DiffusionModel, asked: Question, hint: Tensor
    ) -> Residuals:
        mask = None if control.mask is None else cut(control.mask, asked)
        kind = control.mode if control.mode in PLACES else "linear"
        return Residuals(alterations=[Look(self._layers(), hint, control.strength, kind, mask)])

    def _layers(self) -> list[Any]:
        return list(self.network.get_submodule("layers").children())


@dataclass(frozen=True, slots=True, eq=False)
class ImagePrompt(Control):
    """An IP-Adapter at work: `hint` is what was seen in the pictures that the result shall resemble
    (see `ImageAdapter.tokens`), `against` the same for the negative side.

    `mask` is 1 where they count; `mode` is one of `PLACES`.
    """

    against: Tensor | None = None
    _tokens: dict[bool, Tensor] = field(init=False, repr=False, default_factory=dict[bool, Tensor])

    def prepared(self, height: int, width: int, area: Window | None, side: str = "") -> Tensor:
        """The tokens for a side, `[1, 1, T, width]`; made once."""
        negative = side in AGAINST
        if negative not in self._tokens:
            seen = self.against if negative else self.hint
            seen = torch.zeros_like(self.hint) if seen is None else seen
            assert isinstance(self.model, ImageAdapter)
            self._tokens[negative] = self.model.tokens(seen)
        return self._tokens[negative].unsqueeze(1)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """An alteration of a UNet: its layers look at tokens as well. `tokens` `[N,1,T,width]`."""

    layers: Sequence[Any]
    tokens: Tensor
    strength: float
    kind: Literal["linear"] | str
    mask: Tensor | None

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        factors = PLACES[self.kind]
        changed: list[tuple[Any, Any]] = []
        try:
            for (name, layer), own in zip(looking(network), self.layers, strict=True):
                strength = self.strength * factors.get(name.split("_", 1)[0], 1.0)
                changed.append((layer, layer.processor))
                layer.processor = Looking(layer.processor, own, self.tokens, strength, self.mask)
            yield
        finally:
            for layer, processor in reversed(changed):
                layer.processor = processor


@dataclass(frozen=True, slots=True, eq=False)
class Looking:
    """A layer's way of computing, with what it finds in the tokens added."""

    processor: Callable[..., Tensor]
    own: Any
    tokens: Tensor
    strength: float
    mask: Tensor | None

    def __call__(self, layer: Any, hidden_states: Tensor, *given: Any, **named: Any) -> Tensor:
        """`hidden_states` `[N, places, D]` -> the same shape."""
        answer = self.processor(layer, hidden_states, *given, **named)
        query, key, value = (
            states.unflatten(-1, (layer.heads, -1)).transpose(1, 2)
            for states in (layer.to_q(hidden_states), *self.own(self.tokens))
        )
        found = scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        if self.mask is not None:
            found = found * _for_places(self.mask, found.shape[1]).to(found)
        # the text's share went through this layer already; it is linear, and its bias counts once
        added = nn.functional.linear(found, layer.to_out[0].weight)
        return answer.add(added, alpha=self.strength)


def looking(network: nn.Module) -> list[tuple[str, Any]]:
    """The layers of a UNet that look at the text, in the order in which adapters count them."""
    return [(name, layer) for name, layer in network.named_modules() if name.endswith(".attn2")]


def cut(mask: Tensor, asked: Question) -> Tensor:
    """A mask `[B or 1,H,W]` for the part of the picture that is asked for, `[B or 1,1,h,w]`."""
    planes = interpolate(mask.reshape(-1, 1, *mask.shape[-2:]).float(), asked.size, mode="bilinear")
    planes = planes if asked.area is None else planes[..., *asked.area.window]
    return planes.to(asked.x.device)


def _for_places(mask: Tensor, places: int) -> Tensor:
    """The mask for a level of the UNet, `[B or 1, places, 1]`."""
    height, width = mask.shape[-2:]
    step = round((height * width / places) ** 0.5)
    size = (-(-height // step), -(-width // step))
    return interpolate(mask, size, mode="bilinear").flatten(2).transpose(1, 2)[:, :places]


def _sizes(layers: Sequence[tuple[int, ...]]) -> str:
    widths = sorted({shape[-1] for shape in layers})
    return f"{len(layers)} layers for texts {' or '.join(map(str, widths))} wide"
