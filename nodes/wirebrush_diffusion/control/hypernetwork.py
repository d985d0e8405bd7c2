"""Hypernetworks (NovelAI 2022): small networks before a UNet's keys and values.

Each width of states has two: what attention looks at goes through one on its way to the keys and
through the other on its way to the values. `x + strength * network(x)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from wirebrush_diffusion.control.controlnet import Control, ControlModel, Question, Window
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.model import DiffusionModel, Residuals

SPAN = ("to_k", "to_v")
"""Which layers the two networks of a width stand before."""
ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = MappingProxyType(
    {
        "linear": nn.Identity,
        "relu": nn.ReLU,
        "leakyrelu": nn.LeakyReLU,
        "elu": nn.ELU,
        "swish": nn.Hardswish,  # so it was called
        "hardswish": nn.Hardswish,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
        "softsign": nn.Softsign,
        "mish": nn.Mish,
        "gelu": nn.GELU,
        "silu": nn.SiLU,
        "selu": nn.SELU,
        "celu": nn.CELU,
        "relu6": nn.ReLU6,
        "softplus": nn.Softplus,
        "hardtanh": nn.Hardtanh,
        "tanhshrink": nn.Tanhshrink,
        "logsigmoid": nn.LogSigmoid,
    }
)


class Hypernetwork(nn.Module):
    """For each width of states, a network for the keys and one for the values."""

    def __init__(self, pairs: Mapping[int, Sequence[nn.Module]]) -> None:
        super().__init__()
        self.widths = frozenset(pairs)
        self.pairs = nn.ModuleDict({str(w): nn.ModuleList(pair) for w, pair in pairs.items()})

    def pair(self, width: int) -> list[nn.Module]:
        """The networks for keys and for values."""
        return list(self.pairs.get_submodule(str(width)).children())


@dataclass(slots=True, eq=False)
class HypernetworkModel(ControlModel):
    """`network` is a `Hypernetwork`."""

    network: nn.Module
    hosts: ClassVar[str] = "UNet2DConditionModel"

    def check(self, control: Control, host: DiffusionModel) -> None:
        if type(host.network).__name__ != self.hosts:
            raise DiffusionError(
                "Hypernetworks are for Stable Diffusion 1 and 2; the model that paints is not of "
                "that line.",
                "Take the HypernetworkLoader out of this workflow.",
            )
        known = self._widths
        if not any(layer.in_features in known for layer, _ in readers(host.network)):
            raise DiffusionError(
                f"The hypernetwork is for states {_list(known)} wide; the model that paints has "
                "none.",
                "Choose a hypernetwork of the checkpoint's family.",
            )

    def answer(
        self, control: Control, host: DiffusionModel, asked: Question, hint: Tensor
    ) -> Residuals:
        return Residuals(alterations=[Transformed(self.network, control.strength)])

    @property
    def _widths(self) -> frozenset[int]:
        network: Any = self.network
        return network.widths


@dataclass(frozen=True, slots=True, eq=False)
class Unseen(Control):
    """A control that looks at no picture."""

    def prepared(self, height: int, width: int, area: Window | None, side: str = "") -> Tensor:
        """Nothing, one for each row."""
        return torch.zeros(1, 1, 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Transformed:
    """An alteration of a UNet: what its attention looks at goes through a hypernetwork."""

    hypernetwork: Any
    strength: float

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        handles: list[Any] = []
        try:
            for layer, place in readers(network):
                if layer.in_features in self.hypernetwork.widths:
                    before = self._before(self.hypernetwork.pair(layer.in_features)[place])
                    handles.append(layer.register_forward_pre_hook(before))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _before(self, own: nn.Module) -> Callable[[nn.Module, tuple[Tensor]], tuple[Tensor]]:
        def change(module: nn.Module, given: tuple[Tensor]) -> tuple[Tensor]:
            (states,) = given
            return (states.add(own(states), alpha=self.strength),)

        return change


def readers(network: nn.Module) -> Iterator[tuple[Any, int]]:
    """Every layer that makes keys (0) or values (1)."""
    for name, layer in network.named_modules():
        leaf = name.rpartition(".")[2]
        if leaf in SPAN and isinstance(layer, nn.Linear):
            yield layer, SPAN.index(leaf)


def _list(widths: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(widths)))
