"""The loop of every training: losses, gradients, an optimiser, and states that survive a kill.

A state file holds the parameters, the optimiser's memory and the losses so far. What is drawn at
random follows from the step's number, so a training that was stopped, wherever it was, ends with
the same bits as one that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.training.files import write_tensors

SAVE_SECONDS, SAVE_SHARE = 2.0, 0.05
"""A state is written so often, but writing takes no more than this share of the time."""
OPTIMIZERS: Mapping[str, Callable[..., torch.optim.Optimizer]] = MappingProxyType(
    {
        "AdamW": torch.optim.AdamW,
        "Adam": torch.optim.Adam,
        "SGD": torch.optim.SGD,
        "RMSprop": torch.optim.RMSprop,
    }
)


DECAYS: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {
        "constant": lambda part: 1.0,
        "cosine": lambda part: (1.0 + math.cos(math.pi * part)) / 2,
        "linear": lambda part: 1.0 - part,
    }
)
"""What the learning rate is multiplied with after that part (0..1) of the training."""


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How the parameters move.

    A step adds up `grad_accumulation` losses. Gradients longer than `clip` are cut to it; 0 cuts
    none. The learning rate rises over the first `warmup` steps and then follows one of `DECAYS`,
    whose end is step `decay_steps`.
    """

    optimizer: str = "AdamW"
    learning_rate: float = 5e-4
    grad_accumulation: int = 1
    clip: float = 1.0
    decay: str = "constant"
    decay_steps: int = 0
    warmup: int = 0

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        length = max(self.decay_steps - self.warmup, 1)
        return self.learning_rate * DECAYS[self.decay](min((step - self.warmup) / length, 1.0))


OnTrained = Callable[[int, float], None]
"""Called after each step with its number, counted from 1, and its loss; may raise to stop."""


def unheard(step: int, loss: float) -> None:
    """Nobody listens."""


@dataclass(eq=False)
class Loop:
    """One training. `loss(number)` is the loss of batch `number`, counted from 0.

    `name` says which training it is: the states of another are refused.
    """

    parameters: Mapping[str, nn.Parameter]
    loss: Callable[[int], Tensor]
    settings: LoopSettings
    name: str = ""
    losses: list[float] = field(default_factory=list[float])
    """The loss of each step so far."""

    def __post_init__(self) -> None:
        if self.settings.optimizer not in OPTIMIZERS:
            raise DiffusionError(
                f"There is no optimiser {self.settings.optimizer!r}.",
                f"Known are {', '.join(OPTIMIZERS)}.",
            )
        if self.settings.decay not in DECAYS:
            raise DiffusionError(
                f"There is no course of the learning rate {self.settings.decay!r}.",
                f"Known are {', '.join(DECAYS)}.",
            )
        make = OPTIMIZERS[self.settings.optimizer]
        self._optimizer = make(list(self.parameters.values()), lr=self.settings.learning_rate)

    @property
    def step(self) -> int:
        """Steps that are done."""
        return len(self.losses)

    def run(self, steps: int, *, state: Path | None = None, on_step: OnTrained = unheard) -> None:
        """Train until `steps` are done, going on from the `state` file if there is one.

        The file is written now and then, at the end, and when something ends the run early.
        """
        if state is not None:
            self.resume(state, steps)
        with self._kept(state), torch.enable_grad():
            due = time.monotonic() + SAVE_SECONDS
            while self.step < steps:
                loss = self._train()
                self.losses.append(loss)
                if state is not None and time.monotonic() >= due:
                    due = self._save_and_say_when(state)
                on_step(self.step, loss)

    def save(self, path: Path) -> None:
        """Write the state: whole or not at all."""
        tensors: dict[str, Tensor] = {f"parameter.{n}": t for n, t in self.parameters.items()}
        names = list(self.parameters)
        for place, entries in self._optimizer.state_dict()["state"].items():
            for key, entry in entries.items():
                if isinstance(entry, Tensor):
                    tensors[f"optimizer.{names[place]}|{key}"] = entry
        tensors["losses"] = torch.tensor(self.losses, dtype=torch.float64)
        write_tensors(path, tensors, {"training": self.name, "step": str(self.step)})

    def _save_and_say_when(self, path: Path) -> float:
        """Write the state; returns when to do it again."""
        begun = time.monotonic()
        self.save(path)
        ended = time.monotonic()
        return ended + max(SAVE_SECONDS, (ended - begun) / SAVE_SHARE)

    def resume(self, path: Path, steps: int) -> None:
        """Go on from a state, unless it is damaged, of other parameters, or beyond `steps`.

        Raises if it is the state of another training.
        """
        if not path.exists():
            return
        try:
            file = WeightFile(path)
            tensors = {name: file.tensor(name) for name in file.names()}
            losses: list[float] = tensors["losses"].tolist()
        except (DiffusionError, KeyError):
            return
        if file.metadata.get("training") != self.name:
            raise DiffusionError(
                f"{path.name} is the state of another training.",
                "Give each training a file of its own, or delete this one.",
            )
        wanted = {f"parameter.{name}": tensor.shape for name, tensor in self.parameters.items()}
        there = {n: t.shape for n, t in tensors.items() if n.startswith("parameter.")}
        if wanted != there:
            return
        if len(losses) <= steps:
            self._restore(tensors)
            self.losses[:] = losses

    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        memory: dict[int, dict[str, Any]] = {}
        places = {name: place for place, name in enumerate(self.parameters)}
        for stored, tensor in tensors.items():
            kind, _, name = stored.partition(".")
            if kind == "parameter":
                self.parameters[name].data.copy_(tensor)
            elif kind == "optimizer":
                name, _, key = name.partition("|")
                memory.setdefault(places[name], {})[key] = tensor
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": memory, "param_groups": groups})

    def _train(self) -> float:
        """One step; its mean loss."""
        many = self.settings.grad_accumulation
        total = 0.0
        for part in range(many):
            loss = self.loss(self.step * many + part) / many
            loss.backward()
            total += loss.item()
        if total != total or total in (float("inf"), float("-inf")):
            raise DiffusionError(
                f"The training has come apart: the loss of step {self.step + 1} is {total}.",
                "Use a smaller learning rate, or fp32.",
            )
        if self.settings.clip:
            nn.utils.clip_grad_norm_(self.parameters.values(), self.settings.clip)
        for group in self._optimizer.param_groups:
            group["lr"] = self.settings.rate(self.step)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        return total

    @contextmanager
    def _kept(self, state: Path | None) -> Iterator[None]:
        """What was trained is written down however the block ends, but for a broken training."""
        try:
            yield
        except DiffusionError:
            raise
        except BaseException:
            if state is not None and self.step:
                with suppress(OSError):
                    self.save(state)
            raise
        if state is not None:
            self.save(state)
