"""Muon for matrices and convolutions, AdamW for the rest, and a learning rate by the clock."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


def orthogonalised(matrix: Tensor, steps: int = 5) -> Tensor:
    """Return the nearest half-orthogonal matrix by a quintic Newton-Schulz iteration.

    Keller Jordan, "Muon: an optimizer for hidden layers in neural networks" (2024).
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).bfloat16()
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum whose step is made orthogonal; weights [out, ...] are seen as [out, rest]."""

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.95,
        decay: float = 0.0,
    ) -> None:
        super().__init__(list(parameters), {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Take one step."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                speed = state.setdefault("momentum", torch.zeros_like(weight))
                speed.lerp_(weight.grad, 1 - group["momentum"])
                ahead = weight.grad.lerp(speed, group["momentum"]).reshape(weight.shape[0], -1)
                turn = orthogonalised(ahead)
                size = max(1.0, ahead.shape[0] / ahead.shape[1]) ** 0.5
                weight.mul_(1 - group["lr"] * group["decay"])
                weight.add_(turn.reshape(weight.shape), alpha=-group["lr"] * size)


def build_optimizers(
    model: nn.Module, muon_lr: float, adam_lr: float, decay: float = 0.0
) -> list[torch.optim.Optimizer]:
    """Give inner matrices to Muon; norms, biases, embeddings and the outermost layers to AdamW."""
    inner, rest = [], []
    for name, weight in model.named_parameters():
        if not weight.requires_grad:
            continue
        outer = any(
            part in name
            for part in ("conv_in", "conv_out", "embedding", "quant_conv", "embed_positions")
        )
        (rest if weight.ndim < 2 or outer else inner).append(weight)
    adam = torch.optim.AdamW(rest, lr=adam_lr, betas=(0.9, 0.98), weight_decay=0.0)
    return [Muon(inner, lr=muon_lr, decay=decay), adam]


@dataclass
class Clock:
    """Progress of a training by wall-clock seconds, which survives a restart."""

    budget: float
    spent: float = 0.0
    last: float = 0.0

    def start(self) -> None:
        """Begin (or go on) counting."""
        self.last = time.monotonic()

    def tick(self) -> float:
        """Add the time since the last tick and return the progress, 0..1."""
        now = time.monotonic()
        self.spent, self.last = self.spent + min(now - self.last, 60.0), now
        return min(1.0, self.spent / self.budget)


def rate(progress: float, warm: float = 0.02, floor: float = 0.0, flat: float = 0.4) -> float:
    """Return the share of the learning rate: warm-up, a plain, then half a cosine to `floor`."""
    if progress < warm:
        return max(0.02, progress / warm)
    if progress < flat:
        return 1.0
    fall = (progress - flat) / (1 - flat)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * fall))


def set_rate(optimizers: Iterable[torch.optim.Optimizer], share: float) -> None:
    """Set every learning rate to `share` of its full value."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group.setdefault("full_lr", group["lr"]) * share
