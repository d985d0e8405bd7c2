"""Trainable factors beside a network's layers. The layers' own weights are never written to.

Each layer's output gets what the factors add to it, by a hook that is taken off again: the network
is then bit for bit what it was. The factors are the kinds that `lora_kinds` reads, so that a file
of them gives the same network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.lean import forget_texts
from wirebrush_diffusion.patches.lora_kinds import Factors, Hadamard, Kronecker, LowRank, Rotation
from wirebrush_diffusion.patches.weights import Delta

Layer = nn.Linear | nn.Conv2d
Make = Callable[[torch.Size, int, torch.Generator], dict[str, Tensor]]
"""The first factors for a weight of that shape: together they change nothing."""
UNNAMED = ("time_embedding.", "add_embedding.")
"""What UNets make of time and size: LoRA files of other programs have no names for it."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A kind of factors: how it is read, and how it begins."""

    kind: type[Factors]
    make: Make


def trainable_layers(network: nn.Module) -> dict[str, Layer]:
    """Matrices and plain convolutions by name, but for those of `UNNAMED`."""
    return {
        name: layer
        for name, layer in network.named_modules()
        if _is_plain(layer) and not name.startswith(UNNAMED)
    }


def _is_plain(layer: nn.Module) -> TypeGuard[Layer]:
    if isinstance(layer, nn.Conv2d):
        return layer.groups == 1 and layer.padding_mode == "zeros"
    return isinstance(layer, nn.Linear)


@dataclass(frozen=True, slots=True, eq=False)
class Adapters:
    """Factors for the layers of one network, by layer name."""

    factors: Mapping[str, Factors]
    algorithm: str

    @classmethod
    def new(
        cls, network: nn.Module, algorithm: str, rank: int, alpha: float, seed: int
    ) -> Adapters:
        """Factors that change nothing yet. Layers too small for the rank get a smaller one."""
        chosen = algorithm_named(algorithm)
        generator = torch.Generator("cpu").manual_seed(seed % 2**63)
        device = next(network.parameters()).device
        factors: dict[str, Factors] = {}
        for name, layer in trainable_layers(network).items():
            parts = chosen.make(layer.weight.shape, rank, generator)
            if parts:
                scale = alpha / rank if chosen.kind is not Rotation else 1.0
                factors[name] = _trainable(chosen.kind, parts, scale, device)
        return cls(factors, algorithm)

    @classmethod
    def resumed(cls, network: nn.Module, algorithm: str, deltas: Mapping[str, Delta]) -> Adapters:
        """Factors to go on with, as `read_lora` gave them by weight name."""
        kind = algorithm_named(algorithm).kind
        layers = trainable_layers(network)
        device = next(network.parameters()).device
        factors: dict[str, Factors] = {}
        for name, delta in deltas.items():
            layer = name.removesuffix(".weight")
            if layer not in layers or type(delta) is not kind:
                found = type(delta).__name__
                raise DiffusionError(
                    f"The LoRA cannot be trained further as {algorithm}: {layer} is {found} there.",
                    "Choose the algorithm it was trained with, or begin a new one.",
                )
            assert isinstance(delta, Factors)
            factors[layer] = _trainable(kind, dict(delta.parts), delta.scale, device)
        if not factors:
            raise DiffusionError(
                "The LoRA has nothing for this model's network.",
                "Choose one that was made for the same family, or begin a new one.",
            )
        return cls(factors, algorithm)

    def parameters(self) -> dict[str, nn.Parameter]:
        """Everything that is trained, by name, float32."""
        return {
            f"{name}.{part}": tensor
            for name, factors in self.factors.items()
            for part, tensor in factors.parts.items()
            if isinstance(tensor, nn.Parameter)
        }

    @contextmanager
    def attached(self, network: nn.Module) -> Iterator[None]:
        """The network answers with the factors while the block runs."""
        layers = trainable_layers(network)
        with ExitStack() as stack:
            for name, factors in self.factors.items():
                hook = layers[name].register_forward_hook(_Added(factors))
                stack.callback(hook.remove)
            stack.callback(forget_texts, network)
            forget_texts(network)
            yield


def algorithm_named(name: str) -> Algorithm:
    """The algorithm of that name, or an error that lists them."""
    if name not in ALGORITHMS:
        raise DiffusionError(
            f"There is no training algorithm {name!r}.", f"Known are {', '.join(ALGORITHMS)}."
        )
    return ALGORITHMS[name]


class _Added:
    """A forward hook that adds what the factors make of a layer's input."""

    def __init__(self, factors: Factors) -> None:
        self._factors = factors

    def __call__(self, layer: Layer, given: tuple[Tensor, ...], output: Tensor) -> Tensor:
        x = given[0]
        return output + self._change(layer, x).to(output.dtype)

    def _change(self, layer: Layer, x: Tensor) -> Tensor:
        factors = self._factors
        if isinstance(factors, LowRank):  # two thin layers cost less than one thick one
            up, down = (factors.parts[name].to(x.dtype) for name in ("up", "down"))
            return _through(layer, up.flatten(1), down, x) * factors.scale
        return _applied(layer, factors.dense(layer.weight.float()).to(x.dtype), x)


def _through(layer: Layer, up: Tensor, down: Tensor, x: Tensor) -> Tensor:
    if isinstance(layer, nn.Conv2d):
        return conv2d(_applied(layer, down, x), up[:, :, None, None])
    return linear(linear(x, down.flatten(1)), up)


def _applied(layer: Layer, weight: Tensor, x: Tensor) -> Tensor:
    """What a layer with that weight and no bias makes of `x`."""
    if isinstance(layer, nn.Conv2d):
        padding = layer.padding
        return conv2d(x, weight, None, layer.stride, padding, layer.dilation)
    return linear(x, weight)


def _trainable(
    kind: type[Factors], parts: Mapping[str, Tensor], scale: float, device: torch.device
) -> Factors:
    found = {
        name: nn.Parameter(tensor.detach().to(device, torch.float32, copy=True))
        for name, tensor in parts.items()
    }
    return kind(found, scale)


def _sides(shape: torch.Size) -> tuple[int, int]:
    """A weight as a matrix: rows, and columns with the places of a convolution."""
    return shape[0], math.prod(shape[1:])


def _low_rank(shape: torch.Size, rank: int, generator: torch.Generator) -> dict[str, Tensor]:
    rows, columns = _sides(shape)
    down = _kaiming((rank, columns), generator).reshape(rank, *shape[1:])
    places = (1,) * (len(shape) - 2)
    return {"up": torch.zeros(rows, rank, *places), "down": down}


def _hadamard(shape: torch.Size, rank: int, generator: torch.Generator) -> dict[str, Tensor]:
    rows, columns = _sides(shape)
    return {
        "hada_w1_a": 0.1 * torch.randn(rows, rank, generator=generator),
        "hada_w1_b": torch.randn(rank, columns, generator=generator),
        "hada_w2_a": torch.zeros(rows, rank),
        "hada_w2_b": torch.randn(rank, columns, generator=generator),
    }


def _kronecker(shape: torch.Size, rank: int, generator: torch.Generator) -> dict[str, Tensor]:
    """A small matrix, and for each of its numbers a low-rank block (or a whole, if smaller)."""
    rows, columns = shape[0], shape[1]
    few_rows, few_columns = _factor(rows), _factor(columns)
    block = (rows // few_rows, columns // few_columns * math.prod(shape[2:]))
    first = _kaiming((few_rows, few_columns), generator)
    if rank * 2 >= max(block):
        return {"lokr_w1": first, "lokr_w2": torch.zeros(block)}
    return {
        "lokr_w1": first,
        "lokr_w2_a": torch.zeros(block[0], rank),
        "lokr_w2_b": _kaiming((rank, block[1]), generator),
    }


def _rotation(shape: torch.Size, rank: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Blocks of `rank` inputs or fewer are turned; where no block fits, nothing is."""
    _, columns = _sides(shape)
    side = max(size for size in range(1, min(rank, columns) + 1) if columns % size == 0)
    return {"oft_R": torch.zeros(columns // side, side * (side - 1) // 2)} if side > 1 else {}


def _factor(number: int) -> int:
    """The largest divisor that is no larger than the square root."""
    return max(size for size in range(1, math.isqrt(number) + 1) if number % size == 0)


def _kaiming(shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """As torch begins a linear layer."""
    bound = 1 / math.sqrt(shape[1])
    return (torch.rand(shape, generator=generator) * 2 - 1) * bound


ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(
    {
        "LoRA": Algorithm(LowRank, _low_rank),
        "LoHa": Algorithm(Hadamard, _hadamard),
        "LoKr": Algorithm(Kronecker, _kronecker),
        "OFT": Algorithm(Rotation, _rotation),
    }
)
